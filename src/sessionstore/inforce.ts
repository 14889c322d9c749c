import type { Node } from '../api/schema.ts'
import {
  DEFAULTS,
  ENGINES,
  IMAGE_REPOSITORIES,
  PERSISTENCE_MODES,
  TLS_MODES,
  VERSIONS,
} from '../api/v1alpha1/defaults.ts'
import { type EffectiveSpec, effectiveSpec, type Persistence } from '../api/v1alpha1/effective.ts'
import { type SessionStore, type SessionStoreSpec, sessionStoreSpec } from '../api/v1alpha1/sessionstore.ts'
import type { StatefulSet } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'

/**
 * What the objects of a store were last made from: an annotation of the StatefulSet, written in one request with the
 * template. The spec as its owner wrote it, so that it covers each field there will ever be.
 */
export type InForce = Readonly<{
  spec: SessionStoreSpec
  /** Hash of what this spec came to: of everything that only a restart can change. */
  rendered: string
  /** While another template is rolled out: the last one under which every pod served. */
  good?: Readonly<{ spec: SessionStoreSpec; image: string; rendered: string; hash: string }>
  /** A template under which a pod did not start; it is not tried again before the spec changes. */
  failed?: FailedRoll
  /** Version of the newest primary, where the spec does not tell. */
  minVersion?: string
}>

export type FailedRoll = Readonly<{
  rendered: string
  /** The fields that only a restart changes, as they were asked for. */
  asked: StaticPart
  pod: string
  kind: string
  detail: string
}>

type Field = keyof SessionStoreSpec
export type StaticPart = Partial<SessionStoreSpec>

/** What decides the image without being rolled itself. */
const ALSO_STATIC: readonly Field[] = ['upgradePolicy']
/** The fields of the spec whose change needs a restart, by the schema's own word. */
export const STATIC_FIELDS: readonly Field[] = [...ALSO_STATIC, ...fieldsThatRoll()]

function fieldsThatRoll(): readonly Field[] {
  const { node } = sessionStoreSpec
  const fields = node.kind === 'object' ? Object.entries(node.fields) : []
  return fields.filter(([, field]) => isRolled(field.node)).map(([name]) => name as Field)
}

/** A change of it, or of something in it, rolls. */
function isRolled(node: Node): boolean {
  if (node.change?.startsWith('roll')) return true
  return node.kind === 'object' && Object.values(node.fields).some((field) => isRolled(field.node))
}

/** To spread over `spec`: those fields as another spec has them, absent where that one lacks them. */
export function staticPart(
  spec: SessionStoreSpec,
  from: SessionStoreSpec,
  fields: readonly Field[] = STATIC_FIELDS,
): StaticPart {
  const named = fields.filter((field) => field in spec || field in from)
  return Object.fromEntries(named.map((field) => [field, from[field]]))
}

export function isSameStatic(a: StaticPart, b: StaticPart): boolean {
  return STATIC_FIELDS.every((field) => canonical(a[field]) === canonical(b[field]))
}

/** undefined: there is none yet, or one that nobody can read. */
export function readInForce(statefulSet: StatefulSet | undefined): InForce | undefined {
  const text = statefulSet?.metadata.annotations?.[ANNOTATIONS.inForce]
  if (!text) return undefined
  try {
    const inForce = JSON.parse(text) as InForce
    const { spec, rendered } = inForce
    return typeof spec === 'object' && spec !== null && typeof rendered === 'string' ? inForce : undefined
  } catch {
    return undefined
  }
}

/** Whether changes wait is no part of what was applied. */
export function toInForce({ suspend: _, ...spec }: SessionStoreSpec, rendered: string): InForce {
  return { spec, rendered }
}

/** The spec that a store runs now, unchanged while it is suspended; a roll that is refused or failed is not looked at. */
export function specInForce(store: SessionStore, statefulSet: StatefulSet | undefined): EffectiveSpec {
  return pinnedSpec(rawSpecInForce(store, statefulSet), statefulSet)
}

/** What a spec comes to on a running store: resolved, with what is pinned. */
export function pinnedSpec(raw: SessionStoreSpec, statefulSet: StatefulSet | undefined): EffectiveSpec {
  return pinPersistence(pinImage(pinServer(raw, statefulSet), statefulSet), statefulSet)
}

/** Neither can be changed: a newer operator's default must not do it. */
function pinServer(raw: SessionStoreSpec, statefulSet: StatefulSet | undefined): SessionStoreSpec {
  const { annotations = {} } = statefulSet?.metadata ?? {}
  const engine = raw.engine ?? ENGINES.find((each) => each === annotations[ANNOTATIONS.engine])
  const mode = raw.tls?.mode ?? TLS_MODES.find((each) => each === annotations[ANNOTATIONS.tlsMode])
  return { ...raw, ...(engine && { engine }), ...(mode && { tls: { ...raw.tls, mode } }) }
}

/** As its owner wrote it; while the store is suspended as it was before that. */
export function rawSpecInForce({ spec }: SessionStore, statefulSet: StatefulSet | undefined): SessionStoreSpec {
  const before = spec.suspend ? readInForce(statefulSet) : undefined
  return before ? { ...before.spec, suspend: true } : spec
}

/**
 * A newer operator's default must not roll a running store: the image in force is kept unless the spec names one, asks for
 * the newest, or has just stopped to name its own: that one is not tested, and nobody asks for it any more.
 */
function pinImage(raw: SessionStoreSpec, statefulSet: StatefulSet | undefined): EffectiveSpec {
  const spec = effectiveSpec(raw)
  const image = statefulSet?.metadata.annotations?.[ANNOTATIONS.image]
  const isFree = raw.image === undefined && raw.version === undefined
  const before = readInForce(statefulSet)
  // Back to what every pod served with, whatever has been tried since.
  const isBack = isFree && before?.good !== undefined && isSameStatic(raw, before.good.spec)
  const kept = isBack ? before.good?.image : image
  // Whoever takes an image out of the spec wants the tested one, above all when it cannot be pulled.
  const isTakenOut = !isBack && before?.spec.image !== undefined
  if (!isFree || !kept || isTakenOut || spec.upgradePolicy === 'Latest') return spec
  // The users are granted the commands of the version that runs.
  const version = VERSIONS[spec.engine].find((each) => kept === `${IMAGE_REPOSITORIES[spec.engine]}:${each}`)
  return { ...spec, image: kept, version: version ?? spec.version }
}

/** Mode and class are those that the store was created with, whatever the default has become since. */
function pinPersistence(spec: EffectiveSpec, statefulSet: StatefulSet | undefined): EffectiveSpec {
  if (!statefulSet) return spec
  const { annotations = {} } = statefulSet.metadata
  const mode = PERSISTENCE_MODES.find((each) => each === annotations[ANNOTATIONS.persistence]) ?? 'None'
  const storageClassName = annotations[ANNOTATIONS.storageClass]
  return { ...spec, persistence: keepOnVolumes(spec.persistence, mode, storageClassName) }
}

function keepOnVolumes(
  asked: Persistence,
  mode: Persistence['mode'],
  storageClassName: string | undefined,
): Persistence {
  if (mode === 'None') return { mode }
  const rest = asked.mode === 'None' ? { retain: DEFAULTS.retain, adoptVolumes: DEFAULTS.adoptVolumes } : asked
  return { ...rest, mode, ...(storageClassName !== undefined && { storageClassName }) }
}

/** What decides whether the pods have to be replaced. */
export type TemplateInputs = Readonly<{
  raw: SessionStoreSpec
  image: string
  /** Hash of everything that only a restart can change, as this operator makes it from the spec. */
  rendered: string
}>

/**
 * The hash that a pod must carry to be of the newest template. It changes only with the spec: what a newer operator
 * makes otherwise of the same spec is in the template for whatever pod is made next, and rolls nobody (F17).
 */
export function templateHash(statefulSet: StatefulSet | undefined, inputs: TemplateInputs): string {
  const { raw, image, rendered } = inputs
  const current = liveTemplateHash(statefulSet)
  if (!current) return rendered
  const isSameImage = statefulSet?.metadata.annotations?.[ANNOTATIONS.image] === image
  const before = readInForce(statefulSet)
  // Made by an operator that did not write down its spec yet.
  if (!before) return isSameImage ? current : rendered
  if (before.rendered === rendered) return current
  // Back to what every pod served with: those that still have it are not touched.
  if (before.good?.rendered === rendered) return before.good.hash
  return isSameImage && isSameSpec(before.spec, raw) ? current : rendered
}

/** The hash that the StatefulSet gives its pods now. */
export function liveTemplateHash(statefulSet: StatefulSet | undefined): string | undefined {
  return statefulSet?.spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash]
}

/** Whether the store ever had a primary. */
export function hasMark(statefulSet: StatefulSet | undefined): boolean {
  return statefulSet?.metadata.annotations?.[ANNOTATIONS.mark] !== undefined
}

function isSameSpec(before: SessionStoreSpec, { suspend: _, ...raw }: SessionStoreSpec): boolean {
  return canonical(before) === canonical(raw)
}

/** The same text for the same data in whatever order. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, each]) => each !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`)
    .join(',')}}`
}

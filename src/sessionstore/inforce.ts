import { DEFAULTS, IMAGE_REPOSITORIES, PERSISTENCE_MODES, VERSIONS } from '../api/v1alpha1/defaults.ts'
import { type EffectiveSpec, effectiveSpec, type Persistence } from '../api/v1alpha1/effective.ts'
import type { SessionStore, SessionStoreSpec } from '../api/v1alpha1/sessionstore.ts'
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
}>

/** undefined: there is none yet, or one that nobody can read. */
export function readInForce(statefulSet: StatefulSet | undefined): InForce | undefined {
  const text = statefulSet?.metadata.annotations?.[ANNOTATIONS.inForce]
  if (!text) return undefined
  try {
    const { spec, rendered } = JSON.parse(text) as InForce
    return typeof spec === 'object' && spec !== null && typeof rendered === 'string' ? { spec, rendered } : undefined
  } catch {
    return undefined
  }
}

/** Whether changes wait is no part of what was applied. */
export function toInForce({ suspend: _, ...spec }: SessionStoreSpec, rendered: string): InForce {
  return { spec, rendered }
}

/** The spec that a store runs now: resolved, with what is pinned, and unchanged while it is suspended. */
export function specInForce(store: SessionStore, statefulSet: StatefulSet | undefined): EffectiveSpec {
  return pinPersistence(pinImage(rawSpecInForce(store, statefulSet), statefulSet), statefulSet)
}

/** As its owner wrote it; while the store is suspended as it was before that. */
export function rawSpecInForce({ spec }: SessionStore, statefulSet: StatefulSet | undefined): SessionStoreSpec {
  const before = spec.suspend ? readInForce(statefulSet) : undefined
  return before ? { ...before.spec, suspend: true } : spec
}

/** A newer operator's default must not roll a running store: the image in force is kept unless the spec names one. */
function pinImage(raw: SessionStoreSpec, statefulSet: StatefulSet | undefined): EffectiveSpec {
  const spec = effectiveSpec(raw)
  const image = statefulSet?.metadata.annotations?.[ANNOTATIONS.image]
  const isFree = raw.image === undefined && raw.version === undefined
  // Whoever takes an image out of the spec wants the tested one, above all when it cannot be pulled.
  const isTakenOut = readInForce(statefulSet)?.spec.image !== undefined
  if (!isFree || !image || isTakenOut) return spec
  // The users are granted the commands of the version that runs.
  const version = VERSIONS[spec.engine].find((each) => image === `${IMAGE_REPOSITORIES[spec.engine]}:${each}`)
  return { ...spec, image, version: version ?? spec.version }
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
  const current = statefulSet?.spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash]
  if (!current) return rendered
  const isSameImage = statefulSet?.metadata.annotations?.[ANNOTATIONS.image] === image
  const before = readInForce(statefulSet)
  // Made by an operator that did not write down its spec yet.
  if (!before) return isSameImage ? current : rendered
  if (before.rendered === rendered) return current
  return isSameImage && isSameSpec(before.spec, raw) ? current : rendered
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

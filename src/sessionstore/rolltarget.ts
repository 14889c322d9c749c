import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { SessionStoreSpec } from '../api/v1alpha1/sessionstore.ts'
import { isOlderVersion } from '../api/v1alpha1/versions.ts'
import type { Pod, StatefulSet } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import {
  canonical,
  type FailedRoll,
  hasMark,
  type InForce,
  isSameStatic,
  liveTemplateHash,
  readInForce,
  staticPart,
  templateHash,
  toInForce,
} from './inforce.ts'
import type { Obstacle } from './plan/obstacles.ts'

/** What a spec comes to. */
export type Rendered = Readonly<{
  raw: SessionStoreSpec
  spec: EffectiveSpec
  /** Hash of everything that only a restart can change. */
  rendered: string
}>

/** Why a pod of the newest template does not serve. */
export type RollTrouble = Readonly<{ pod: string; kind: string; detail: string }>

export type RollInputs<R extends Rendered> = Readonly<{
  /** The spec that is asked for. */
  raw: SessionStoreSpec
  statefulSet: StatefulSet | undefined
  pods: readonly Pod[]
  /** What keeps pods from serving; only what has lasted. */
  troubles: readonly RollTrouble[]
  /** `major.minor` of the primary that answers. */
  primaryVersion?: string
  resolve: (raw: SessionStoreSpec) => EffectiveSpec
  render: (raw: SessionStoreSpec) => R
}>

/** The template that pods should have, and what is in the way of the one that is asked for. */
export type RollTarget<R extends Rendered> = R &
  Readonly<{
    hash: string
    inForce: InForce
    obstacle?: Obstacle
    /** No primary was ever newer than this; older servers cannot read what it wrote. */
    minVersion?: string
  }>

/**
 * What is rolled out: the spec that is asked for, but never a version that cannot read the data, and never again a
 * template under which the first pod did not start (dataplane 7). What only a restart changes then stays at the last good
 * one, as a pod that is lost comes back from the template; all else of the spec is applied.
 */
export function decideRoll<R extends Rendered>(inputs: RollInputs<R>): RollTarget<R> {
  const { raw, statefulSet, render } = inputs
  const before = readInForce(statefulSet)
  const asked = render(raw)
  if (!before) return finish(inputs, { result: asked, before })
  const minVersion = minVersionOf(inputs, before)
  const isTooOld = minVersion !== undefined && isOlderVersion(asked.spec.engine, asked.spec.version, minVersion)
  if (isTooOld) {
    const result = render({ ...raw, ...staticPart(raw, before.spec, ['version', 'image', 'upgradePolicy']) })
    return finish(inputs, { result, before, minVersion, obstacle: refuseVersion(asked.spec.version) })
  }
  const failed = findFailure(inputs, { asked, before, minVersion })
  if (!failed) return finish(inputs, { result: asked, before, minVersion })
  const good = before.good?.spec ?? before.spec
  const partly = render({ ...raw, ...staticPart(raw, good) })
  const result = partly.rendered === failed.rendered ? render(good) : partly
  return finish(inputs, { result, before, minVersion, failed, obstacle: describeFailure(failed, raw, good) })
}

type Known<R> = Readonly<{
  result: R
  before: InForce | undefined
  minVersion?: string | undefined
  failed?: FailedRoll
  obstacle?: Obstacle
}>

function finish<R extends Rendered>(
  { statefulSet, pods, primaryVersion }: RollInputs<R>,
  { result, before, minVersion, failed, obstacle }: Known<R>,
): RollTarget<R> {
  const { raw, spec, rendered } = result
  const hash = templateHash(statefulSet, { raw, image: spec.image, rendered })
  const good = isRolledOut(pods, statefulSet, hash) ? undefined : goodBefore(statefulSet, before, hash)
  // What the spec says is written down already, unless the server is newer than that or its image is the owner's.
  const isSaid = !spec.hasOwnImage && minVersion === spec.version && !good
  const lowest = minVersion ?? (before && hasMark(statefulSet) ? primaryVersion : undefined)
  return {
    ...result,
    hash,
    inForce: {
      ...toInForce(raw, rendered),
      ...(good && { good }),
      ...(failed && { failed }),
      ...(lowest !== undefined && (before?.minVersion !== undefined || !isSaid) && { minVersion: lowest }),
    },
    ...(obstacle && { obstacle }),
    ...(lowest !== undefined && { minVersion: lowest }),
  }
}

/** The template to go back to while another is rolled out; one that no store ever ran with is none. */
function goodBefore(
  statefulSet: StatefulSet | undefined,
  before: InForce | undefined,
  hash: string,
): InForce['good'] | undefined {
  const current = liveTemplateHash(statefulSet)
  if (!before || !current || !hasMark(statefulSet)) return undefined
  if (hash === before.good?.hash) return undefined
  if (hash === current) return before.good
  const image = statefulSet?.metadata.annotations?.[ANNOTATIONS.image] ?? ''
  return before.good ?? { spec: before.spec, image, rendered: before.rendered, hash: current }
}

function isRolledOut(pods: readonly Pod[], statefulSet: StatefulSet | undefined, hash: string): boolean {
  const isEach = pods.every(
    ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined &&
      metadata.annotations?.[ANNOTATIONS.configHash] === hash &&
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  )
  return isEach && pods.length > 0 && pods.length >= (statefulSet?.spec?.replicas ?? 0)
}

/** The newest version that a primary of the store ran, as far as is known. */
function minVersionOf<R extends Rendered>(inputs: RollInputs<R>, before: InForce): string | undefined {
  const { statefulSet, resolve, primaryVersion } = inputs
  if (!hasMark(statefulSet)) return undefined
  const spec = resolve(before.spec)
  const settled = before.good || spec.hasOwnImage ? undefined : spec.version
  const known = [before.minVersion, settled, primaryVersion].filter((version) => version !== undefined)
  return known.reduce<string | undefined>(
    (newest, version) => (newest !== undefined && !isOlderVersion(spec.engine, newest, version) ? newest : version),
    undefined,
  )
}

type Asked<R> = Readonly<{ asked: R; before: InForce; minVersion: string | undefined }>

function findFailure<R extends Rendered>(inputs: RollInputs<R>, known: Asked<R>): FailedRoll | undefined {
  const { raw, statefulSet, pods, troubles } = inputs
  const { asked, before, minVersion } = known
  const { failed, good } = before
  const base = good?.spec ?? before.spec
  const isSame =
    failed !== undefined &&
    (asked.rendered === failed.rendered || (isSameStatic(failed.asked, raw) && !isSameStatic(base, raw)))
  if (isSame) return failed
  // Going back to a version that cannot read the newer primary's data would be worse than to wait.
  const { spec } = asked
  const isSafe =
    minVersion === undefined || !good || !isOlderVersion(spec.engine, inputs.resolve(good.spec).version, minVersion)
  const current = liveTemplateHash(statefulSet)
  const isUnderWay = current === templateHash(statefulSet, { raw, image: spec.image, rendered: asked.rendered })
  if (!good || !isUnderWay || !isSafe) return undefined
  const isNew = (name: string): boolean =>
    pods.some(({ metadata }) => metadata.name === name && metadata.annotations?.[ANNOTATIONS.configHash] === current)
  const trouble = troubles.find(({ pod }) => isNew(pod))
  if (!trouble) return undefined
  const { pod, kind, detail } = trouble
  return { rendered: asked.rendered, asked: staticPart(raw, raw), pod, kind, detail }
}

function refuseVersion(version: string): Obstacle {
  return {
    reason: 'VersionRefused',
    message: `spec.version ${version} is older than what a primary of this store has run, so it could not read its data: nothing is rolled; set spec.version back, or create another SessionStore`,
  }
}

function describeFailure(failed: FailedRoll, raw: SessionStoreSpec, good: SessionStoreSpec): Obstacle {
  const changed = Object.keys({ ...staticPart(raw, raw), ...staticPart(raw, good) })
    .filter((field) => canonical(read(raw, field)) !== canonical(read(good, field)))
    .map((field) => `spec.${field}`)
  const what = changed.join(', ') || 'the spec'
  const detail = failed.detail === '' ? '' : ` (${failed.detail})`
  return {
    reason: 'RollFailed',
    message: `pod ${failed.pod} did not start with the new template: ${failed.kind}${detail}; the last good template is back and no other pod was touched; correct ${what}`,
  }
}

function read(spec: SessionStoreSpec, field: string): unknown {
  return (spec as Readonly<Record<string, unknown>>)[field]
}

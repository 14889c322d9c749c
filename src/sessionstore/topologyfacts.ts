import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import { OperatorError } from '../kube/errors.ts'
import type { StatefulSet } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { PORT } from '../resources/names.ts'
import type { ObserveInputs } from './observe.ts'
import type { Intent, Mark, MemberFacts, Run, TopologyFacts } from './plan/facts.ts'

/** Marks did not say it while there was but one. */
const MAX_LAG_OF_OLD_MARKS_MS = 2000

/** What the passes before this one came to. */
export type TopologyBase = Readonly<{
  /** UID in the records of the data. */
  dataUid: string
  store: SessionStore
  statefulSet: StatefulSet | undefined
  spec: EffectiveSpec
  members: readonly MemberFacts[]
  preparedHash: string
  runs: readonly Run[]
  /** Members that a pod without an object is. */
  ghosts: readonly MemberFacts[]
  hasStaleRuns: boolean
}>

/** What the topology plan looks at. */
export function readTopologyFacts(inputs: ObserveInputs, base: TopologyBase): TopologyFacts {
  const { probes, memory, nowMs: wallMs, steadyMs: nowMs } = inputs
  const { store, dataUid, statefulSet, spec, preparedHash, runs, hasStaleRuns } = base
  const members = [...base.members, ...base.ghosts]
  const { durability } = spec
  const mark = readMark(statefulSet)
  const intent = readIntent(store, (operation) => memory.intentSinceMs(operation, nowMs))
  const replicas = statefulSet?.spec?.replicas
  const acceptedLossEpoch = readAcceptedLoss(store)
  const { degradedSinceMs } = probes
  return {
    storeUID: dataUid,
    nowMs,
    wallMs,
    port: PORT,
    goal: {
      n: spec.replicas,
      w: durability.minReplicasToWrite,
      maxLagMs: durability.maxLagMs,
      downAfterMs: spec.downAfterMs,
      failoverMode: spec.failoverMode,
      whenDegraded: durability.whenDegraded,
      preparedHash,
    },
    ...(mark && { mark }),
    statusEpoch: store.status?.epoch ?? 0,
    ...(intent && { intent }),
    ...(replicas !== undefined && { statefulSetReplicas: replicas }),
    members,
    runs,
    hasStaleRuns,
    // A pod without an object was heard under the name that another may have now.
    lastHeardMs: Object.fromEntries(members.map(({ name }) => [name, probes.lastHeardMs(name.split(' ')[0] ?? name)])),
    unseenMs: memory.unseenMs,
    ...(degradedSinceMs !== undefined && { degradedSinceMs }),
    observingSinceMs: memory.observingSinceMs,
    hasVolumes: spec.persistence.mode !== 'None',
    ...(acceptedLossEpoch !== undefined && { acceptedLossEpoch }),
    isSuspended: spec.suspend,
  }
}

function readAcceptedLoss({ metadata }: SessionStore): number | undefined {
  const text = metadata.annotations?.[ANNOTATIONS.acceptDataLoss] ?? ''
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined
}

export function readMark(statefulSet: StatefulSet | undefined): Mark | undefined {
  const text = statefulSet?.metadata.annotations?.[ANNOTATIONS.mark]
  if (!text) return undefined
  const mark = parseMark(text)
  if (mark) return mark
  const { name } = statefulSet.metadata
  // Never taken for none: a store without a mark is virgin.
  throw new OperatorError(
    'InvalidConfig',
    `Cannot read StatefulSet "${name}": annotation ${ANNOTATIONS.mark} is ${text}, must be a mark that the operator wrote`,
  )
}

function parseMark(text: string): Mark | undefined {
  try {
    const { bootstrapped, epoch, n, w, maxLagMs = MAX_LAG_OF_OLD_MARKS_MS } = JSON.parse(text) as Mark
    const isWhole = typeof bootstrapped === 'string' && [epoch, n, w, maxLagMs].every(Number.isInteger)
    return isWhole ? { bootstrapped, epoch, n, w, maxLagMs } : undefined
  } catch {
    return undefined
  }
}

/** `sinceMs`: by our own clock; the time of day of another leader's machine is not ours. */
function readIntent({ status }: SessionStore, sinceMs: (operation: string) => number): Intent | undefined {
  const operation = status?.operation
  if (!operation || operation.kind === 'ScaleIn') return undefined
  const { kind, epoch, candidate, candidateRunID, from, startedAt, reason = '' } = operation
  return {
    kind,
    epoch,
    candidate,
    ...(candidateRunID !== undefined && { candidateRunId: candidateRunID }),
    ...(from !== undefined && { from }),
    reason,
    startedAtMs: sinceMs(`${kind} ${epoch} ${candidate} ${startedAt}`),
  }
}

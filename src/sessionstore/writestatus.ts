import { formatDuration } from '../api/v1alpha1/duration.ts'
import { SESSION_STORES, type SessionStore } from '../api/v1alpha1/sessionstore.ts'
import type { LastFailover, StoreOperation } from '../api/v1alpha1/sessionstorestatus.ts'
import type { Caches } from '../caches.ts'
import { type ApplyClient, applyStatus } from '../kube/apply.ts'
import type { KubeMetrics } from '../kube/metrics.ts'
import { keyOf } from '../kube/types.ts'
import { capacityTarget } from './capacity.ts'
import { inForce } from './config.ts'
import type { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import type { FullSyncLoop, TlsFacts, WriteProbe } from './plan/conditions/inputs.ts'
import { type Intent, isReached, type Outcome } from './plan/facts.ts'
import { findObstacle, type Obstacle } from './plan/obstacles.ts'
import { planStatus, toOperation } from './plan/status.ts'
import type { TopologyPlan } from './plan/topology.ts'

const STATUS_MANAGER = 'sessionstore-operator-status'

export type StatusContext = Readonly<{
  client: ApplyClient
  caches: Caches
  metrics: KubeMetrics
  memory: StoreMemory
  nowMs: () => number
  signal: AbortSignal
}>

/** What a status says beside the snapshot and the plan. */
export type StatusExtras = Readonly<{
  write: WriteProbe
  tls: TlsFacts
  refused?: Obstacle
  refusedPods?: Obstacle
  refusedResize?: Obstacle
}>

type Written = Readonly<{
  snapshot: Snapshot
  plan: TopologyPlan
  extras: StatusExtras
  /** The intent as it should stand now: `keep` is what is recorded. */
  intent: 'keep' | 'none' | Intent
  lastFailover?: LastFailover
}>

/**
 * Writes the status when it differs, over the version it was decided on or not at all: a leader of the past would
 * otherwise wipe or revive an intent.
 */
export async function writeStatus(context: StatusContext, written: Written): Promise<SessionStore> {
  const { client, caches, metrics, memory, nowMs, signal } = context
  const { snapshot, plan, extras, intent } = written
  const { store } = snapshot
  const operation = operationOf(store, intent, nowMs())
  const reported = written.lastFailover ?? store.status?.lastFailover
  // While another change of the primary is on its way a loss is that one's.
  const lastFailover = operation ? reported : withLoss(reported, memory)
  const capacity = reportCapacity(context, written)
  const obstacle = findObstacle({ ...snapshot, ...extras })
  const status = planStatus({
    ...snapshot,
    ...extras,
    config: inForce(snapshot.config.state),
    ...(obstacle && { obstacle }),
    fullSyncLoops: loopsOf(context, written),
    ...(capacity && { capacity: capacity.facts, capacityStatus: capacity.status }),
    plan,
    generation: store.metadata.generation ?? 0,
    nowIso: isoTime(nowMs()),
    previous: store.status,
    ...(operation && { intent: operation }),
    ...(lastFailover && { lastFailover }),
  })
  const { resourceVersion } = store.metadata
  const result = await applyStatus(client, SESSION_STORES, {
    object: store,
    status,
    fieldManager: STATUS_MANAGER,
    ...(resourceVersion !== undefined && { resourceVersion }),
    metrics,
    signal,
  })
  caches.stores.upsert(result.object)
  memory.capacity.noteTold(status, nowMs())
  return caches.stores.get(keyOf(store)) ?? result.object
}

function loopsOf({ memory }: StatusContext, { snapshot, plan }: Written): readonly FullSyncLoop[] {
  const { members } = snapshot.facts
  const primary = members.find(({ name }) => name === plan.primary)
  return memory.fullSyncs.note(primary, members, snapshot.nowMs)
}

function reportCapacity({ memory, nowMs }: StatusContext, { snapshot, plan, extras }: Written) {
  const primary = snapshot.facts.members.filter(isReached).find(({ name }) => name === plan.primary)
  const target = capacityTarget(snapshot, primary?.name)
  if (!primary || !target) return undefined
  const { probe } = primary
  return memory.capacity.report({ target, probe, write: extras.write, previous: snapshot.store.status, nowMs: nowMs() })
}

function operationOf(store: SessionStore, intent: Written['intent'], nowMs: number): StoreOperation | undefined {
  if (intent === 'none') return undefined
  return intent === 'keep' ? store.status?.operation : toOperation(intent, isoTime(nowMs))
}

/** What a finished failover cost, for the status. */
export function describeFailover(
  intent: Intent,
  outcome: Outcome,
  times: Readonly<{ nowMs: number; outageMs?: number }>,
): LastFailover | undefined {
  if (outcome !== 'FailedOver' && outcome !== 'DataLost') return undefined
  const { nowMs, outageMs } = times
  const downtime = outageMs === undefined ? undefined : formatDuration(Math.max(0, Math.round(outageMs)))
  return {
    time: isoTime(nowMs),
    reason: intent.reason,
    ...(intent.from !== undefined && { from: intent.from }),
    to: intent.candidate,
    ...(downtime !== undefined && { downtime }),
  }
}

/** Losses are known only when the old primary comes back, which is after its failover was reported. */
function withLoss(failover: LastFailover | undefined, memory: StoreMemory): LastFailover | undefined {
  if (!failover || memory.lostBytes === undefined) return failover
  return { ...failover, lostBytes: memory.lostBytes }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** The snapshot as the status is to show it once an act was decided. */
export function withIntent(snapshot: Snapshot, intent: Intent): Snapshot {
  return { ...snapshot, facts: { ...snapshot.facts, intent } }
}

/** And once it is finished. */
export function withoutIntent(snapshot: Snapshot): Snapshot {
  const { intent: _, ...facts } = snapshot.facts
  return { ...snapshot, facts }
}

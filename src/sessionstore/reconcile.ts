import type { Caches } from '../caches.ts'
import { renewalTimeMs } from '../certificates/read.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Result } from '../kube/controller.ts'
import { hasCode, OperatorError } from '../kube/errors.ts'
import type { EventSink } from '../kube/events.ts'
import type { Log } from '../kube/log.ts'
import type { KubeMetrics } from '../kube/metrics.ts'
import { renderAclFile } from '../redis/acl.ts'
import { act } from './act.ts'
import { actResize, podsToResize } from './actpods.ts'
import { type ApplyContext, applyIssued, applyWaves, ensureDefaultBinding, removeBudget } from './applyobjects.ts'
import type { ActResult } from './dataplane.ts'
import { issueMissing } from './issue.ts'
import { noteOfOutcome, noteOfStep } from './notes.ts'
import { observe, type Snapshot } from './observe.ts'
import type { Obstacle, TlsFacts } from './plan/conditions.ts'
import { type Intent, isReached, type Outcome } from './plan/facts.ts'
import { planObjects } from './plan/objects.ts'
import { planTopology, type TopologyPlan } from './plan/topology.ts'
import type { StoreRuntime } from './runtime.ts'
import { describeFailover, writeStatus } from './writestatus.ts'

export type ReconcileDeps = Readonly<{
  client: KubeClient
  caches: Caches
  events: EventSink
  log: Log
  metrics: KubeMetrics
  clusterDomain: string
  nowMs: () => number
}>

type Pass = ReconcileDeps & Readonly<{ key: string; runtime: StoreRuntime; signal: AbortSignal }>

/** A change of the primary takes about ten steps; a loop that needs more has found something new to do each time. */
const MAX_STEPS = 40
const LOOK_AGAIN_MS = 1000
const RETRY_MS = 500
const LONGEST_REST_MS = 6 * 3600 * 1000

/** Brings one store as far as it can get now: objects, then one topology step after another, each decided anew. */
export async function reconcileStore(pass: Pass): Promise<Result> {
  let failure: unknown
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const snapshot = await look(pass)
    if (!snapshot) return { kind: 'done' }
    const plan = planTopology(snapshot.facts)
    noteOutage(pass, snapshot, plan)
    let progress: Progress
    try {
      progress = await advance(pass, snapshot, plan)
    } catch (error) {
      failure = error
      progress = { kind: 'settled' }
    }
    if (progress.kind === 'again') {
      if (progress.isServerChanged) await pass.runtime.dataPlane.refresh(pass.signal)
      pass.signal.throwIfAborted()
      continue
    }
    return finish(pass, { snapshot, plan, failure, progress })
  }
  pass.log.warn({ store: pass.key, steps: MAX_STEPS }, 'Reconcile goes on later: many steps in a row')
  return { kind: 'after', delayMs: RETRY_MS }
}

type Progress = Readonly<{ kind: 'again'; isServerChanged: boolean }> | Readonly<{ kind: 'settled'; message?: string }>

async function look({ caches, key, runtime, clusterDomain, nowMs, signal }: Pass): Promise<Snapshot | undefined> {
  const store = caches.stores.get(key)
  if (!store) return undefined
  const { memory, dataPlane: probes } = runtime
  const seen = (): Snapshot => observe({ store, caches, probes, memory, clusterDomain, nowMs: nowMs() })
  const snapshot = seen()
  runtime.watch({ ...snapshot, clusterDomain })
  // Nothing is decided, and no status is written, from a member that was not looked at once.
  const isUnseen = snapshot.facts.members.some(({ pod, probe }) => pod?.ip !== undefined && probe.kind === 'unknown')
  if (!isUnseen || !snapshot.credentials.logins.operator) return snapshot
  await probes.refresh(signal)
  return seen()
}

/** One round: Secrets, objects, memory, then the topology's next step. */
async function advance(pass: Pass, snapshot: Snapshot, plan: TopologyPlan): Promise<Progress> {
  const { runtime, client, caches, signal, metrics } = pass
  const context = { client, caches, signal, metrics, identity: snapshot.identity }
  const issued = await issueMissing({ ...snapshot, ...pass, nowMs: snapshot.nowMs })
  if (issued.length > 0) {
    await applyIssued(context, issued)
    return { kind: 'again', isServerChanged: false }
  }
  runtime.follow(snapshot, plan)
  const hasCreated = await applyObjects(pass, context, { snapshot, plan })
  if (hasCreated) return { kind: 'again', isServerChanged: false }
  const { step } = plan
  const note = noteOfStep(step)
  if (note && !isKnown(snapshot, step)) pass.events.record({ regarding: snapshot.store, ...note })
  if (step.kind === 'none' || step.kind === 'wait' || step.kind === 'blocked') return { kind: 'settled' }
  pass.log.info({ store: pass.key, ...step }, 'Topology step')
  const result: ActResult = await act(actContext(pass, snapshot, plan), step)
  if (result.isDone) return { kind: 'again', isServerChanged: true }
  pass.log.warn({ store: pass.key, step: step.kind, reason: result.message }, 'Topology step did not succeed')
  return { kind: 'settled', message: result.message }
}

/** A state that lasts is told once, when it begins. */
function isKnown({ store }: Snapshot, step: TopologyPlan['step']): boolean {
  if (step.kind !== 'blocked') return false
  return store.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === step.reason) ?? false
}

type Round = Readonly<{ snapshot: Snapshot; plan: TopologyPlan }>

async function applyObjects(pass: Pass, context: ApplyContext, { snapshot, plan }: Round): Promise<boolean> {
  const { spec, credentials, statefulSet } = snapshot
  // Suspended: what is there stays as it is. A store that never was is not begun either.
  if (spec.suspend) return false
  const aclFile = renderAclFile(credentials.users)
  const inputs = { ...snapshot, aclFile, replicas: plan.replicas, clusterDomain: pass.clusterDomain }
  await Promise.all([applyWaves(context, planObjects(inputs)), ensureDefaultBinding(context)])
  if (spec.replicas === 1) await removeBudget(context)
  const api = { ...pass, snapshot }
  await Promise.all(podsToResize(snapshot).map((pod) => actResize(api, pod)))
  return statefulSet === undefined
}

function actContext(pass: Pass, snapshot: Snapshot, plan: TopologyPlan) {
  const { runtime, client, caches, signal, nowMs, metrics, events } = pass
  const { dataPlane, memory, write } = runtime
  const status = { client, caches, metrics, memory, nowMs, signal }
  const extras = { write, tls: tlsFacts(snapshot) }
  return {
    client,
    caches,
    snapshot,
    signal,
    nowMs,
    dataPlane,
    memory,
    async writeIntent(intent: Intent): Promise<void> {
      await writeStatus(status, { snapshot: withIntent(snapshot, intent), plan, extras, intent })
    },
    async clearIntent(intent: Intent, outcome: Outcome): Promise<void> {
      const times = { nowMs: nowMs(), outageSinceMs: memory.outageSinceMs }
      const lastFailover = describeFailover(intent, outcome, times)
      if (lastFailover) memory.lostBytes = undefined
      await writeStatus(status, {
        snapshot: withoutIntent(snapshot),
        plan,
        extras,
        intent: 'none',
        ...(lastFailover && { lastFailover }),
      })
      memory.outageSinceMs = undefined
      events.record({ regarding: snapshot.store, ...noteOfOutcome(intent, outcome, lastFailover?.downtime) })
    },
  }
}

function withIntent(snapshot: Snapshot, intent: Intent): Snapshot {
  return { ...snapshot, facts: { ...snapshot.facts, intent } }
}

function withoutIntent(snapshot: Snapshot): Snapshot {
  const { intent: _, ...facts } = snapshot.facts
  return { ...snapshot, facts }
}

/** The clock of an outage starts with the first failed look at the primary, not with the decision. */
function noteOutage({ runtime }: Pass, { facts }: Snapshot, plan: TopologyPlan): void {
  const { memory } = runtime
  if (plan.primary !== undefined && !facts.intent) memory.outageSinceMs = undefined
  if (plan.primary !== undefined || memory.outageSinceMs !== undefined || !facts.mark) return
  const labelled = facts.members.find((member) => member.pod?.role === 'primary')
  const isSilent = labelled?.probe.kind === 'unreachable'
  memory.outageSinceMs = isSilent && labelled.probe.kind === 'unreachable' ? labelled.probe.sinceMs : facts.nowMs
}

type Finish = Round & Readonly<{ failure: unknown; progress: Progress }>

/** The status is written last, also after an error; then the error decides about the retry. */
async function finish(pass: Pass, { snapshot, plan, failure, progress }: Finish): Promise<Result> {
  const { runtime, client, caches, metrics, nowMs, signal } = pass
  const { memory, write } = runtime
  const obstacle = obstacleOf(failure)
  const extras = { write, tls: tlsFacts(snapshot), ...(obstacle && { obstacle }) }
  noteUsers(memory, snapshot)
  const store = caches.stores.get(pass.key) ?? snapshot.store
  const context = { client, caches, metrics, memory, nowMs, signal }
  // A store deleted meanwhile has no status any more.
  await writeStatus(context, { snapshot: { ...snapshot, store }, plan, extras, intent: 'keep' }).catch((error) => {
    if (!hasCode(error, 'NotFound')) throw error
  })
  if (failure !== undefined) throw failure
  if (progress.kind === 'settled' && progress.message !== undefined) return { kind: 'after', delayMs: RETRY_MS }
  return restUntil(snapshot, plan)
}

function noteUsers(memory: StoreRuntime['memory'], { facts, credentials }: Snapshot): void {
  const reached = facts.members.filter(isReached)
  const isTold = reached.every((member) => member.probe.preparedHash === facts.goal.preparedHash)
  if (reached.length > 0 && isTold) memory.noteApplied(credentials.boundNames)
}

function obstacleOf(failure: unknown): Obstacle | undefined {
  if (!(failure instanceof OperatorError)) return undefined
  if (failure.code === 'NameConflict') return { reason: 'NameConflict', message: failure.message }
  if (failure.code === 'Invalid' || failure.code === 'InvalidConfig')
    return { reason: 'InvalidConfig', message: failure.message }
  return undefined
}

function tlsFacts({ spec, facts, credentials }: Snapshot): TlsFacts {
  if (spec.tlsMode === 'Disabled') return { kind: 'Disabled' }
  // Each of our connections has verified chain and name, so a member that is reached serves a good certificate.
  return credentials.served && facts.members.some(isReached) ? { kind: 'Served' } : { kind: 'Pending' }
}

/** Nothing is polled at rest; while something is missing time itself can make the next step due. */
function restUntil({ facts, credentials, nowMs, pending }: Snapshot, plan: TopologyPlan): Result {
  const { step } = plan
  if (step.kind === 'wait') return { kind: 'after', delayMs: step.requeueAfterMs }
  const isWhole =
    plan.primary !== undefined &&
    facts.degradedSinceMs === undefined &&
    facts.members.every((member) => isReached(member) && member.linkDownSinceMs === undefined)
  if (!isWhole || pending !== undefined || step.kind === 'blocked') return { kind: 'after', delayMs: LOOK_AGAIN_MS }
  if (!credentials.served) return { kind: 'done' }
  const leftMs = renewalTimeMs(credentials.served.facts) - nowMs
  return { kind: 'after', delayMs: Math.min(Math.max(LOOK_AGAIN_MS, leftMs), LONGEST_REST_MS) }
}

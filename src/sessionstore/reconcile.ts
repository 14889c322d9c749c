import type { Caches } from '../caches.ts'
import type { KubeClient } from '../kube/client.ts'
import type { Result } from '../kube/controller.ts'
import { hasCode, type OperatorError, toOperatorError } from '../kube/errors.ts'
import type { EventSink } from '../kube/events.ts'
import type { Log } from '../kube/log.ts'
import type { KubeMetrics } from '../kube/metrics.ts'
import type { NamedWatches } from '../kube/namedwatches.ts'
import { renderAclFile } from '../redis/acl.ts'
import { act } from './act.ts'
import { applyDefaultBinding, applyIssued, removeBudget, removeNetworkPolicy } from './applyobjects.ts'
import { applyDeclared, growVolumes } from './applyvolumes.ts'
import { changeRunningPods } from './changepods.ts'
import { configOnStatefulSet } from './config.ts'
import type { ActResult } from './dataplane.ts'
import { issueMissing } from './issue.ts'
import { type Looking, look } from './look.ts'
import { noteOfOutcome, noteOfStep } from './notes.ts'
import type { Snapshot } from './observe.ts'
import { ensureMaterial } from './order.ts'
import { noteOutage } from './outage.ts'
import type { Intent, Outcome } from './plan/facts.ts'
import { planTopology, type TopologyPlan } from './plan/topology.ts'
import { readRefusedCpu } from './podcpu.ts'
import { lookUpRefusedPods } from './refusedpods.ts'
import { reloadCertificates } from './reload.ts'
import { noteUsers } from './remember.ts'
import { readRefusedResize } from './resize.ts'
import { isAtRest, refusalOf, restUntil, staleServers, tlsFacts } from './rest.ts'
import { tryConfig } from './tryconfig.ts'
import { describeFailover, withIntent, withoutIntent, writeStatus } from './writestatus.ts'

export type ReconcileDeps = Readonly<{
  client: KubeClient
  caches: Caches
  events: EventSink
  log: Log
  metrics: KubeMetrics
  /** The objects of others that stores refer to. */
  named: NamedWatches
  clusterDomain: string
  /** Namespace of the operator's own pods; absent: it does not run in one. */
  operatorNamespace?: string
  /** The time of day. */
  nowMs: () => number
  /** A clock that nobody sets: who may write is never decided by one that can jump. */
  steadyMs: () => number
}>

type Pass = Looking

/** A change of the primary takes about ten steps; a loop that needs more has found something new to do each time. */
const MAX_STEPS = 40
const RETRY_MS = 500
const REFUSED_AGAIN_MS = 30_000
/** Members that answer do so in milliseconds; a hung one must not hold up each step of the failover that replaces it. */
const REFRESH_LIMIT_MS = 500
/** Steps that change objects only: the servers are as they were seen. */
const API_STEPS: ReadonlySet<TopologyPlan['step']['kind']> = new Set([
  'recordIntent',
  'clearIntent',
  'mark',
  'noteRuns',
  'label',
  'describePods',
])

/** Brings one store as far as it can get now: objects, then one topology step after another, each decided anew. */
export async function reconcileStore(pass: Pass): Promise<Result> {
  const { runtime, signal } = pass
  let objectsFailure: unknown
  for (let step = 0; step < MAX_STEPS; step += 1) {
    signal.throwIfAborted()
    const snapshot = await look(pass)
    if (!snapshot) return { kind: 'done' }
    const plan = planTopology(snapshot.facts)
    noteOutage(runtime.memory, snapshot.facts, plan)
    runtime.follow(snapshot, plan)
    objectsFailure ??= runtime.memory.objectsFailure(attemptOf(snapshot))
    try {
      if (objectsFailure === undefined && (await applyObjects(pass, snapshot, plan))) continue
    } catch (error) {
      // An object that is refused (a quota, a webhook, a taken name) must not keep a store from its failover.
      objectsFailure = error
    }
    const taken = await takeStep(pass, snapshot, plan).catch(
      (failure: unknown) => ({ kind: 'failed', failure }) as const,
    )
    if (taken.kind !== 'again')
      return finish(pass, { snapshot, plan, taken, ...(objectsFailure !== undefined && { objectsFailure }) })
    if (taken.isServerChanged)
      await runtime.dataPlane.refresh(AbortSignal.any([signal, AbortSignal.timeout(REFRESH_LIMIT_MS)]))
  }
  pass.log.warn({ store: pass.key, steps: MAX_STEPS }, 'Reconcile goes on later: many steps in a row')
  return { kind: 'after', delayMs: RETRY_MS }
}

type Taken =
  | Readonly<{ kind: 'again'; isServerChanged: boolean }>
  | Readonly<{ kind: 'settled' | 'notDone' }>
  | Readonly<{ kind: 'failed'; failure: unknown }>

/** The topology's next step. */
async function takeStep(pass: Pass, snapshot: Snapshot, plan: TopologyPlan): Promise<Taken> {
  const { step } = plan
  const { served } = snapshot.credentials
  const isIdle = step.kind === 'none' || step.kind === 'wait'
  if (isIdle && served) await reloadCertificates({ ...pass, served }, staleServers(snapshot))
  const tried = isIdle ? await tryConfig({ ...pass.runtime, log: pass.log }, snapshot) : 'nothing'
  if (tried !== 'nothing') return { kind: 'again', isServerChanged: tried === 'tried' }
  const isAct = !isIdle && step.kind !== 'blocked'
  if (isAct) {
    pass.log.info({ store: pass.key, ...step }, 'Topology step')
    const result: ActResult = await act(actContext(pass, snapshot, plan), step)
    if (!result.isDone) {
      pass.log.warn({ store: pass.key, step: step.kind, reason: result.message }, 'Topology step did not succeed')
      return { kind: 'notDone' }
    }
  }
  if (step.kind === 'wait' || step.kind === 'blocked') {
    // Once for each reason: what a store waits for must be told, and it is looked at every second.
    if (pass.runtime.memory.noteWait(step.message)) pass.log.info({ store: pass.key, ...step }, 'Topology waits')
  } else pass.runtime.memory.noteWait(undefined)
  const note = noteOfStep(step)
  if (note && !isKnown(snapshot, step)) pass.events.record({ regarding: snapshot.store, ...note })
  // The cache shows a deletion only when the watch brings it, which is the next reason to look.
  if (!isAct || step.kind === 'restart') return { kind: 'settled' }
  return { kind: 'again', isServerChanged: !API_STEPS.has(step.kind) }
}

/** A state that lasts is told once, when it begins. */
function isKnown({ store }: Snapshot, step: TopologyPlan['step']): boolean {
  if (step.kind !== 'blocked') return false
  return store.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === step.reason) ?? false
}

/** Secrets, objects, memory. True: the world is another one now, look again. */
async function applyObjects(pass: Pass, snapshot: Snapshot, plan: TopologyPlan): Promise<boolean> {
  const { client, caches, signal, metrics, clusterDomain } = pass
  const { spec, credentials, statefulSet } = snapshot
  const { memory } = pass.runtime
  const context = { client, caches, signal, metrics, memory, identity: snapshot.identity }
  // A store that never was is not begun while it is suspended.
  if (spec.suspend && !statefulSet) return false
  const issued = await issueMissing(snapshot)
  if (issued.length > 0) {
    await applyIssued(context, issued)
    return true
  }
  // Suspended: what is there stays as it is.
  if (spec.suspend) return false
  if (!(await ensureMaterial(context, { ...snapshot, named: pass.named }))) return false
  const aclFile = renderAclFile(credentials.users)
  const config = configOnStatefulSet(snapshot.config)
  const inputs = { ...snapshot, aclFile, config, replicas: plan.replicas, clusterDomain }
  const [settled] = await Promise.all([
    applyDeclared(context, snapshot, inputs),
    applyDefaultBinding(context, spec.bindings),
  ])
  if (settled.kind === 'changed') return true
  // Until the others have left they are still to be evicted one at a time.
  if (spec.replicas === 1 && snapshot.pods.length < 2) await removeBudget(context)
  if (spec.networkPolicy.mode === 'None') await removeNetworkPolicy(context)
  await changeRunningPods({ ...pass, memory }, snapshot)
  return (await growVolumes(context, snapshot, { plan, settled })) || statefulSet === undefined
}

function attemptOf({ store, nowMs }: Snapshot): Readonly<{ generation: number; nowMs: number }> {
  return { generation: store.metadata.generation ?? 0, nowMs }
}

function actContext(pass: Pass, snapshot: Snapshot, plan: TopologyPlan) {
  const { runtime, client, caches, signal, nowMs, steadyMs, metrics, events } = pass
  const { dataPlane, memory, write } = runtime
  const status = { client, caches, metrics, memory, nowMs, signal }
  const extras = { write, tls: tlsFacts(snapshot) }
  return {
    client,
    caches,
    snapshot,
    signal,
    nowMs,
    steadyMs,
    dataPlane,
    memory,
    async writeIntent(intent: Intent): Promise<void> {
      // A loss found from here on belongs to this change of the primary.
      if (intent.kind !== 'Move') memory.lostBytes = undefined
      await writeStatus(status, { snapshot: withIntent(snapshot, intent), plan, extras, intent })
    },
    async clearIntent(intent: Intent, outcome: Outcome): Promise<void> {
      const { outageSinceMs } = memory
      const times = { nowMs: nowMs(), ...(outageSinceMs !== undefined && { outageMs: steadyMs() - outageSinceMs }) }
      const lastFailover = describeFailover(intent, outcome, times)
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

type Finish = Readonly<{
  snapshot: Snapshot
  plan: TopologyPlan
  taken: Exclude<Taken, { kind: 'again' }>
  objectsFailure?: unknown
}>

/** The status is written last, also after an error; then the error decides about the retry. */
async function finish(pass: Pass, { snapshot, plan, taken, objectsFailure }: Finish): Promise<Result> {
  const { runtime, client, caches, metrics, nowMs, signal } = pass
  signal.throwIfAborted()
  const { memory, write } = runtime
  const failure = taken.kind === 'failed' ? taken.failure : objectsFailure
  const { refusedPods } = memory
  const resize = readRefusedResize(memory, snapshot) ?? readRefusedCpu(memory, snapshot)
  await lookUpRefusedPods({ ...pass, refusedPods }, snapshot)
  const refused = refusalOf(objectsFailure)
  const extras = {
    write,
    tls: tlsFacts(snapshot),
    ...(refused && { refused }),
    ...(refusedPods.obstacle && { refusedPods: refusedPods.obstacle }),
    ...(resize && { refusedResize: resize.obstacle }),
  }
  noteUsers(memory, snapshot)
  const store = caches.stores.get(pass.key) ?? snapshot.store
  const context = { client, caches, metrics, memory, nowMs, signal }
  try {
    await writeStatus(context, { snapshot: { ...snapshot, store }, plan, extras, intent: 'keep' })
  } catch (error) {
    // A store deleted meanwhile has no status any more.
    if (!hasCode(error, 'NotFound')) return retry(pass, snapshot, { plan, error: failure ?? error, objectsFailure })
  }
  // Nothing is tried while the store is suspended.
  const resizeDueMs = snapshot.spec.suspend ? undefined : resize?.dueMs
  if (failure !== undefined) return retry(pass, snapshot, { plan, error: failure, objectsFailure })
  return taken.kind === 'notDone'
    ? { kind: 'after', delayMs: RETRY_MS }
    : restUntil(snapshot, plan, memory.fullSyncs.dueMs ?? resizeDueMs)
}

type Failed = Readonly<{ plan: TopologyPlan; error: unknown; objectsFailure: unknown }>

/** A store at rest can wait for the backoff; one without a primary would be down for as long. */
function retry(pass: Pass, snapshot: Snapshot, { plan, error, objectsFailure }: Failed): Result {
  const err: OperatorError = toOperatorError(error)
  const hasServers = snapshot.statefulSet !== undefined
  const isRefusal = err.retry === 'Terminal' && err.status !== undefined
  if (isRefusal && (!hasServers || isAtRest(snapshot, plan))) {
    // What the API server refuses by a rule of the cluster, a webhook's or a policy's, changes without a new generation.
    pass.log.warn({ store: pass.key, err }, 'Objects are refused and are tried again')
    return { kind: 'after', delayMs: REFUSED_AGAIN_MS }
  }
  if (err.retry === 'Bug' || !hasServers || isAtRest(snapshot, plan)) throw error
  if (err.retry !== 'Conflict') {
    pass.log.warn({ store: pass.key, err }, 'Reconcile failed and goes on, as the store is not whole')
    if (objectsFailure !== undefined) pass.runtime.memory.noteObjectsFailure(objectsFailure, attemptOf(snapshot))
  }
  return restUntil(snapshot, plan)
}

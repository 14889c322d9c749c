import { clip } from '../clip.ts'
import type { Pod } from '../kube/types.ts'
import type { NodeFacts } from './nodes.ts'
import type { PodTrouble, TroubleKind } from './plan/podobstacles.ts'
import { isNodeReady } from './podfacts.ts'

const SERVER_CONTAINER = 'server'
const PULL_FAILURES: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])
const START_FAILURES: ReadonlySet<string> = new Set(['CreateContainerConfigError', 'CreateContainerError'])
/** The kubelet starts a container that ended for the first time at once; from here on it waits. */
const LOOP_RESTARTS = 3
/** A run that lasts so long has left its loop. */
const LASTING_RUN_MS = 60_000
const MAX_DETAIL_LENGTH = 300

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]
type Found = Readonly<{ kind: TroubleKind; detail: string; sinceMs?: number | undefined }>

/**
 * What keeps a pod from serving. One that is being deleted has no trouble of its own, but one with its Node: nobody but the
 * kubelet can end it, and after five minutes of silence (a default of clusters) its pods are marked for deletion.
 */
export function readTroubles(pod: Pod, node: NodeFacts, nowMs: number): readonly PodTrouble[] {
  const isLeaving = pod.metadata.deletionTimestamp !== undefined
  const bornMs = timeMs(pod.metadata.creationTimestamp) ?? nowMs
  const ofNode = readNode(pod, node)
  const ofPod = isLeaving ? [] : [readPhase(pod), readScheduling(pod), readServer(pod, nowMs), readResize(pod)]
  const found = [ofNode, ...ofPod]
  return found
    .filter((each) => each !== undefined)
    .map(({ kind, detail, sinceMs = bornMs }) => ({ pod: pod.metadata.name, kind, detail, sinceMs }))
}

/**
 * An evicted pod is removed by its controller, which makes another. A server that exits with 0 when it is evicted leaves
 * a pod that "succeeded" and gives no reason (kubelet 1.36); nothing else ends a pod whose containers always restart so.
 */
export function isEvicted({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || (status?.phase === 'Failed' && status.reason === 'Evicted')
}

/** Why it was evicted, as the kubelet says. */
export function evictionOf({ status }: Pod): string {
  // The rest of the message is what each container used at that moment.
  const [reason = ''] = (status?.message ?? 'the events of the pod say why').split(
    /\. Threshold quantity|\. Container /,
  )
  return clip(reason.trim().replace(/\.$/, ''), MAX_DETAIL_LENGTH)
}

function readPhase(pod: Pod): Found | undefined {
  if (!isEvicted(pod)) return undefined
  const sinceMs = timeMs(conditionOf(pod, 'DisruptionTarget')?.lastTransitionTime)
  return { kind: 'Evicted', detail: evictionOf(pod), sinceMs }
}

function readScheduling(pod: Pod): Found | undefined {
  const condition = conditionOf(pod, 'PodScheduled')
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined
  const sinceMs = timeMs(condition.lastTransitionTime)
  return { kind: 'Unschedulable', detail: shortenScheduling(condition.message ?? ''), sinceMs }
}

/** `0/4 nodes are available: 1 …, 3 Insufficient memory. preemption: …` without its counts, which change with each Node. */
export function shortenScheduling(message: string): string {
  const [head = ''] = message.split(/\.\s+(?:preemption:|no new claims)/)
  const reasons = head
    .replace(/^\d+\/\d+ nodes are available:\s*/, '')
    .replace(/\.$/, '')
    .split(/,\s+(?=\d+ )/)
    .map((reason) => reason.replace(/^\d+\s+/, '').trim())
    .filter(Boolean)
  return clip([...new Set(reasons)].sort().join(', ') || 'the scheduler gave no reason', MAX_DETAIL_LENGTH)
}

function readNode(pod: Pod, node: NodeFacts): Found | undefined {
  if (typeof node !== 'object' || isNodeReady(node) || isNodeBorn(node)) return undefined
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  const sinceMs = timeMs(ready?.lastTransitionTime)
  return { kind: 'NodeNotReady', detail: pod.spec?.nodeName ?? '', sinceMs }
}

/** A Node without the condition has only just been made. */
function isNodeBorn(node: Exclude<NodeFacts, string>): boolean {
  return !node.status?.conditions?.some(({ type }) => type === 'Ready')
}

function readServer(pod: Pod, nowMs: number): Found | undefined {
  const server = pod.status?.containerStatuses?.find(({ name }) => name === SERVER_CONTAINER)
  if (!server || pod.spec?.nodeName === undefined) return undefined
  const waiting = server.state?.waiting
  const message = waiting?.message ?? ''
  if (PULL_FAILURES.has(waiting?.reason ?? ''))
    return { kind: 'ImagePull', detail: `"${server.image}" ${describePull(message)}`, sinceMs: scheduledMs(pod) }
  if (START_FAILURES.has(waiting?.reason ?? ''))
    return { kind: 'StartFailed', detail: clip(message, MAX_DETAIL_LENGTH), sinceMs: scheduledMs(pod) }
  const loop = readLoop(server, nowMs)
  if (loop) return loop
  const isStarting = pod.status?.phase === 'Pending' && server.state?.running === undefined
  return isStarting ? { kind: 'Starting', detail: '', sinceMs: scheduledMs(pod) } : undefined
}

/**
 * A container that ended waits, runs and ends in turn; each is the same trouble. A loop is left by a run that lasts.
 */
function readLoop({ state, lastState, restartCount }: ContainerStatus, nowMs: number): Found | undefined {
  const ended = state?.terminated ?? lastState?.terminated
  if (!ended) return undefined
  const detail = describeEnd(ended)
  const kind = restartCount >= LOOP_RESTARTS ? 'CrashLoop' : 'Restarting'
  if (!state?.running) return { kind, detail }
  const runMs = nowMs - (timeMs(state.running.startedAt) ?? 0)
  const lastRunMs = (timeMs(ended.finishedAt) ?? 0) - (timeMs(ended.startedAt) ?? 0)
  return kind === 'CrashLoop' && runMs < LASTING_RUN_MS && lastRunMs < LASTING_RUN_MS ? { kind, detail } : undefined
}

/** When a loop is over by the run that goes on now; the clock alone can tell. */
export function loopEndsMs(pod: Pod): number | undefined {
  const server = pod.status?.containerStatuses?.find(({ name }) => name === SERVER_CONTAINER)
  const startedMs = timeMs(server?.state?.running?.startedAt)
  const isLoop = server?.lastState?.terminated !== undefined && server.restartCount >= LOOP_RESTARTS
  return isLoop && startedMs !== undefined ? startedMs + LASTING_RUN_MS : undefined
}

function describeEnd({ exitCode, reason }: Readonly<{ exitCode: number; reason?: string }>): string {
  if (reason === 'OOMKilled') return 'OOMKilled: it needed more memory than its limit'
  if (exitCode === 127) return 'exit code 127: the image lacks the server program or a shell'
  return `exit code ${exitCode}`
}

/** The cause in a kubelet's message, which is long, differs between runtimes and repeats itself. */
function describePull(message: string): string {
  if (/not found|manifest unknown|does not exist/i.test(message)) return 'is not found'
  if (/unauthorized|forbidden|denied|authentication required|no basic auth/i.test(message))
    return 'is refused to the nodes without a login (imagePullSecrets)'
  if (/toomanyrequests|429/i.test(message)) return 'is refused as the registry limits the rate of pulls'
  if (/no such host|dial tcp|timeout|connection refused|unreachable|EOF/i.test(message))
    return 'is not reached: its registry does not answer the nodes'
  if (/invalid reference|couldn't parse|InvalidImageName/i.test(message)) return 'is not a valid reference'
  return 'fails; see kubectl describe pod'
}

function readResize(pod: Pod): Found | undefined {
  const pending = conditionOf(pod, 'PodResizePending')
  if (pending?.status === 'True') {
    const kind = pending.reason === 'Infeasible' ? 'ResizeInfeasible' : 'ResizeDeferred'
    return { kind, detail: shortenResize(pending.message ?? ''), sinceMs: timeMs(pending.lastTransitionTime) }
  }
  const running = conditionOf(pod, 'PodResizeInProgress')
  if (running?.status !== 'True' || running.reason !== 'Error') return undefined
  const sinceMs = timeMs(running.lastTransitionTime)
  return { kind: 'ResizeFailed', detail: clip(running.message ?? '', MAX_DETAIL_LENGTH), sinceMs }
}

/** `Node didn't have enough resource: memory, requested: 1, used: 2, capacity: 3`: what is used changes with each pod. */
function shortenResize(message: string): string {
  return clip(
    message.replace(/,?\s*used: \d+/g, '').replace(/\.$/, '') || 'the kubelet gave no reason',
    MAX_DETAIL_LENGTH,
  )
}

function conditionOf({ status }: Pod, type: string) {
  return status?.conditions?.find((condition) => condition.type === type)
}

function scheduledMs(pod: Pod): number | undefined {
  return timeMs(conditionOf(pod, 'PodScheduled')?.lastTransitionTime)
}

function timeMs(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

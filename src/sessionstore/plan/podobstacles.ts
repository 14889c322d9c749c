import type { Obstacle } from './obstacles.ts'

/** What keeps a pod from serving, as kubelet, scheduler or Node say. Details carry no counts or times that would flap. */
export type PodTrouble = Readonly<{
  pod: string
  kind: TroubleKind
  /** The cause in their words, shortened. */
  detail: string
  /** Since when they say so, as far as they tell, in ms since 1970. */
  sinceMs: number
}>

export type TroubleKind =
  | 'Evicted'
  | 'ImagePull'
  | 'StartFailed'
  | 'CrashLoop'
  | 'Restarting'
  | 'NodeNotReady'
  | 'Unschedulable'
  | 'ResizeInfeasible'
  | 'ResizeFailed'
  | 'ResizeDeferred'
  | 'Starting'

type Judgement = Readonly<{
  /** Reason of Stalled; absent: whoever says so goes on by itself, so it is only told. */
  reason?: Obstacle['reason']
  /** How long it may last before it is called stalled, or told at all where it never is. */
  graceMs: number
  /** What is wrong and what to do; `pods` is "pod s-0" or "pods s-0, s-1". */
  describe: (pods: string, first: PodTrouble) => string
}>

/** In the order in which they are told: first what nobody but a person can change. */
const JUDGEMENTS: Readonly<Record<TroubleKind, Judgement>> = {
  ImagePull: {
    reason: 'ImagePullFailed',
    graceMs: 15_000,
    describe: (pods, { detail }) =>
      `the image of ${pods} cannot be pulled: ${detail}; correct spec.image or spec.version, name a login in spec.podTemplate.spec.imagePullSecrets, or give the nodes access to the registry`,
  },
  StartFailed: {
    reason: 'ContainerRefused',
    graceMs: 15_000,
    describe: (pods, { pod, detail }) =>
      `the container of ${pods} cannot be started: ${detail}; see kubectl describe pod ${pod}`,
  },
  CrashLoop: {
    reason: 'CrashLoop',
    graceMs: 0,
    describe: (pods, { pod, detail }) =>
      `the server of ${pods} ends again and again (${detail}); see kubectl logs ${pod} --previous, and check spec.image`,
  },
  Unschedulable: {
    reason: 'Unschedulable',
    graceMs: 30_000,
    describe: (pods, { detail }) =>
      `no Node takes ${pods}: ${detail}; add or free a Node, lower spec.capacity (memory) or spec.podTemplate.spec.cpu, or change affinity, nodeSelector, tolerations or topologySpreadConstraints in spec.podTemplate.spec`,
  },
  ResizeInfeasible: {
    reason: 'ResizeInfeasible',
    graceMs: 0,
    describe: (pods, { detail }) => {
      const { resource, field } = readResource(detail)
      return `the Node of ${pods} can never give it the ${resource} that ${field} asks for: ${detail}; lower ${field}, or delete the pod if a larger Node has room for it`
    },
  },
  ResizeFailed: {
    reason: 'ResizeInfeasible',
    graceMs: 30_000,
    describe: (pods, { pod, detail }) => {
      const { resource, field } = readResource(detail)
      return `the ${resource} of ${pods} cannot be changed in place: ${detail}; see kubectl describe pod ${pod}, and set ${field} back or delete the pod, replicas first: it comes back with its new size`
    },
  },
  NodeNotReady: {
    reason: 'NodeNotReady',
    graceMs: 60_000,
    describe: (pods, { detail }) =>
      `Node ${detail} of ${pods} is not Ready; bring it back or, when its machine is off for good, delete the Node`,
  },
  Evicted: {
    reason: 'PodEvicted',
    graceMs: 15_000,
    describe: (pods, { pod, detail }) =>
      `${pods} was evicted and is not replaced: ${detail}; delete it with kubectl delete pod ${pod}`,
  },
  ResizeDeferred: {
    graceMs: 0,
    describe: (pods, { detail }) => {
      const { resource, field } = readResource(detail)
      return `the Node of ${pods} has no room now for the ${resource} that ${field} asks for: ${detail}; it is given when other pods leave; free some there or lower ${field}`
    },
  },
  Restarting: {
    graceMs: 0,
    describe: (pods, { detail }) => `the server of ${pods} ended (${detail}) and is started again`,
  },
  Starting: {
    graceMs: 60_000,
    describe: (pods, { pod }) =>
      `${pods} has not started yet; kubectl describe pod ${pod} says what the kubelet waits for`,
  },
}

const ORDER = Object.keys(JUDGEMENTS) as readonly TroubleKind[]

/** The first trouble that lasts longer than its kind is given; told once for all pods that have it. */
export function findPodObstacle(troubles: readonly PodTrouble[], nowMs: number): Obstacle | undefined {
  for (const kind of ORDER) {
    const { reason, graceMs, describe } = JUDGEMENTS[kind]
    const lasting = troubles.filter((each) => each.kind === kind && nowMs - each.sinceMs >= graceMs)
    const [first] = lasting
    if (first && reason) return { reason, message: describe(namesOf(lasting), first) }
  }
  return undefined
}

/** What the pods are waited for, where it may still end by itself. */
export function describePodWait(troubles: readonly PodTrouble[], nowMs: number): string | undefined {
  for (const kind of ORDER) {
    const { reason, graceMs, describe } = JUDGEMENTS[kind]
    const told = troubles.filter((each) => each.kind === kind && (reason || nowMs - each.sinceMs >= graceMs))
    const [first] = told
    if (first) return describe(namesOf(told), first)
  }
  return undefined
}

/** When the next trouble has lasted for as long as it is given; undefined: none has to be looked at by the clock. */
export function podObstacleDueMs(troubles: readonly PodTrouble[], nowMs: number): number | undefined {
  const dues = troubles.map(({ kind, sinceMs }) => sinceMs + JUDGEMENTS[kind].graceMs).filter((due) => due > nowMs)
  return dues.length === 0 ? undefined : Math.min(...dues)
}

/** `memory, requested: 9, capacity: 8`: which resource a kubelet's message is about, and the field that asks for it. */
function readResource(detail: string): Readonly<{ resource: string; field: string }> {
  if (/\bmemory, requested:/.test(detail)) return { resource: 'memory', field: 'spec.capacity' }
  if (/\bcpu, requested:/.test(detail)) return { resource: 'CPU', field: 'spec.podTemplate.spec.cpu' }
  return { resource: 'memory or CPU', field: 'spec.capacity or spec.podTemplate.spec.cpu' }
}

function namesOf(troubles: readonly PodTrouble[]): string {
  const names = [...new Set(troubles.map(({ pod }) => pod))].sort()
  return `${names.length === 1 ? 'pod' : 'pods'} ${names.join(', ')}`
}

import type { Pod } from '../kube/types.ts'
import { ANNOTATIONS, JOINED_CONDITION, LABELS, READABLE } from '../resources/labels.ts'
import type { NodeFacts } from './nodes.ts'
import type { PodFacts } from './plan/facts.ts'
import { limitBytesOf } from './podmemory.ts'

const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service'
const ZONE_LABEL = 'topology.kubernetes.io/zone'
const SERVER_CONTAINER = 'server'

/** The template that pods should be made from. */
export type TemplateFacts = Readonly<{
  /** Hash of what only a restart can change. */
  configHash: string
  /** The StatefulSet controller has seen it: a pod deleted before would come back from the old one. */
  isObserved: boolean
  /** Memory limit of the server in it. */
  limitBytes: number
}>

/** A pod in the words of the plan. */
export function readPod(pod: Pod, node: NodeFacts, template: TemplateFacts): PodFacts {
  const { labels = {}, uid = '' } = pod.metadata
  const role = labels[LABELS.role]
  const conditions = pod.status?.conditions ?? []
  const zone = typeof node === 'object' ? node.metadata.labels?.[ZONE_LABEL] : undefined
  return {
    uid,
    ...(pod.status?.podIP && { ip: pod.status.podIP }),
    ...(pod.spec?.nodeName && { node: pod.spec.nodeName }),
    ...(zone && { zone }),
    isTerminating: pod.metadata.deletionTimestamp !== undefined,
    isReady: conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    isNodeReady: isNodeReady(node),
    isOutdated: template.isObserved && isOutdated(pod, template),
    ...((role === 'primary' || role === 'replica') && { role }),
    isReadable: labels[LABELS.readable] === READABLE,
    isJoined: conditions.some(({ type, status }) => type === JOINED_CONDITION && status === 'True'),
  }
}

/** Memory is changed in place; a pod that found no Node cannot be changed, and would wait for its old size for ever. */
function isOutdated(pod: Pod, { configHash, limitBytes }: TemplateFacts): boolean {
  if (pod.metadata.annotations?.[ANNOTATIONS.configHash] !== configHash) return true
  return pod.spec?.nodeName === undefined && limitBytesOf(pod) !== limitBytes
}

export function isNodeReady(node: NodeFacts): boolean {
  if (typeof node !== 'object') return false
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** The Node is deleted, or an administrator vouches with the out-of-service taint that the machine is off. */
export function isNodeOff(node: NodeFacts): boolean {
  if (typeof node !== 'object') return node === 'gone'
  return node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT) ?? false
}

/** Why nothing of this pod can be running; undefined: it may run. Only a live kubelet's word counts. */
export function readStopped(pod: Pod, node: NodeFacts): string | undefined {
  if (pod.spec?.nodeName === undefined) return 'NotScheduled'
  if (isNodeOff(node)) return 'NodeOff'
  if (!isNodeReady(node)) return undefined
  const phase = pod.status?.phase
  if (phase === 'Failed' || phase === 'Succeeded') return 'PodEnded'
  const server = pod.status?.containerStatuses?.find(({ name }) => name === SERVER_CONTAINER)
  if (server?.state?.terminated) return 'ContainerTerminated'
  // Waiting with a last state is a crash loop between two runs; without one the container never ran.
  if (server?.state?.waiting) return 'ContainerWaiting'
  return server === undefined && phase === 'Pending' ? 'NotStarted' : undefined
}

/**
 * A pod object that went away while its container still ran: a forced deletion. Its server may live on behind a
 * partition, unknown to everybody. Normal deletion ends with the kubelet reporting the container terminated.
 */
export function mayOutlive(pod: Pod, node: NodeFacts): boolean {
  if (pod.spec?.nodeName === undefined || isNodeOff(node)) return false
  const phase = pod.status?.phase
  // The last word of a kubelet, told when nothing runs any more and never taken back; also by one that is going down.
  if (phase === 'Failed' || phase === 'Succeeded') return false
  // What it said of a container before it fell silent is no word on what runs now.
  if (isKubeletSilent(node)) return true
  const server = pod.status?.containerStatuses?.find(({ name }) => name === SERVER_CONTAINER)
  return server?.state?.running !== undefined && phase === 'Running'
}

/** The control plane says Unknown; False is what a kubelet says itself. */
function isKubeletSilent(node: NodeFacts): boolean {
  if (typeof node !== 'object') return false
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'Unknown') ?? false
}

import type { Intent, Mark, Run } from '../../../../src/sessionstore/plan/facts.ts'
import type { Random } from './random.ts'
import { type Cell, EMPTY, type Server, startServer } from './server.ts'

export type Pod = {
  readonly uid: string
  readonly name: string
  readonly ordinal: number
  readonly template: number
  readonly node: number
  role: 'primary' | 'replica' | undefined
  isReadable: boolean
  isJoined: boolean
  isReady: boolean
  /** When its deletion was asked for. */
  leavingSinceMs: number | undefined
  graceMs: number
  server: Server | undefined
  /** The kubelet starts the container then. */
  startMs: number
}

export type Node = {
  readonly index: number
  /** It has power. */
  isOn: boolean
  /** The API server hears its kubelet; follows the truth with a delay. */
  isReady: boolean
  isDeleted: boolean
  changedMs: number
}

export type Goal = {
  n: number
  w: number
  maxLagMs: number
  downAfterMs: number
  whenDegraded: 'Relax' | 'Refuse'
  preparedHash: string
  isSuspended: boolean
}

/** Everything that exists, as it is; nobody in the world knows all of it. */
export type World = {
  nowMs: number
  readonly random: Random
  readonly storeUID: string
  goal: Goal
  /** Fewest members a scale request asks for. */
  readonly fewest: number
  template: number
  replicas: number
  mark: Mark | undefined
  intent: Intent | undefined
  statusEpoch: number
  /** The status was wiped while it held an intent. */
  isForgetful: boolean
  pods: Pod[]
  nodes: Node[]
  /** Every process that still runs, those of removed pods too. */
  servers: Server[]
  /** Unordered pairs of places that cannot reach each other; a place is a node's index, 'operator' or 'clients'. */
  readonly cuts: Set<string>
  /** The API server does not answer. */
  isApiDown: boolean
  /** Members that cannot be prepared until then. */
  readonly unpreparable: Map<string, number>
  /** The pods that the operator noted before it let them take part. */
  runs: readonly Run[]
  /** Pods without an object any more: whether their container was seen to end before. */
  readonly removed: Map<string, Readonly<{ atMs: number; isEndSeen: boolean }>>
  /** Servers that run on without an object. */
  ghosts: { node: number; server: Server }[]
  /** What lies on the volume of each pod name; undefined: the store has none. */
  disks: Map<string, Cell> | undefined
  serial: number
  readonly notes: string[]
}

export type Place = number | 'operator' | 'clients'

function pairOf(a: Place, b: Place): string {
  return String(a) < String(b) ? `${a}|${b}` : `${b}|${a}`
}

export function cut(world: World, a: Place, b: Place): void {
  if (a !== b) world.cuts.add(pairOf(a, b))
}

export function heal(world: World, a: Place, b: Place): void {
  world.cuts.delete(pairOf(a, b))
}

export function canReach(world: World, a: Place, b: Place): boolean {
  return a === b || world.cuts.size === 0 || !world.cuts.has(pairOf(a, b))
}

export function podOf(world: World, name: string): Pod | undefined {
  return world.pods.find((pod) => pod.name === name)
}

/** DNS: the server of the pod that has the name now. */
export function serverAt(world: World, name: string): Server | undefined {
  const server = podOf(world, name)?.server
  return server?.isAlive ? server : undefined
}

export function nameOf(ordinal: number): string {
  return `s-${ordinal}`
}

const NODE_NOTICE_MS = 4000
const PRE_STOP_MS = 10_000

/** StatefulSet controller, kubelets and node controller, one tick of them. */
export function tickCluster(world: World): void {
  for (const node of world.nodes) noticeNode(world, node)
  for (const pod of [...world.pods]) tickPod(world, pod)
  endGhosts(world)
  if (!world.isApiDown) tickStatefulSet(world)
  world.servers = world.servers.filter((server) => server.isAlive)
}

function isKubeletHeard(world: World, node: Node): boolean {
  return node.isOn && !world.cuts.has(pairOf(node.index, 'operator'))
}

function noticeNode(world: World, node: Node): void {
  const isHeard = isKubeletHeard(world, node)
  if (isHeard === node.isReady) {
    node.changedMs = world.nowMs
    return
  }
  if (isHeard || world.nowMs - node.changedMs >= NODE_NOTICE_MS) {
    node.isReady = isHeard
    node.changedMs = world.nowMs
  }
}

/** What the kubelet of a node that has power does; what it says reaches the API server only while it is heard. */
function tickPod(world: World, pod: Pod): void {
  if (pod.server) world.disks?.set(pod.name, pod.server.head)
  const node = world.nodes[pod.node]
  if (!node || node.isDeleted) {
    removePod(world, pod)
    return
  }
  if (!node.isOn) return
  if (pod.leavingSinceMs !== undefined && isKubeletHeard(world, node)) {
    endPod(world, pod, pod.leavingSinceMs)
    return
  }
  if (pod.server?.isAlive) {
    pod.isReady = isKubeletHeard(world, node) ? pod.isJoined : pod.isReady
    return
  }
  pod.isReady = false
  if (world.nowMs >= pod.startMs && pod.leavingSinceMs === undefined) {
    pod.server = startServer(pod.name, pod.uid, { node: pod.node, gate: world.goal.w, maxLagMs: world.goal.maxLagMs })
    pod.server.head = world.disks?.get(pod.name) ?? EMPTY
    pod.server.version = pod.template > 0 ? '9.1' : '9.0'
    world.servers.push(pod.server)
  }
}

/** preStop waits while its server is a master, then the server waits for its replicas and ends. */
function endPod(world: World, pod: Pod, sinceMs: number): void {
  const { server } = pod
  const waitedMs = world.nowMs - sinceMs
  if (server?.isAlive) {
    const isWaiting = !server.isHung && (server.role === 'master' || server.failover) && world.replicas > 1
    if (isWaiting && waitedMs < Math.min(PRE_STOP_MS, pod.graceMs)) return
    if (server.isHung && waitedMs < pod.graceMs) return
    if (!server.isHung)
      for (const [replica] of server.acks)
        if (replica.link?.to === server && replica.link.state === 'up') replica.head = server.head
    killServer(server)
    world.disks?.set(pod.name, server.head)
  }
  // A volume goes with a member that is scaled away.
  if (pod.ordinal >= world.replicas) world.disks?.delete(pod.name)
  removePod(world, pod)
}

export function killServer(server: Server): void {
  server.isAlive = false
  server.pending = []
}

export function removePod(world: World, pod: Pod): void {
  const node = world.nodes[pod.node]
  if (pod.server?.isAlive && node?.isDeleted) {
    pod.server.isSilentlyGone = true
    killServer(pod.server)
  }
  world.pods = world.pods.filter((each) => each !== pod)
  world.removed.set(pod.uid, { atMs: world.nowMs, isEndSeen: !pod.server?.isAlive })
}

/** Deletes the pod object while its server runs on: a live kubelet ends that within a moment, a cut-off one does not. */
export function removeByForce(world: World, pod: Pod): void {
  const node = world.nodes[pod.node]
  world.pods = world.pods.filter((each) => each !== pod)
  // The object says that its container runs until a kubelet says otherwise.
  world.removed.set(pod.uid, { atMs: world.nowMs, isEndSeen: pod.server === undefined })
  if (!pod.server?.isAlive) return
  if (node && isKubeletHeard(world, node)) {
    killServer(pod.server)
    return
  }
  world.ghosts.push({ node: pod.node, server: pod.server })
}

function endGhosts(world: World): void {
  for (const ghost of world.ghosts) {
    const node = world.nodes[ghost.node]
    if (node?.isOn && isKubeletHeard(world, node) && ghost.server.isAlive) killServer(ghost.server)
  }
  world.ghosts = world.ghosts.filter(({ server, node }) => server.isAlive && !world.nodes[node]?.isDeleted)
}

function tickStatefulSet(world: World): void {
  for (let ordinal = 0; ordinal < world.replicas; ordinal += 1) {
    if (!podOf(world, nameOf(ordinal))) createPod(world, ordinal)
  }
  const surplus = world.pods.filter((pod) => pod.ordinal >= world.replicas && pod.leavingSinceMs === undefined)
  const [last] = surplus.toSorted((a, b) => b.ordinal - a.ordinal)
  if (last) deletePod(world, last)
}

export function deletePod(world: World, pod: Pod, graceMs = 30_000): void {
  if (pod.leavingSinceMs === undefined || graceMs < pod.graceMs) pod.graceMs = graceMs
  pod.leavingSinceMs ??= world.nowMs
}

function createPod(world: World, ordinal: number): void {
  const free = world.nodes.filter(
    (node) => node.isReady && !node.isDeleted && !world.pods.some((pod) => pod.node === node.index),
  )
  // One pod on each node; without a free one the pod stays unscheduled, and here uncreated.
  const node = free[0]
  if (!node) return
  world.serial += 1
  world.pods.push({
    uid: `pod-${world.serial}`,
    name: nameOf(ordinal),
    ordinal,
    template: world.template,
    node: node.index,
    role: undefined,
    isReadable: false,
    isJoined: false,
    isReady: false,
    leavingSinceMs: undefined,
    graceMs: Number.POSITIVE_INFINITY,
    server: undefined,
    startMs: world.nowMs + world.random.between(200, 1200),
  })
}

import type { ProbeFacts, ServerFacts, UnreachableFacts } from '../../../../src/redis/types.ts'
import type { MemberFacts, PodFacts, Run, TopologyFacts } from '../../../../src/sessionstore/plan/facts.ts'
import { deepFreeze } from '../freeze.ts'
import { canReach, nameOf, type Pod, podOf, type World } from './cluster.ts'
import { isHidden, isLinkUp, isServing, type Server } from './server.ts'

export const PORT = 6379

/** What one operator process remembers; a new process remembers nothing. */
export type Memory = {
  readonly observingSinceMs: number
  readonly silentSinceMs: Map<string, number>
  readonly lastKnown: Map<string, NonNullable<UnreachableFacts['lastKnown']>>
  readonly linkDownSinceMs: Map<string, number>
  readonly awaySinceMs: Map<string, number>
  readonly lastHeardMs: Map<string, number>
  /** When a pod that took part was first missed. */
  readonly ghostSinceMs: Map<string, number>
  /** Since when its Node has been Ready without a break. */
  readonly vouchedSinceMs: Map<string, number>
  /** When a member last may have run without our seeing it. */
  readonly unseenMs: Map<string, number>
  /** Name of the member to the run that could not be prepared, and until when that is remembered. */
  readonly prepareFailures: Map<string, Readonly<{ id: number; untilMs: number }>>
  degradedSinceMs: number | undefined
  /** The last probe of each member: between two acts it may be a second old. */
  readonly probes: Map<string, Readonly<{ probe: ProbeFacts; atMs: number }>>
  /** Something was done just now, so that all members were probed again. */
  isFresh: boolean
}

const PROBE_EVERY_MS = 1000

export function newMemory(nowMs: number): Memory {
  return {
    observingSinceMs: nowMs,
    silentSinceMs: new Map(),
    lastKnown: new Map(),
    linkDownSinceMs: new Map(),
    lastHeardMs: new Map(),
    ghostSinceMs: new Map(),
    vouchedSinceMs: new Map(),
    awaySinceMs: new Map(),
    unseenMs: new Map(),
    prepareFailures: new Map(),
    degradedSinceMs: undefined,
    probes: new Map(),
    isFresh: true,
  }
}

export function hostOf(name: string): string {
  return `${name}.s-members.apps.svc.cluster.local.`
}

/** The facts that the operator gets of the world, and what it learns from them for the next time. */
export function observeWorld(world: World, memory: Memory): TopologyFacts {
  const size = Math.max(world.replicas, ...world.pods.map((pod) => pod.ordinal + 1))
  const members = Array.from({ length: size }, (_, ordinal) => memberOf(world, memory, ordinal))
  const runs = world.runs.filter((each) => podOfRun(world, each) !== undefined || mayRunOn(world, memory, each))
  const ghosts = runs
    .filter((each) => podOfRun(world, each) === undefined)
    .map(
      ({ name, uid }): MemberFacts => ({
        name: `${name} (${uid}, removed by force)`,
        ordinal: 1_000_000,
        host: hostOf(name),
        probe: {
          kind: 'unreachable',
          reason: 'NoAddress',
          sinceMs: memory.ghostSinceMs.get(uid) ?? world.nowMs,
          isRefusalConfirmed: false,
        },
        awaySinceMs: memory.ghostSinceMs.get(uid) ?? world.nowMs,
        hasPrepareFailed: false,
      }),
    )
  const all = [...members, ...ghosts]
  for (const { name } of ghosts) memory.unseenMs.set(name, world.nowMs)
  noteDegraded(world, memory)
  const { goal } = world
  return deepFreeze({
    storeUID: world.storeUID,
    nowMs: world.nowMs,
    wallMs: world.nowMs,
    port: PORT,
    goal: {
      n: goal.n,
      w: goal.w,
      maxLagMs: goal.maxLagMs,
      downAfterMs: goal.downAfterMs,
      failoverMode: 'Operator',
      whenDegraded: goal.whenDegraded,
      preparedHash: goal.preparedHash,
    },
    ...(world.mark && { mark: world.mark }),
    statusEpoch: world.statusEpoch,
    ...(world.intent && { intent: world.intent }),
    statefulSetReplicas: world.replicas,
    members: all,
    runs,
    hasStaleRuns: runs.length < world.runs.length,
    lastHeardMs: Object.fromEntries(
      all.map(({ name }) => [name, memory.lastHeardMs.get(name.split(' ')[0] ?? '') ?? memory.observingSinceMs]),
    ),
    unseenMs: Object.fromEntries(memory.unseenMs),
    ...(memory.degradedSinceMs !== undefined && { degradedSinceMs: memory.degradedSinceMs }),
    observingSinceMs: memory.observingSinceMs,
    hasVolumes: world.disks !== undefined,
    isSuspended: goal.isSuspended,
  })
}

function podOfRun(world: World, { uid }: Run): Pod | undefined {
  return world.pods.find((pod) => pod.uid === uid)
}

const GHOST_GRACE_MS = 60_000

/** What a process knows of a pod without an object: it saw its end, or its node vouches for it. */
function mayRunOn(world: World, memory: Memory, { uid, node: name }: Run): boolean {
  const removed = world.removed.get(uid)
  if (removed?.isEndSeen && removed.atMs >= memory.observingSinceMs) return false
  memory.ghostSinceMs.set(uid, memory.ghostSinceMs.get(uid) ?? world.nowMs)
  const node = world.nodes.find(({ index }) => nameOf(index) === name)
  if (!node || node.isDeleted) return false
  if (!node.isReady) memory.vouchedSinceMs.delete(uid)
  else if (!memory.vouchedSinceMs.has(uid)) memory.vouchedSinceMs.set(uid, world.nowMs)
  return world.nowMs - (memory.vouchedSinceMs.get(uid) ?? world.nowMs) <= GHOST_GRACE_MS
}

/** The server that the operator reaches under a member's name. */
export function reachOf(world: World, name: string): Server | undefined {
  const server = podOf(world, name)?.server
  if (!server || !isServing(server)) return undefined
  return canReach(world, 'operator', server.node) ? server : undefined
}

function memberOf(world: World, memory: Memory, ordinal: number): MemberFacts {
  const name = nameOf(ordinal)
  const pod = podOf(world, name)
  const stopped = pod ? stoppedOf(world, pod) : 'PodGone'
  const probe = lastProbe(world, memory, name)
  const isUnseen = probe.kind === 'unknown' || (probe.kind === 'unreachable' && !probe.isRefusalConfirmed)
  if (probe.kind === 'reached') memory.awaySinceMs.delete(name)
  else if (!memory.awaySinceMs.has(name)) memory.awaySinceMs.set(name, world.nowMs)
  const awaySinceMs = memory.awaySinceMs.get(name)
  if (stopped === undefined && isUnseen) memory.unseenMs.set(name, world.nowMs)
  const isDown = probe.kind !== 'reached' || (probe.role === 'replica' && !probe.isLinkUp)
  if (!isDown) memory.linkDownSinceMs.delete(name)
  else if (!memory.linkDownSinceMs.has(name)) memory.linkDownSinceMs.set(name, world.nowMs)
  const linkDownSinceMs = memory.linkDownSinceMs.get(name)
  const failure = memory.prepareFailures.get(name)
  const hasPrepareFailed = failure !== undefined && failure.id === pod?.server?.id && world.nowMs < failure.untilMs
  return {
    name,
    ordinal,
    host: hostOf(name),
    ...(pod && { pod: podFacts(world, pod) }),
    ...(stopped !== undefined && { stopped }),
    probe,
    hasPrepareFailed,
    ...(awaySinceMs !== undefined && { awaySinceMs }),
    ...(linkDownSinceMs !== undefined && { linkDownSinceMs }),
  }
}

function stoppedOf(world: World, pod: Pod): string | undefined {
  const node = world.nodes[pod.node]
  if (!node || node.isDeleted) return 'NodeOff'
  if (!node.isReady || !node.isOn || !canReach(world, 'operator', node.index)) return undefined
  if (pod.server === undefined) return 'NotStarted'
  return pod.server.isAlive ? undefined : 'ContainerTerminated'
}

function podFacts(world: World, pod: Pod): PodFacts {
  return {
    uid: pod.uid,
    node: nameOf(pod.node),
    isTerminating: pod.leavingSinceMs !== undefined,
    isReady: pod.isReady,
    isNodeReady: world.nodes[pod.node]?.isReady ?? false,
    isOutdated: pod.template !== world.template,
    ...(pod.role && { role: pod.role }),
    isReadable: pod.isReadable,
    isJoined: pod.isJoined,
  }
}

function lastProbe(world: World, memory: Memory, name: string): ProbeFacts {
  // Nobody is asked where there is no pod, and of the next one nothing is known.
  if (!podOf(world, name)) {
    memory.probes.delete(name)
    memory.silentSinceMs.delete(name)
    memory.lastKnown.delete(name)
    return { kind: 'unknown' }
  }
  const last = memory.probes.get(name)
  const isRecent = last !== undefined && world.nowMs - last.atMs < PROBE_EVERY_MS && !isClosed(world, name, last.probe)
  if (isRecent && !memory.isFresh && world.random.chance(0.7)) return last.probe
  const probe = probeOf(world, memory, name)
  memory.probes.set(name, { probe, atMs: world.nowMs })
  return probe
}

/** The held connection was closed: a process that ends says so, where it can be heard. */
function isClosed(world: World, name: string, probe: ProbeFacts): boolean {
  const server = podOf(world, name)?.server
  if (probe.kind !== 'reached' || !server || !canReach(world, 'operator', server.node)) return false
  return (!server.isAlive && !server.isSilentlyGone) || probe.runId !== `run-${server.id}`
}

function probeOf(world: World, memory: Memory, name: string): ProbeFacts {
  const server = reachOf(world, name)
  if (server) {
    memory.silentSinceMs.delete(name)
    memory.lastKnown.set(name, { runId: `run-${server.id}`, role: server.role })
    noteHeard(memory, server)
    return factsOf(world, server)
  }
  if (!memory.silentSinceMs.has(name)) memory.silentSinceMs.set(name, world.nowMs)
  const pod = podOf(world, name)
  const lastKnown = memory.lastKnown.get(name)
  const isRefused = pod?.server !== undefined && !pod.server.isAlive && canReach(world, 'operator', pod.node)
  return {
    kind: 'unreachable',
    reason: isRefused ? 'Refused' : 'Timeout',
    sinceMs: memory.silentSinceMs.get(name) ?? world.nowMs,
    isRefusalConfirmed: isRefused && !pod.server?.isSilentlyGone && lastKnown !== undefined,
    ...(lastKnown && { lastKnown }),
  }
}

export function noteHeard(memory: Memory, server: Server): void {
  if (!server.link || !isLinkUp(server) || server.upstream === undefined) return
  memory.lastHeardMs.set(server.upstream, Math.max(memory.lastHeardMs.get(server.upstream) ?? 0, server.link.heardMs))
}

function factsOf(world: World, server: Server): ServerFacts {
  const isHiddenNow = isHidden(server)
  const { record } = server.head
  const isUp = isLinkUp(server)
  return {
    kind: 'reached',
    failedWrites: [],
    runId: `run-${server.id}`,
    version: server.version,
    role: server.role,
    ...(server.role === 'replica' && {
      upstream:
        server.upstream === undefined ? { host: '127.0.0.1', port: 1 } : { host: hostOf(server.upstream), port: PORT },
    }),
    isLinkUp: isUp,
    isSyncing: server.link?.state === 'syncing',
    isLoading: false,
    ...(isUp && server.link && { lastHeardSeconds: Math.floor((world.nowMs - server.link.heardMs) / 1000) }),
    replicationId: server.lineage,
    replicationId2: server.formerLineage,
    offset: server.head.length,
    secondOffset: -1,
    failoverState: server.failover
      ? server.failover.phase === 'waiting'
        ? 'waiting-for-sync'
        : 'failover-in-progress'
      : 'no-failover',
    keyCount: server.head.keys,
    usedMemoryBytes: 0,
    replicationBufferBytes: 0,
    evictedKeys: 0,
    fullCopies: 0,
    bufferCuts: 0,
    maxMemoryBytes: 0,
    minReplicasToWrite: server.gate,
    maxLagSeconds: server.maxLagMs / 1000,
    ...(record && !isHiddenNow && { record }),
    isRecordHidden: isHiddenNow,
    replicas: [...server.acks.entries()]
      .filter(([replica]) => replica.link?.to === server && replica.link.state === 'up')
      .map(([replica, heardMs]) => ({
        host: hostOf(replica.name),
        port: PORT,
        state: 'online',
        offset: replica.head.length,
        lagSeconds: Math.floor((world.nowMs - heardMs) / 1000),
      })),
    preparedHash: server.preparedHash,
    observedAtMs: world.nowMs,
  }
}

/** Since when the labelled or recorded primary has fewer than its w in sync. */
function noteDegraded(world: World, memory: Memory): void {
  const primary = world.pods.find(
    (pod) => pod.server && pod.server === reachOf(world, pod.name) && pod.server.role === 'master',
  )
  const { server } = primary ?? {}
  if (!server) {
    memory.degradedSinceMs = undefined
    return
  }
  const inSync = world.pods.filter(
    (pod) =>
      pod.server && reachOf(world, pod.name) === pod.server && pod.server.link?.to === server && isLinkUp(pod.server),
  ).length
  const w = Math.min(world.mark?.w ?? world.goal.w, server.gate)
  memory.degradedSinceMs = inSync < w ? (memory.degradedSinceMs ?? world.nowMs) : undefined
}

import type { EpochRecord } from '../../../../src/redis/types.ts'
import type { TopologyStep } from '../../../../src/sessionstore/plan/facts.ts'
import { FENCED_W } from '../../../../src/sessionstore/plan/fence.ts'
import { deletePod, podOf, type World } from './cluster.ts'
import type { Watch } from './invariants.ts'
import { type Memory, noteHeard, reachOf } from './observe.ts'
import { abortFailover } from './replication.ts'
import { append, canWrite, cutClients, followServer, isHidden, isLinkUp, promoteServer, type Server } from './server.ts'

/** What one operator process does; each `yield` is a moment at which time passes and it may be killed. */
export type Act = Generator<void, boolean>

export type Actor = Readonly<{ world: World; memory: Memory; watch: Watch }>

const COMMAND_TIMEOUT_MS = 1000
const ONLINE_TIMEOUT_MS = 5000
const MOVE_TIMEOUT_MS = 2000
const MOVE_WATCH_MS = 3000

type Step<K extends TopologyStep['kind']> = Extract<TopologyStep, { kind: K }>

export function* actOn(actor: Actor, step: TopologyStep): Act {
  switch (step.kind) {
    case 'none':
    case 'wait':
    case 'blocked':
      return true
    case 'prepare':
      return yield* each(step.members, (name) => prepare(actor, name))
    case 'reveal':
      return yield* each(step.members, (name) => reveal(actor, name))
    case 'fence':
      return yield* command(actor, step.member, fence)
    case 'repoint':
      return yield* each(
        step.moves.map(({ member }) => member),
        (name) => follow(actor, name, step.moves.find(({ member }) => member === name)?.to ?? 'nowhere'),
      )
    case 'join':
      return yield* each(step.members, (name) => join(actor, name, step.primary))
    case 'promote':
      return yield* promote(actor, step)
    case 'establish':
      return yield* establish(actor, step)
    case 'handOver':
      return yield* handOver(actor, step)
    case 'demote':
      return yield* demote(actor, step)
    case 'setQuorum':
      return yield* setQuorum(actor, step)
    case 'setGates':
      return yield* each(step.members, (name) =>
        command(actor, name, (server) => setGate(server, step.w, actor.world.goal.maxLagMs)),
      )
    default:
      return yield* actOnApi(actor, step)
  }
}

type ApiStep = Step<'recordIntent' | 'clearIntent' | 'mark' | 'noteRuns' | 'label' | 'describePods' | 'restart'>

function* actOnApi({ world, watch, memory }: Actor, step: ApiStep): Act {
  yield
  if (world.isApiDown) return false
  switch (step.kind) {
    case 'recordIntent':
      watch.onIntent(step.intent, runsSeen(memory))
      world.intent = step.intent
      world.statusEpoch = Math.max(world.statusEpoch, step.intent.epoch)
      return true
    case 'clearIntent':
      world.intent = undefined
      return true
    case 'mark':
      watch.onMark(step.mark)
      world.mark = step.mark
      return true
    case 'noteRuns':
      world.runs = step.runs
      return true
    case 'label':
      return yield* label(world, step)
    case 'describePods':
      return describe(world, step)
    case 'restart':
      return restart(world, step)
  }
}

function runsSeen({ probes }: Memory): ReadonlyMap<string, number> {
  const seen = new Map<string, number>()
  for (const [name, { probe }] of probes)
    if (probe.kind === 'reached') seen.set(name, Number(probe.runId.slice('run-'.length)))
  return seen
}

function* label(world: World, step: Step<'label'>): Act {
  for (const name of step.off) {
    const pod = podOf(world, name)
    if (pod?.role === 'primary') pod.role = undefined
    yield
    if (world.isApiDown) return false
  }
  const pod = step.on === undefined ? undefined : podOf(world, step.on)
  if (!pod) return true
  pod.role = 'primary'
  pod.isReadable = false
  if (pod.server) pod.server.labelledMs = world.nowMs
  return true
}

function describe(world: World, step: Step<'describePods'>): boolean {
  for (const change of step.pods) {
    const pod = podOf(world, change.name)
    if (!pod) continue
    if (change.role) pod.role = change.role
    pod.isReadable = change.isReadable ?? pod.isReadable
    pod.isJoined = change.isJoined ?? pod.isJoined
  }
  return true
}

function restart(world: World, { pod: name, uid, gracePeriodSeconds }: Step<'restart'>): boolean {
  const pod = podOf(world, name)
  if (pod?.uid === uid) deletePod(world, pod, (gracePeriodSeconds ?? 30) * 1000)
  return true
}

function* each(names: readonly string[], act: (name: string) => Act): Act {
  const running = names.map(act)
  const results = running.map(() => undefined as boolean | undefined)
  while (results.includes(undefined)) {
    for (const [index, one] of running.entries()) {
      if (results[index] !== undefined) continue
      const next = one.next()
      if (next.done) results[index] = next.value
    }
    if (results.includes(undefined)) yield
  }
  return results.every(Boolean)
}

/** One command: at once where the server answers; where it hangs, it is done when the server thaws, though we gave up. */
function* command({ world }: Actor, name: string, effect: (server: Server) => boolean): Act {
  yield
  const untilMs = world.nowMs + COMMAND_TIMEOUT_MS
  const server = podOf(world, name)?.server
  if (!server?.isAlive) return false
  let isSent = false
  for (;;) {
    const reached = reachOf(world, name)
    if (reached === server && !isSent) return effect(server)
    if (server.isHung && !isSent) {
      isSent = true
      server.pending.push(() => effect(server))
    }
    if (world.nowMs >= untilMs || !server.isAlive) return false
    yield
  }
}

function* prepare(actor: Actor, name: string): Act {
  const { world, memory } = actor
  const hash = world.goal.preparedHash
  const isPrepared = yield* command(actor, name, (server) => {
    if (world.nowMs < (world.unpreparable.get(name) ?? 0)) return false
    server.preparedHash = hash
    return true
  })
  const server = podOf(world, name)?.server
  if (!isPrepared && server) memory.prepareFailures.set(name, { id: server.id, untilMs: world.nowMs + 3000 })
  return isPrepared
}

function reveal({ world, watch, memory }: Actor, name: string): Act {
  watch.onReveal(name)
  return command({ world, watch, memory }, name, (server) => {
    server.servesStale = true
    return true
  })
}

function fence(server: Server): boolean {
  server.gate = FENCED_W
  cutClients(server)
  return true
}

function follow(actor: Actor, name: string, to: string): Act {
  return command(actor, name, (server) => {
    // A server refuses REPLICAOF while it is failing over.
    if (server.role === 'master' || server.failover) return false
    noteRepointed(actor, server)
    followServer(server, to === 'nowhere' ? undefined : to)
    return true
  })
}

/** Whoever is pointed elsewhere may have heard its old upstream until this very moment. */
function noteRepointed({ memory, world }: Actor, server: Server): void {
  noteHeard(memory, server)
  if (server.upstream !== undefined && isLinkUp(server)) memory.lastHeardMs.set(server.upstream, world.nowMs)
}

function* join(actor: Actor, name: string, primary: string): Act {
  if (!(yield* follow(actor, name, primary))) return false
  return yield* command(actor, name, (server) => {
    cutClients(server)
    server.servesStale = false
    return true
  })
}

function* promote(actor: Actor, { candidate, expectedEpoch }: Step<'promote'>): Act {
  // What a server does when it thaws, long after we gave it up, makes a master that nobody is pointed at.
  let isAwaited = true
  const { world, memory } = actor
  const reached = world.pods
    .filter((pod) => memory.probes.get(pod.name)?.probe.kind === 'reached')
    .map((pod) => reachOf(world, pod.name))
    .filter((server) => server !== undefined)
  const isDone = yield* command(actor, candidate, (server) => {
    if (server.role === 'replica') server.servesStale = true
    const epoch = isHidden(server) ? undefined : (server.head.record?.epoch ?? 'none')
    if (epoch !== expectedEpoch || server.failover) return false
    if (isAwaited) actor.watch.onPromote(server, reached)
    server.gate = FENCED_W
    promoteServer(server)
    return true
  })
  isAwaited = false
  return isDone
}

function recordOf({ world }: Actor, step: Step<'establish' | 'setQuorum'>): EpochRecord {
  const { epoch, n, w, primary } = step
  return { storeUID: world.storeUID, epoch, n, w, primary, seq: world.nowMs, timeMs: world.nowMs }
}

function* writeRecord(actor: Actor, step: Step<'establish' | 'setQuorum'>, isOpening = false): Act {
  const { world, watch } = actor
  let isAwaited = true
  const isDone = yield* command(actor, step.primary, (server) => {
    const held = server.head.record
    const { gate } = server
    // Both in one: no client's command comes in between.
    if (isOpening) server.gate = step.w
    if (!canWrite(server, world.nowMs) || (held && held.epoch > step.epoch)) {
      server.gate = gate
      return false
    }
    append(server, { record: recordOf(actor, step) })
    watch.onRecord(server, step.epoch, isAwaited)
    return true
  })
  isAwaited = false
  return isDone
}

function onlineOf(server: Server): number {
  return [...server.acks.keys()].filter((replica) => replica.link?.to === server && isLinkUp(replica)).length
}

function* establish(actor: Actor, step: Step<'establish'>): Act {
  const { world, watch } = actor
  watch.onGate(step.w)
  const shut = (server: Server): boolean => setGate(server, FENCED_W, world.goal.maxLagMs)
  if (!(yield* command(actor, step.primary, shut))) return false
  yield* each(step.replicas, (name) => follow(actor, name, step.primary))
  const untilMs = world.nowMs + ONLINE_TIMEOUT_MS
  for (;;) {
    const server = reachOf(world, step.primary)
    if (!server || world.nowMs > untilMs) return false
    if (onlineOf(server) >= step.w) break
    yield
  }
  if (!(yield* writeRecord(actor, step, true))) return false
  yield
  return yield* command(actor, step.primary, (server) => {
    server.servesStale = false
    return true
  })
}

function setGate(server: Server, w: number, maxLagMs: number): boolean {
  server.gate = w
  server.maxLagMs = maxLagMs
  return true
}

function* setQuorum(actor: Actor, step: Step<'setQuorum'>): Act {
  const { world, watch } = actor
  watch.onGate(step.w)
  const names = world.pods.map((pod) => pod.name).filter((name) => reachOf(world, name))
  const gate = (name: string): Act => command(actor, name, (server) => setGate(server, step.w, world.goal.maxLagMs))
  if (!(yield* each(names, gate))) return false
  return yield* writeRecord(actor, step)
}

function* demote(actor: Actor, { member, primary }: Step<'demote'>): Act {
  if (!(yield* command(actor, member, fence))) return false
  return yield* command(actor, member, (server) => {
    if (server.failover) return false
    followServer(server, primary)
    return true
  })
}

function* handOver(actor: Actor, { from, to }: Step<'handOver'>): Act {
  const { world } = actor
  yield
  const [old, next] = [reachOf(world, from), reachOf(world, to)]
  if (!old) return false
  if (old.failover) {
    abortFailover(old)
    return false
  }
  if (!next || next.link?.to !== old || !isLinkUp(next) || old.role !== 'master') return false
  if (!(yield* command(actor, to, (server) => setGate(server, FENCED_W, server.maxLagMs)))) return false
  const isBegun = yield* command(actor, from, (server) => {
    if (server !== old || server.role !== 'master' || next.link?.to !== server) return false
    server.failover = { target: next, phase: 'waiting', deadlineMs: world.nowMs + MOVE_TIMEOUT_MS }
    return true
  })
  if (!isBegun) return false
  const untilMs = world.nowMs + MOVE_WATCH_MS
  while (old.isAlive && old.failover && world.nowMs < untilMs) yield
  if (old.failover) {
    yield* command(actor, from, (server) => {
      abortFailover(server)
      return true
    })
    if (next.role === 'master') yield* command(actor, to, fence)
    return false
  }
  if (next.role !== 'master') return false
  return yield* command(actor, from, (server) => {
    cutClients(server)
    return true
  })
}

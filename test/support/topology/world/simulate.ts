import { type Client, newClients, tickClient } from './clients.ts'
import { tickCluster, type World } from './cluster.ts'
import { endFaults, type Fault, ON_VOLUMES, PLANNED, type Scene, setSize, tickFaults, UNPLANNED } from './faults.ts'
import { type Ack, Broken, lostWrites, type Watch, watchOver } from './invariants.ts'
import { newOperator, note, tickOperator } from './operator.ts'
import { randomOf } from './random.ts'
import { tickReplication } from './replication.ts'
import type { Server } from './server.ts'

const TICK_MS = 100
export const NODES = 8
/** Longest time in which a store must be whole again when nothing goes wrong any more. */
const RECOVERY_MS = 300_000
/** For so many ticks in a row nothing may be left to do. */
const WHOLE_TICKS = 5
const WRITE_CHANCE = 0.3
const STORY_LINES = 60

export type History = Readonly<{
  seed: number
  isPlannedOnly: boolean
  story: readonly string[]
  acknowledged: number
  lost: readonly Ack[]
  recoveryMs: number
  steps: number
}>

/** `hasVolumes`: servers come back with what they had, and all of them may go at once. */
export type SimulationOptions = Readonly<{ isPlannedOnly: boolean; hasVolumes?: boolean }>

/** Runs one random history to its end; throws with seed and story where a rule is broken. */
export function simulate(seed: number, options: SimulationOptions): History {
  const scene = newScene(seed)
  const { world } = scene
  if (options.hasVolumes) world.disks = new Map()
  try {
    return run(scene, seed, options)
  } catch (error) {
    throw describe(error, seed, world)
  }
}

function run(scene: Scene, seed: number, options: SimulationOptions): History {
  const { world } = scene
  const watch = watchOver(world)
  const clients = newClients(NODES)
  const kinds = Object.values({
    ...PLANNED,
    ...(!options.isPlannedOnly && UNPLANNED),
    ...(options.hasVolumes && ON_VOLUMES),
  })
  const faultsUntilMs = world.random.between(15_000, 40_000)
  let nextFaultMs = world.random.between(0, 6000)
  let wholeTicks = 0
  for (; world.nowMs - faultsUntilMs <= RECOVERY_MS; world.nowMs += TICK_MS) {
    const isOver = world.nowMs >= faultsUntilMs
    if (!isOver && world.nowMs >= nextFaultMs) {
      doFault(scene, kinds)
      nextFaultMs = world.nowMs + world.random.between(200, 7000)
    }
    if (isOver) endFaults(scene)
    tickWorld(scene, watch, clients)
    const primary = isOver ? findWhole(scene) : undefined
    wholeTicks = primary ? wholeTicks + 1 : 0
    if (primary && wholeTicks > WHOLE_TICKS) return end(scene, watch.acks, { seed, options, primary, faultsUntilMs })
  }
  throw new Broken('the store does not get well again')
}

function doFault({ world, ...scene }: Scene, kinds: readonly Fault[]): void {
  const line = world.random.pick(kinds)?.({ world, ...scene })
  if (line) note(world, `* ${line}`)
}

/** A tenth of a second of everything. */
export function tickWorld(scene: Scene, watch: Watch, clients: readonly Client[]): void {
  const { world, operator } = scene
  tickFaults(scene)
  tickCluster(world)
  tickReplication(world)
  for (const client of clients) if (world.random.chance(WRITE_CHANCE)) tickClient(world, watch, client)
  tickOperator(world, watch, operator)
  watch.onTick()
}

type End = Readonly<{
  seed: number
  options: SimulationOptions
  primary: Server
  faultsUntilMs: number
}>

function end({ world }: Scene, acks: readonly Ack[], { seed, options, primary, faultsUntilMs }: End): History {
  const lost = lostWrites(acks, primary)
  if (options.isPlannedOnly && lost.length > 0)
    throw new Broken(
      `${lost.length} acknowledged writes are lost though nothing went wrong, the first at ${lost[0]?.atMs} ms on ${lost[0]?.server}`,
    )
  return {
    seed,
    isPlannedOnly: options.isPlannedOnly,
    story: world.notes,
    acknowledged: acks.length,
    lost,
    recoveryMs: world.nowMs - faultsUntilMs,
    steps: world.notes.length,
  }
}

export function newScene(seed: number): Scene {
  const random = randomOf(seed)
  const fewest = random.chance(0.3) ? 1 : 2
  const world: World = {
    nowMs: 0,
    random,
    storeUID: random.chance(0.3) ? 'uid-majority' : 'uid-bounded',
    goal: {
      n: 3,
      w: 1,
      maxLagMs: 2000,
      downAfterMs: 3000,
      whenDegraded: random.chance(0.8) ? 'Relax' : 'Refuse',
      preparedHash: 'hash-0',
      isSuspended: false,
    },
    fewest,
    template: 0,
    replicas: 3,
    mark: undefined,
    intent: undefined,
    statusEpoch: 0,
    isForgetful: false,
    pods: [],
    nodes: Array.from({ length: NODES }, (_, index) => ({
      index,
      isOn: true,
      isReady: true,
      isDeleted: false,
      changedMs: 0,
    })),
    servers: [],
    cuts: new Set(),
    isApiDown: false,
    unpreparable: new Map(),
    runs: [],
    removed: new Map(),
    ghosts: [],
    disks: undefined,
    serial: 0,
    notes: [],
  }
  setSize(world, random.chance(0.6) ? 3 : random.between(fewest, 5))
  world.replicas = world.goal.n
  return { world, operator: newOperator(), later: [] }
}

/** The server of the primary, when all is as the goal wants it and the plan has nothing more to do. */
export function findWhole({ world, operator }: Scene): Server | undefined {
  const { goal, mark, pods } = world
  const w = Math.min(goal.w, goal.n - 1)
  if (operator.plan?.step.kind !== 'none' || world.intent || world.replicas !== goal.n) return undefined
  if (!mark || mark.n !== goal.n || mark.w !== w || mark.maxLagMs !== goal.maxLagMs || pods.length !== goal.n)
    return undefined
  const isEachWell = pods.every(
    (pod) =>
      pod.isJoined &&
      pod.isReady &&
      pod.leavingSinceMs === undefined &&
      pod.template === world.template &&
      pod.server?.preparedHash === goal.preparedHash &&
      (pod.role === 'primary' || (pod.isReadable && pod.server.link?.state === 'up')),
  )
  const primary = pods.find((pod) => pod.role === 'primary')?.server
  const record = primary?.head.record
  if (!isEachWell || !primary || primary.role !== 'master' || primary.gate !== w || primary.maxLagMs !== goal.maxLagMs)
    return undefined
  if (record?.primary !== primary.name || record.n !== goal.n || record.w !== w || record.epoch !== mark.epoch)
    return undefined
  return pods.every((pod) => pod.server === primary || pod.server?.link?.to === primary) ? primary : undefined
}

function describe(error: unknown, seed: number, world: World): Error {
  const story = world.notes.slice(-STORY_LINES).join('\n  ')
  const message = error instanceof Error ? error.message : String(error)
  return new Error(`seed ${seed} at ${world.nowMs / 1000} s: ${message}\n  ${story}`, { cause: error })
}

import { planTopology, type TopologyPlan } from '../../../../src/sessionstore/plan/topology.ts'
import { tellWhole } from '../tell.ts'
import { type Act, type Actor, actOn } from './act.ts'
import { canReach, type World } from './cluster.ts'
import type { Watch } from './invariants.ts'
import { newMemory, observeWorld, reachOf } from './observe.ts'
import { append, canWrite } from './server.ts'

const RETRY_TICKS = 5
const REST_TICKS = 2
const HEARTBEAT_MS = 1000

/** The operator: one process after another. */
export type Operator = {
  process: Act | undefined
  plan: TopologyPlan | undefined
  /** When the next process begins. */
  startMs: number
  nextHeartbeatMs: number
}

export function newOperator(): Operator {
  return { process: undefined, plan: undefined, startMs: 0, nextHeartbeatMs: 0 }
}

export function tickOperator(world: World, watch: Watch, operator: Operator): void {
  if (!operator.process) {
    if (world.nowMs < operator.startMs) return
    operator.process = operate({ world, watch, memory: newMemory(world.nowMs) }, operator)
  }
  beat(world, operator)
  operator.process.next()
}

/** Ends the process between two effects; the next one knows nothing of it. */
export function killOperator(world: World, operator: Operator, awayMs: number): void {
  operator.process = undefined
  operator.plan = undefined
  operator.startMs = world.nowMs + awayMs
}

/** Observe, plan, one act; and again. */
function* operate(actor: Actor, operator: Operator): Act {
  const { world } = actor
  for (;;) {
    const facts = observeWorld(world, actor.memory)
    const plan = planTopology(facts)
    operator.plan = plan
    note(world, tellWhole(plan.step))
    if (!world.isApiDown) {
      world.statusEpoch = Math.max(world.statusEpoch, plan.epoch)
      if (plan.replicas !== world.replicas) {
        note(world, `size ${plan.replicas}`)
        world.replicas = plan.replicas
      }
    }
    const { kind } = plan.step
    const isDone = yield* actOn(actor, plan.step)
    const isIdle = kind === 'none' || kind === 'wait' || kind === 'blocked'
    actor.memory.isFresh = isDone && !isIdle
    const ticks = isDone ? (isIdle ? REST_TICKS : 0) : RETRY_TICKS
    for (let tick = 0; tick < ticks; tick += 1) yield
  }
}

/** Raises the record's seq on the held connection to the rightful primary, about once a second. */
function beat(world: World, operator: Operator): void {
  if (world.nowMs < operator.nextHeartbeatMs) return
  operator.nextHeartbeatMs = world.nowMs + HEARTBEAT_MS
  const name = operator.plan?.primary
  const server = name === undefined ? undefined : reachOf(world, name)
  const record = server?.head.record
  if (!server || !record || record.primary !== name || !canReach(world, 'operator', server.node)) return
  if (canWrite(server, world.nowMs)) append(server, { record: { ...record, seq: record.seq + 1, timeMs: world.nowMs } })
}

/** Adds a line to the story unless it only says the last one again. */
export function note(world: World, line: string): void {
  const last = world.notes.at(-1)
  if (last?.slice(last.indexOf('s ') + 2) === line) return
  world.notes.push(`${(world.nowMs / 1000).toFixed(1)}s ${line}`)
}

import type { EvictionPolicy } from '../api/v1alpha1/defaults.ts'
import type { CapacityStatus, SessionStoreStatus } from '../api/v1alpha1/sessionstorestatus.ts'
import type { ProbeFacts, ServerFacts } from '../redis/types.ts'
import type { Snapshot } from './observe.ts'
import { type CapacityFacts, type CapacityLevel, planCapacityStatus, readCapacity } from './plan/capacity.ts'
import type { WriteProbe } from './plan/conditions/inputs.ts'

/** For how long after an eviction a store counts as one that evicts. */
const EVICTING_MS = 300_000
/** Memory moves with every write: it is looked at now and then, and wakes a reconcile only when the status should change. */
const LOOK_EVERY_MS = 5000

/** Whose memory is looked at, and against what. */
export type CapacityTarget = Readonly<{
  primary: string
  eviction: EvictionPolicy
  backlogBytes: number
  limitBytes: number
}>

export type CapacityReport = Readonly<{ facts: CapacityFacts; status: CapacityStatus }>

/** What of a status this is about. */
type Told = Pick<SessionStoreStatus, 'capacity' | 'conditions'>

type Look = Readonly<{
  target: CapacityTarget
  probe: ServerFacts
  write: WriteProbe
  previous: Told | undefined
  nowMs: number
}>

export function capacityTarget({ spec, sizing }: Snapshot, primary: string | undefined): CapacityTarget | undefined {
  if (primary === undefined) return undefined
  const { limitBytes } = sizing
  // Without replicas there is no backlog.
  const backlogBytes = spec.replicas > 1 ? sizing.backlogBytes : 0
  return { primary, eviction: spec.eviction, backlogBytes, limitBytes }
}

/** What is remembered of a primary's memory; without it nothing is written for the first minutes. */
export class CapacityMemory {
  #evicted: Readonly<{ runId: string; keys: number; risenMs?: number }> | undefined
  #shownMs: number
  /** The status that was written last. */
  told: Told | undefined

  constructor(nowMs: number) {
    this.#shownMs = nowMs
  }

  /** What the status should say now. */
  report({ target, probe, write, previous, nowMs }: Look): CapacityReport | undefined {
    const { backlogBytes, limitBytes, eviction } = target
    const isEvicting = this.#noteEvicted(probe, nowMs)
    const before = levelBefore(previous)
    const facts = readCapacity({ probe, backlogBytes, limitBytes, eviction, isEvicting, write, before })
    if (!facts) return undefined
    const shown = { before: previous?.capacity, ageMs: nowMs - this.#shownMs }
    return { facts, status: planCapacityStatus(facts, shown) }
  }

  noteTold(status: Told, nowMs: number): void {
    // The first one may be from another process.
    const isChanged = this.told !== undefined && JSON.stringify(this.told.capacity) !== JSON.stringify(status.capacity)
    if (isChanged) this.#shownMs = nowMs
    this.told = status
  }

  #noteEvicted({ runId, evictedKeys: keys }: ServerFacts, nowMs: number): boolean {
    const before = this.#evicted
    const isRisen = before?.runId === runId && keys > before.keys
    const risenMs = isRisen ? nowMs : before?.runId === runId ? before.risenMs : undefined
    this.#evicted = { runId, keys, ...(risenMs !== undefined && { risenMs }) }
    return risenMs !== undefined && nowMs - risenMs < EVICTING_MS
  }
}

function levelBefore(status: Look['previous']): CapacityLevel | undefined {
  const condition = status?.conditions?.find(({ type }) => type === 'NearCapacity')
  return condition && condition.status !== 'Unknown' ? (condition.reason as CapacityLevel) : undefined
}

export type CapacityWatchOptions = Readonly<{
  facts: (member: string) => ProbeFacts
  write: () => WriteProbe
  memory: CapacityMemory
  nowMs: () => number
  wake: () => void
}>

/** Wakes a reconcile when what the status says of the memory is due to change. */
export class CapacityWatch {
  readonly #options: CapacityWatchOptions
  readonly #timer: NodeJS.Timeout
  #target: CapacityTarget | undefined

  constructor(options: CapacityWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  follow(target: CapacityTarget | undefined): void {
    this.#target = target
  }

  look(): void {
    const { facts, write, memory, nowMs, wake } = this.#options
    const target = this.#target
    const probe = target && facts(target.primary)
    if (!target || probe?.kind !== 'reached') return
    const previous = memory.told
    const report = memory.report({ target, probe, write: write(), previous, nowMs: nowMs() })
    if (!report) return
    const isSame = report.status === previous?.capacity && report.facts.level === levelBefore(previous)
    if (!isSame) wake()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

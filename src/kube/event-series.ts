import type { KubeEvent } from './resources.ts'

/** One event and its repetitions. */
export type EventSeries = {
  readonly key: string
  readonly event: KubeEvent
  /** Occurrences so far, and how many of them the API server knows. */
  count: number
  sentCount: number
  lastMs: number
  /** Repetitions are told to the API server at growing intervals. */
  flushAtMs: number
  flushEveryMs: number
}

const FIRST_FLUSH_MS = 10_000
const LONGEST_FLUSH_MS = 600_000
/** client-go's: an event that did not come for this long starts a new series. */
const SERIES_END_MS = 360_000
const MAX_SERIES = 1_000

/** The series that are still open; bounded, the oldest one leaves first. */
export class SeriesBook {
  readonly #open = new Map<string, EventSeries>()

  get size(): number {
    return this.#open.size
  }

  /** Counts a repetition; undefined when there is no open series of `key`. */
  repeat(key: string, nowMs: number): EventSeries | undefined {
    const series = this.#open.get(key)
    if (!series || nowMs - series.lastMs > SERIES_END_MS) return undefined
    series.count++
    series.lastMs = nowMs
    return series
  }

  start(key: string, event: KubeEvent, nowMs: number): EventSeries {
    const series: EventSeries = {
      key,
      event,
      count: 1,
      sentCount: 0,
      lastMs: nowMs,
      flushAtMs: nowMs + FIRST_FLUSH_MS,
      flushEveryMs: FIRST_FLUSH_MS,
    }
    this.#open.delete(key)
    this.#open.set(key, series)
    for (const oldest of this.#open.keys()) {
      if (this.#open.size <= MAX_SERIES) break
      this.#open.delete(oldest)
    }
    return series
  }

  /** Series whose repetitions are due; their next turn comes after twice the time. Closes those that ended. */
  takeDue(nowMs: number): readonly EventSeries[] {
    const due: EventSeries[] = []
    for (const series of this.#open.values()) {
      const isOver = nowMs - series.lastMs > SERIES_END_MS
      if (isOver) this.#open.delete(series.key)
      if (series.count === series.sentCount || (series.flushAtMs > nowMs && !isOver)) continue
      series.flushEveryMs = Math.min(LONGEST_FLUSH_MS, series.flushEveryMs * 2)
      series.flushAtMs = nowMs + series.flushEveryMs
      due.push(series)
    }
    return due
  }

  /** Everything that the API server does not know yet. */
  unsent(): readonly EventSeries[] {
    return [...this.#open.values()].filter(({ count, sentCount }) => count > sentCount)
  }

  /** When the next repetition is due. */
  nextFlushAtMs(): number | undefined {
    const times = this.unsent().map(({ flushAtMs }) => flushAtMs)
    return times.length > 0 ? Math.min(...times) : undefined
  }
}

const BURST = 25
const REFILL_MS = 60_000
const MAX_OBJECTS = 5_000

/** A budget of new events for each object: 25 at once, then one a minute. A looping reconcile cannot flood etcd. */
export class EventBudget {
  readonly #spent = new Map<string, Readonly<{ tokens: number; atMs: number }>>()

  /** Whether one more event about `object` is allowed; takes it from the budget. */
  spend(object: string, nowMs: number): boolean {
    const known = this.#spent.get(object) ?? { tokens: BURST, atMs: nowMs }
    const tokens = Math.min(BURST, known.tokens + (nowMs - known.atMs) / REFILL_MS)
    this.#spent.delete(object)
    this.#spent.set(object, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs })
    for (const oldest of this.#spent.keys()) {
      if (this.#spent.size <= MAX_OBJECTS) break
      this.#spent.delete(oldest)
    }
    return tokens >= 1
  }
}

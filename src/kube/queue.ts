import { type BackoffOptions, KeyBackoff } from './backoff.ts'
import { type Clock, MAX_TIMER_MS, systemClock } from './clock.ts'
import { DelayedKeys } from './delayed.ts'
import { Lanes } from './lanes.ts'
import { type KubeMetrics, noMetrics, type QueueMetrics } from './metrics.ts'

/** Priorities in use; any number will do, a higher one goes first. */
export const PRIORITY = {
  /** Initial list and resync: nobody waits for these. */
  low: -100,
  normal: 0,
  /** Users wait: something is down. */
  high: 100,
} as const

export type WorkQueueOptions = Readonly<{
  /** Label of the metrics. */
  name: string
  /** Delays of `addRateLimited`. Default 500 ms · 2ⁿ ≤ 5 min, up to 20 % off. */
  backoff?: BackoffOptions
  clock?: Clock
  metrics?: KubeMetrics
}>

/** `priority`: default PRIORITY.normal; a key that is queued already is raised, never lowered. */
export type AddOptions = Readonly<{ priority?: number }>

/**
 * A deduplicating queue of keys with client-go's semantics: a key is queued at most once, and never handed out while it is
 * being worked on; one added meanwhile comes again after `done`. Higher priorities first, then first in, first out.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #metrics: QueueMetrics
  readonly #backoff: KeyBackoff
  readonly #delayed = new DelayedKeys()
  readonly #lanes = new Lanes()
  /** Every key that wants a run, in a lane or waiting for its `done`. */
  readonly #dirty = new Map<string, Readonly<{ priority: number; sinceMs: number }>>()
  /** Keys handed out, with the time of that. */
  readonly #processing = new Map<string, number>()
  readonly #takers = new Set<(key: string | undefined) => void>()
  #timer: Readonly<{ atMs: number; cancel: () => void }> | undefined
  #isShutDown = false

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock ?? systemClock
    this.#backoff = new KeyBackoff(options.backoff)
    this.#metrics = (options.metrics ?? noMetrics).queue(options.name, {
      depths: () => this.#lanes.depths(),
      runningMs: () => [...this.#processing.values()].map((sinceMs) => this.#clock.monotonicMs() - sinceMs),
    })
  }

  /** Keys that could be taken now; neither the delayed ones nor those in work. */
  get length(): number {
    return this.#lanes.size
  }

  /** Keys handed out and not yet done. */
  get inWork(): number {
    return this.#processing.size
  }

  /** For how long the longest running key has been in work; 0 when none is. */
  longestRunMs(): number {
    const nowMs = this.#clock.monotonicMs()
    return Math.max(0, ...[...this.#processing.values()].map((sinceMs) => nowMs - sinceMs))
  }

  /** Asks for a run of `key`; nothing but a rise in priority when one is asked for already. */
  add(key: string, options: AddOptions = {}): void {
    if (this.#isShutDown) return
    const priority = options.priority ?? PRIORITY.normal
    const known = this.#dirty.get(key)
    if (known && known.priority >= priority) return
    this.#dirty.set(key, { priority, sinceMs: known?.sinceMs ?? this.#clock.monotonicMs() })
    if (known) {
      this.#lanes.move(key, { from: known.priority, to: priority })
      return
    }
    this.#metrics.added()
    if (this.#processing.has(key)) return
    this.#lanes.push(key, priority)
    this.#dispatch()
  }

  /** Adds `key` in `delayMs`; of several delays of a key the earliest counts. */
  addAfter(key: string, delayMs: number, options: AddOptions = {}): void {
    if (this.#isShutDown) return
    if (!(delayMs > 0)) {
      this.add(key, options)
      return
    }
    const atMs = this.#clock.monotonicMs() + delayMs
    this.#delayed.add({ key, atMs, priority: options.priority ?? PRIORITY.normal })
    this.#arm()
  }

  /** Adds `key` after its backoff, which grows with each call until `forget`. Returns the delay. */
  addRateLimited(key: string, options: AddOptions & Readonly<{ atLeastMs?: number }> = {}): number {
    const delayMs = Math.max(this.#backoff.nextMs(key), options.atLeastMs ?? 0)
    this.#metrics.retried()
    this.addAfter(key, delayMs, options)
    return delayMs
  }

  /** After a success: the next backoff of `key` starts anew. */
  forget(key: string): void {
    this.#backoff.forget(key)
  }

  /** Failures of `key` in a row. */
  attempts(key: string): number {
    return this.#backoff.attempts(key)
  }

  /** The next key, which is then in work until `done`; undefined after shutDown() or when `signal` is aborted. */
  take(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#isShutDown || signal?.aborted) return Promise.resolve(undefined)
    const key = this.#shift()
    if (key !== undefined) return Promise.resolve(key)
    return new Promise((resolve) => {
      const take = (taken: string | undefined): void => {
        this.#takers.delete(take)
        signal?.removeEventListener('abort', onAbort)
        resolve(taken)
      }
      const onAbort = (): void => take(undefined)
      this.#takers.add(take)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Ends the work on `key`; it is queued again at once when it was added meanwhile. */
  done(key: string): void {
    const sinceMs = this.#processing.get(key)
    if (sinceMs === undefined) return
    this.#processing.delete(key)
    this.#metrics.finished(this.#clock.monotonicMs() - sinceMs)
    const dirty = this.#dirty.get(key)
    if (!dirty || this.#isShutDown) return
    this.#lanes.push(key, dirty.priority)
    this.#dispatch()
  }

  /** Ends every take(), now and later, and ignores every add: what is queued is found again by the next process. */
  shutDown(): void {
    this.#isShutDown = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#delayed.clear()
    for (const take of [...this.#takers]) take(undefined)
  }

  #dispatch(): void {
    for (const take of this.#takers) {
      const key = this.#shift()
      if (key === undefined) return
      take(key)
    }
  }

  #shift(): string | undefined {
    const key = this.#lanes.shift()
    if (key === undefined) return undefined
    const nowMs = this.#clock.monotonicMs()
    this.#metrics.taken(nowMs - (this.#dirty.get(key)?.sinceMs ?? nowMs))
    this.#dirty.delete(key)
    this.#processing.set(key, nowMs)
    return key
  }

  #arm(): void {
    const atMs = this.#delayed.nextAtMs()
    if (atMs === undefined || (this.#timer && this.#timer.atMs <= atMs)) return
    this.#timer?.cancel()
    // The timer may fire early or be cut at its maximum: what is due is decided by the clock, not by the timer.
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(atMs - this.#clock.monotonicMs())))
    this.#timer = { atMs, cancel: this.#clock.schedule(() => this.#release(), delayMs) }
  }

  #release(): void {
    this.#timer = undefined
    for (const { key, priority } of this.#delayed.takeDue(this.#clock.monotonicMs())) this.add(key, { priority })
    this.#arm()
  }
}

import { backoffDelayMs } from './backoff.ts'
import type { Clock } from './clock.ts'
import type { OperatorError } from './errors.ts'

const FIRST_RETRY_MS = 800
const LONGEST_RETRY_MS = 30_000
const FORGET_FAILURES_MS = 120_000
/** A watch that lived for so long shows a server that is well: what breaks it then is not the last failure going on. */
const HEALTHY_WATCH_MS = 30_000

export type WatchRetryOptions = Readonly<{
  clock: Clock
  random: () => number
  /** How soon a forbidden kind is tried again. */
  forbiddenRetryMs: number
}>

/** How long a reflector waits after a failure: as the server asks, else 0.8 s · 2ⁿ ≤ 30 s, less up to a half. */
export class WatchRetry {
  readonly #options: WatchRetryOptions
  #attempt = 0
  #lastFailureMs = Number.NEGATIVE_INFINITY
  /** Once per watch that brought something, or a server that forgets everything at once would be asked in a tight loop. */
  #mayListAtOnce = true

  constructor(options: WatchRetryOptions) {
    this.#options = options
  }

  /** A watch brought something. */
  noteEvent(): void {
    this.#mayListAtOnce = true
  }

  /** A watch ended, of its own accord or not, after so long. */
  noteWatch(livedMs: number): void {
    if (livedMs >= HEALTHY_WATCH_MS) this.#attempt = 0
  }

  /** Notes a failure; the time until the next try. */
  nextMs(error: OperatorError): number {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#lastFailureMs > FORGET_FAILURES_MS) this.#attempt = 0
    this.#lastFailureMs = nowMs
    if (error.code === 'Gone' && this.#mayListAtOnce) {
      this.#mayListAtOnce = false
      return 0
    }
    const { random, forbiddenRetryMs } = this.#options
    // Many reflectors fail at one moment: later than asked, and not all at once.
    const spread = 1 + 0.2 * random()
    if (error.code === 'Forbidden') return forbiddenRetryMs * spread
    if (error.retryAfterMs !== undefined) return error.retryAfterMs * spread
    const attempt = this.#attempt
    this.#attempt += 1
    return backoffDelayMs(attempt, { baseMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS, jitter: 0.5, random })
  }
}

import type { BackoffOptions } from './backoff.ts'
import { type Clock, systemClock } from './clock.ts'
import { OperatorError, toOperatorError } from './errors.ts'
import { type Log, silentLog } from './log.ts'
import { type ControllerMetrics, type KubeMetrics, noMetrics, type ReconcileOutcome } from './metrics.ts'
import { PRIORITY, WorkQueue } from './queue.ts'
import type { Source } from './watches.ts'

/** How a reconcile ended: nothing left, again in `delayMs`, or again after the backoff. */
export type Result =
  | Readonly<{ kind: 'done' }>
  | Readonly<{ kind: 'after'; delayMs: number }>
  | Readonly<{ kind: 'rateLimited'; error?: unknown }>

/** Looks at the world, not at the event: it gets a key only. It must stop soon after `signal` is aborted. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<Result>

export type ControllerOptions = Readonly<{
  /** Label of metrics and log lines. */
  name: string
  reconcile: Reconcile
  /** What enqueues keys. */
  sources?: readonly Source[]
  /** Keys worked on at the same time; a single key never is. Default 4. */
  workers?: number
  /** Delays after failures. Default 500 ms · 2ⁿ ≤ 5 min. */
  backoff?: BackoffOptions
  /** A reconcile that takes longer has its signal aborted. Default 120,000. */
  timeoutMs?: number
  clock?: Clock
  log?: Log
  metrics?: KubeMetrics
}>

/** When a controller ends: `stop` takes no further key, `abort` also cuts the running reconciles short. */
export type RunSignals = Readonly<{ stop: AbortSignal; abort: AbortSignal }>

/** A queue and the workers that reconcile its keys. A thrown error, of whatever kind, costs a retry and never a worker. */
export class Controller {
  readonly name: string
  readonly queue: WorkQueue
  readonly #reconcile: Reconcile
  readonly #workers: number
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #log: Log
  readonly #metrics: ControllerMetrics

  constructor(options: ControllerOptions) {
    const {
      name,
      workers = 4,
      timeoutMs = 120_000,
      clock = systemClock,
      log = silentLog,
      metrics = noMetrics,
    } = options
    this.name = name
    this.queue = new WorkQueue({ name, clock, metrics, ...(options.backoff && { backoff: options.backoff }) })
    this.#reconcile = options.reconcile
    this.#workers = workers
    this.#timeoutMs = timeoutMs
    this.#clock = clock
    this.#log = log
    this.#metrics = metrics.controller(name, { workers })
    for (const source of options.sources ?? []) source((key, add) => this.queue.add(key, add))
  }

  /** A reconcile that outlived its signal by twice the limit does not hear it: its worker is lost until a restart. */
  isAlive(): boolean {
    return this.queue.longestRunMs() < 3 * this.#timeoutMs
  }

  /** Works until `stop` and resolves when the last running reconcile has ended. */
  async run(signals: RunSignals): Promise<void> {
    const onStop = (): void => this.queue.shutDown()
    signals.stop.addEventListener('abort', onStop, { once: true })
    if (signals.stop.aborted) onStop()
    await Promise.all(Array.from({ length: this.#workers }, () => this.#work(signals.abort)))
    signals.stop.removeEventListener('abort', onStop)
  }

  async #work(abort: AbortSignal): Promise<void> {
    for (;;) {
      const key = await this.queue.take(abort)
      if (key === undefined) return
      const startMs = this.#clock.monotonicMs()
      this.#metrics.started()
      const outcome = await this.#runOnce(key, abort)
      this.#metrics.ended(outcome, this.#clock.monotonicMs() - startMs)
      this.queue.done(key)
    }
  }

  async #runOnce(key: string, abort: AbortSignal): Promise<ReconcileOutcome> {
    const limit = new AbortController()
    const onAbort = (): void => limit.abort(abort.reason)
    abort.addEventListener('abort', onAbort, { once: true })
    const cancel = this.#clock.schedule(() => limit.abort(this.#timeoutError(key)), this.#timeoutMs)
    try {
      return this.#settle(key, await this.#reconcile(key, limit.signal))
    } catch (error) {
      if (abort.aborted) return 'error'
      return this.#fail(key, toOperatorError(limit.signal.aborted ? limit.signal.reason : error))
    } finally {
      cancel()
      abort.removeEventListener('abort', onAbort)
    }
  }

  #timeoutError(key: string): OperatorError {
    return new OperatorError(
      'Timeout',
      `Cannot reconcile ${this.name} "${key}": it took more than ${this.#timeoutMs} ms`,
    )
  }

  #settle(key: string, result: Result): ReconcileOutcome {
    switch (result.kind) {
      case 'done':
        this.queue.forget(key)
        return 'success'
      case 'after':
        this.queue.forget(key)
        this.queue.addAfter(key, result.delayMs)
        return 'requeue_after'
      case 'rateLimited':
        if (result.error !== undefined) return this.#fail(key, toOperatorError(result.error))
        this.queue.addRateLimited(key)
        return 'requeue'
    }
  }

  #fail(key: string, error: OperatorError): ReconcileOutcome {
    this.#metrics.failed(error)
    if (error.retry === 'Terminal') {
      this.queue.forget(key)
      this.#log.error({ controller: this.name, key, err: error }, 'Reconcile failed, no retry before a change')
      return 'error'
    }
    const atLeastMs = error.retryAfterMs ?? 0
    const retryInMs = Math.round(this.queue.addRateLimited(key, { priority: PRIORITY.normal, atLeastMs }))
    const fields = { controller: this.name, key, attempt: this.queue.attempts(key), retryInMs, err: error }
    if (error.retry === 'Conflict') this.#log.debug(fields, 'Reconcile met a newer object')
    else if (error.retry === 'Bug') this.#log.error(fields, 'Reconcile failed by a bug')
    else this.#log.warn(fields, 'Reconcile failed')
    return 'error'
  }
}

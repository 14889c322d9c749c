import { aborted, isBefore } from './abort.ts'
import { type Clock, systemClock, wait } from './clock.ts'
import type { RunSignals } from './controller.ts'
import type { LeaderElector } from './lease.ts'
import { type Log, silentLog } from './log.ts'

/** What fills a cache: it runs warm in every process, leader or not. */
export type Cache = Readonly<{
  start(signal: AbortSignal): unknown
  /** Resolves when the first list is in the store, or when the kind is known to be forbidden. */
  synced: Promise<void>
}>

/** What works while this process leads: a controller, or a loop of the same manners. */
export type Worker = Readonly<{ name: string; run(signals: RunSignals): Promise<void> }>

export type Elector = Pick<LeaderElector, 'acquire' | 'lost' | 'release'>

export type ManagerOptions = Readonly<{
  /** Without one the workers start as soon as the caches are full. */
  elector?: Elector
  /** How long running reconciles may go on after a stop. Default 15,000; less than the pod's grace period. */
  gracePeriodMs?: number
  /** How long each closer may take before it is left behind. Default 5,000. */
  closePeriodMs?: number
  /** How long aborted ones have before they are left behind. Default 1,000; less than lease minus renew deadline. */
  abortPeriodMs?: number
  clock?: Clock
  log?: Log
}>

export type ManagerState = 'created' | 'syncing' | 'standby' | 'leading' | 'stopping' | 'stopped'

type Closer = Readonly<{ name: string; close(): Promise<void> }>

/**
 * Starts and ends everything in order: caches, full caches, leadership, workers; on the way out workers, lease, closers,
 * caches. A standby has its caches full, so that a takeover costs no list.
 */
export class Manager {
  readonly #elector: Elector | undefined
  readonly #gracePeriodMs: number
  readonly #abortPeriodMs: number
  readonly #closePeriodMs: number
  readonly #clock: Clock
  readonly #log: Log
  readonly #caches: Cache[] = []
  readonly #workers: Worker[] = []
  readonly #closers: Closer[] = []
  readonly #stop = new AbortController()
  readonly #abort = new AbortController()
  readonly #stopCaches = new AbortController()
  #state: ManagerState = 'created'
  #exitCode: 0 | 1 = 0

  constructor(options: ManagerOptions = {}) {
    this.#elector = options.elector
    this.#gracePeriodMs = options.gracePeriodMs ?? 15_000
    this.#abortPeriodMs = options.abortPeriodMs ?? 1_000
    this.#closePeriodMs = options.closePeriodMs ?? 5_000
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLog
  }

  get state(): ManagerState {
    return this.#state
  }

  /** Caches are full: a standby is ready too. */
  isReady(): boolean {
    return this.#state === 'standby' || this.#state === 'leading'
  }

  addCache(cache: Cache): void {
    this.#caches.push(cache)
  }

  addWorker(worker: Worker): void {
    this.#workers.push(worker)
  }

  /** Called in order of addition after the lease was given back: flush what is still in memory. */
  addCloser(closer: Closer): void {
    this.#closers.push(closer)
  }

  /** Runs until `signal` is aborted (0) or the leadership or a worker is lost (1); resolves with the exit code. */
  async run(signal: AbortSignal): Promise<0 | 1> {
    const ending = AbortSignal.any([signal, this.#abort.signal])
    this.#enter('syncing')
    for (const cache of this.#caches) this.#startCache(cache)
    const isSynced = await isBefore(ending, Promise.all(this.#caches.map(({ synced }) => synced)))
    if (isSynced) this.#enter('standby')
    const isLeading = isSynced && (this.#elector ? await this.#elector.acquire(ending) : !ending.aborted)
    if (isLeading) await this.#lead(ending)
    await this.#close()
    return this.#exitCode
  }

  async #lead(ending: AbortSignal): Promise<void> {
    this.#enter('leading')
    const lost = this.#elector?.lost ?? new AbortController().signal
    const signals: RunSignals = { stop: this.#stop.signal, abort: this.#abort.signal }
    const work = Promise.all(this.#workers.map((worker) => this.#runWorker(worker, signals)))
    lost.addEventListener('abort', () => this.#fail('Leadership lost, ending at once'), { once: true })
    if (lost.aborted) this.#fail('Leadership lost, ending at once')
    await aborted(ending)
    this.#enter('stopping')
    this.#stop.abort()
    const hasEnded = (await this.#within(this.#gracePeriodMs, work)) || (await this.#endHard(work))
    // Whoever still works may still write: then the lease has to run out by itself.
    if (hasEnded && !lost.aborted) await this.#elector?.release()
  }

  async #endHard(work: Promise<unknown>): Promise<boolean> {
    this.#abort.abort()
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const cancel = this.#clock.schedule(() => resolve(false), this.#abortPeriodMs)
    const hasEnded = await Promise.race([work.then(() => true), promise])
    cancel()
    if (!hasEnded) this.#fail('Workers did not end in time')
    return hasEnded
  }

  /** Whether `work` ended before the time was up and before an abort. */
  async #within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
    const waiting = new AbortController()
    const limit = wait(this.#clock, limitMs, AbortSignal.any([waiting.signal, this.#abort.signal]))
    const hasEnded = await Promise.race([work.then(() => true), limit.then(() => false)])
    waiting.abort()
    return hasEnded
  }

  async #runWorker(worker: Worker, signals: RunSignals): Promise<void> {
    try {
      await worker.run(signals)
    } catch (error) {
      this.#log.error({ worker: worker.name, err: error }, 'Worker ended by a bug')
      this.#fail('Worker lost, ending')
    }
  }

  #startCache(cache: Cache): void {
    Promise.resolve(cache.start(this.#stopCaches.signal)).catch((error: unknown) => {
      this.#log.error({ err: error }, 'Reflector ended by a bug')
      this.#fail('Reflector lost, ending')
    })
  }

  async #close(): Promise<void> {
    for (const closer of this.#closers) await this.#closeOne(closer)
    this.#stopCaches.abort()
    this.#enter('stopped')
  }

  /** An API server that does not answer must not keep the process from its end. */
  async #closeOne({ name, close }: Closer): Promise<void> {
    const ended = new AbortController()
    const limit = wait(this.#clock, this.#closePeriodMs, ended.signal)
    const closing = close().catch((error: unknown) => this.#log.warn({ closer: name, err: error }, 'Close failed'))
    const first = await Promise.race([closing.then(() => 'closed'), limit])
    ended.abort()
    if (first === 'elapsed') this.#log.warn({ closer: name }, 'Close took too long')
  }

  #fail(message: string): void {
    this.#exitCode = 1
    this.#log.error({}, message)
    this.#abort.abort()
  }

  #enter(state: ManagerState): void {
    this.#state = state
    this.#log.info({ state }, 'Manager state')
  }
}

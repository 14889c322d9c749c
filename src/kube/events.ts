import { backoffDelayMs } from './backoff.ts'
import { type Clock, systemClock, toMicroTime, wait } from './clock.ts'
import { type ErrorCode, hasCode, type OperatorError, toOperatorError } from './errors.ts'
import { buildEvent, type EventRecord, type EventSink, objectKey, seriesKey } from './event-object.ts'
import { EventBudget, type EventSeries, SeriesBook } from './event-series.ts'
import { type Log, silentLog } from './log.ts'
import { type KubeMetrics, noMetrics } from './metrics.ts'
import type { CreateOptions, ObjectRef, PatchOptions } from './requests.ts'
import { EVENTS, type KubeEvent } from './resources.ts'
import type { Resource } from './types.ts'

export type { EventRecord, EventSink } from './event-object.ts'

/** What the recorder needs of a KubeClient. */
export type EventClient = Readonly<{
  create(resource: Resource<KubeEvent>, object: KubeEvent, options: CreateOptions): Promise<KubeEvent>
  patch(resource: Resource<KubeEvent>, ref: ObjectRef, options: PatchOptions): Promise<KubeEvent>
}>

export type EventRecorderOptions = Readonly<{
  client: EventClient
  /** `reportingController`, a qualified name: `sessionstore.dev/operator`. */
  controller: string
  /** `reportingInstance`: the pod's name, at most 128 bytes. */
  instance: string
  fieldManager: string
  /** Events waiting to be sent; more are dropped. Default 1,000. */
  maxPending?: number
  clock?: Clock
  random?: () => number
  log?: Log
  metrics?: KubeMetrics
}>

const MAX_ATTEMPTS = 5
const TIMEOUT_MS = 5_000
/** The namespace is gone or going. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['NotFound', 'Forbidden'])

/**
 * Sends events in the background, one request at a time. A repetition makes a series of the first one: a count that is
 * written at growing intervals. New events are capped for each object, and what cannot be sent is counted, not thrown.
 */
export class EventRecorder implements EventSink {
  readonly #options: EventRecorderOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #log: Log
  readonly #metrics: KubeMetrics
  readonly #book = new SeriesBook()
  readonly #budget = new EventBudget()
  readonly #pending = new Set<EventSeries>()
  readonly #closing = new AbortController()
  #sending: Promise<void> | undefined
  #timer: Readonly<{ atMs: number; cancel: () => void }> | undefined

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#log = options.log ?? silentLog
    this.#metrics = options.metrics ?? noMetrics
  }

  record(record: EventRecord): void {
    if (this.#closing.signal.aborted) return
    const nowMs = this.#clock.monotonicMs()
    const key = seriesKey(record)
    if (this.#book.repeat(key, nowMs)) {
      this.#arm()
      return
    }
    const isAllowed = this.#pending.size < (this.#options.maxPending ?? 1_000)
    if (!isAllowed || !this.#budget.spend(objectKey(record.regarding), nowMs)) {
      this.#metrics.event('dropped')
      return
    }
    const wallMs = this.#clock.nowMs()
    const { controller, instance } = this.#options
    const event = buildEvent(record, { controller, instance, nowMs: wallMs, suffix: this.#suffix(wallMs) })
    this.#send(this.#book.start(key, event, nowMs))
  }

  /** Sends what is unsent, once, without retries; then records nothing more. */
  async close(): Promise<void> {
    this.#timer?.cancel()
    this.#closing.abort()
    for (const series of this.#book.unsent()) this.#send(series)
    await this.#sending
  }

  #suffix(wallMs: number): string {
    const random = Math.floor(this.#random() * 2 ** 32)
    return `${wallMs.toString(16)}${random.toString(16).padStart(8, '0')}`
  }

  #send(series: EventSeries): void {
    this.#pending.add(series)
    this.#sending ??= this.#drain()
  }

  async #drain(): Promise<void> {
    // A turn later: record() must return before the first request is built.
    await Promise.resolve()
    for (const series of this.#pending) {
      this.#pending.delete(series)
      await this.#deliver(series)
    }
    this.#sending = undefined
    this.#arm()
  }

  /** Never rejects. */
  async #deliver(series: EventSeries): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const { count } = series
      const error = await this.#trySend(series)
      // A first try that timed out may have arrived.
      if (!error || error.code === 'AlreadyExists') {
        series.sentCount = error ? 1 : count
        if (!error) this.#metrics.event('sent')
        return
      }
      const isLast = attempt + 1 >= MAX_ATTEMPTS || this.#closing.signal.aborted
      if (isLast || error.retry !== 'Transient' || HOPELESS.has(error.code)) {
        series.sentCount = count
        this.#metrics.event('failed')
        this.#log.warn({ reason: series.event.reason, err: error }, 'Event not sent')
        return
      }
      const delayMs = Math.max(error.retryAfterMs ?? 0, backoffDelayMs(attempt, { random: this.#random }))
      await wait(this.#clock, delayMs, this.#closing.signal)
    }
  }

  async #trySend(series: EventSeries): Promise<OperatorError | undefined> {
    try {
      await (series.sentCount === 0 ? this.#create(series) : this.#patch(series))
      return undefined
    } catch (error) {
      return toOperatorError(error)
    }
  }

  #create(series: EventSeries): Promise<KubeEvent> {
    const { client, fieldManager } = this.#options
    const event = series.count > 1 ? { ...series.event, series: this.#seriesOf(series) } : series.event
    return client.create(EVENTS, event, { fieldManager, timeoutMs: TIMEOUT_MS })
  }

  async #patch(series: EventSeries): Promise<KubeEvent> {
    const { client, fieldManager } = this.#options
    const { namespace, name } = series.event.metadata
    const body = { series: this.#seriesOf(series) }
    try {
      const options = { kind: 'merge', body, fieldManager, timeoutMs: TIMEOUT_MS } as const
      return await client.patch(EVENTS, { namespace, name }, options)
    } catch (error) {
      // Events live an hour by default: the first of a long series is gone, its successor tells the whole count.
      if (hasCode(error, 'NotFound')) return this.#create(series)
      throw error
    }
  }

  #seriesOf({ count, lastMs }: EventSeries): NonNullable<KubeEvent['series']> {
    const agoMs = this.#clock.monotonicMs() - lastMs
    return { count, lastObservedTime: toMicroTime(this.#clock.nowMs() - agoMs) }
  }

  #arm(): void {
    const atMs = this.#book.nextFlushAtMs()
    if (atMs === undefined || this.#closing.signal.aborted || (this.#timer && this.#timer.atMs <= atMs)) return
    this.#timer?.cancel()
    const delayMs = Math.max(0, atMs - this.#clock.monotonicMs())
    this.#timer = { atMs, cancel: this.#clock.schedule(() => this.#flush(), delayMs) }
  }

  #flush(): void {
    this.#timer = undefined
    for (const series of this.#book.takeDue(this.#clock.monotonicMs())) this.#send(series)
    this.#arm()
  }
}

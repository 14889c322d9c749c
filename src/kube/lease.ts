import { type Clock, systemClock, wait } from './clock.ts'
import { hasCode, OperatorError, toOperatorError } from './errors.ts'
import { freeLease, holderOf, holdLease, type LeaseAccess, type LeaseClient, readLease } from './lease-client.ts'
import { LeaseObserver } from './lease-observer.ts'
import { type Log, silentLog } from './log.ts'
import { type KubeMetrics, noMetrics } from './metrics.ts'
import type { Lease } from './types.ts'

export type LeaderElectorOptions = Readonly<{
  client: LeaseClient
  namespace: string
  name: string
  /** Unique per process, not per pod: two processes of one identity would both lead. */
  identity: string
  fieldManager: string
  /** Others wait this long after the last renewal they saw; whole seconds. Default 6,000. */
  leaseDurationMs?: number
  /** The leader gives up when it could not renew for this long; less than the lease. Default 4,000. */
  renewDeadlineMs?: number
  /** Time between renewals; less than the deadline. Default 2,000. */
  retryPeriodMs?: number
  /** Told whenever another identity is seen to hold the lease. */
  onNewLeader?: (identity: string) => void
  clock?: Clock
  log?: Log
  metrics?: KubeMetrics
}>

type State =
  | Readonly<{ kind: 'standby' }>
  /** `renewedAtMs`: when the last successful write was sent, which is before anybody could see it. */
  | Readonly<{ kind: 'leading'; lease: Lease; renewedAtMs: number }>
  | Readonly<{ kind: 'ended' }>

/**
 * Leader election on a Lease by client-go's rules: only differences of the local monotonic clock count. A candidate
 * watches the lease, so that a clean exit is followed at once and a kill as soon as the lease has run out. Leadership is
 * had once; after a loss the process ends.
 */
export class LeaderElector {
  readonly #access: LeaseAccess
  readonly #observer: LeaseObserver
  readonly #renewDeadlineMs: number
  readonly #retryPeriodMs: number
  readonly #clock: Clock
  readonly #log: Log
  readonly #metrics: KubeMetrics
  readonly #lost = new AbortController()
  readonly #stopRenewal = new AbortController()
  #state: State = { kind: 'standby' }
  #renewal: Promise<void> = Promise.resolve()
  #cancelDeadline: () => void = () => undefined

  constructor(options: LeaderElectorOptions) {
    const { leaseDurationMs = 6_000, renewDeadlineMs = 4_000, retryPeriodMs = 2_000 } = options
    const { client, namespace, name, identity, fieldManager, onNewLeader } = options
    checkPeriods([leaseDurationMs, renewDeadlineMs, retryPeriodMs])
    // A renewal on a dead connection must leave time for another one before the deadline.
    const timeoutMs = (renewDeadlineMs - retryPeriodMs) / 2
    this.#access = { client, namespace, name, identity, fieldManager, leaseDurationMs, timeoutMs }
    this.#renewDeadlineMs = renewDeadlineMs
    this.#retryPeriodMs = retryPeriodMs
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLog
    this.#metrics = options.metrics ?? noMetrics
    this.#observer = new LeaseObserver({
      access: this.#access,
      retryPeriodMs,
      clock: this.#clock,
      log: this.#log,
      onNewHolder: (holder) => {
        this.#log.info({ holder }, 'Lease is held')
        onNewLeader?.(holder)
      },
    })
  }

  /** Aborted once the leadership could not be kept; never by release(). */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Whether the own lease has not run out, by the local clock: right even after the process was frozen. */
  isLeader(): boolean {
    return this.#clock.monotonicMs() < this.validUntilMs()
  }

  /** Until when nobody else can hold the lease, on the clock's monotonic scale; 0 when it is not ours. */
  validUntilMs(): number {
    return this.#state.kind === 'leading' ? this.#state.renewedAtMs + this.#access.leaseDurationMs : 0
  }

  /** Waits for the leadership, then keeps it in the background; false when `signal` came first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    this.#metrics.leader(this.#access.name, false)
    while (!signal.aborted) {
      if (await this.#tryAcquire(signal)) return true
      await this.#observer.awaitTurn(signal)
    }
    return false
  }

  /** Gives the lease back, so that the next one takes it at once. Only after all work has ended; never throws. */
  async release(): Promise<void> {
    if (this.#state.kind !== 'leading') return
    this.#stopRenewal.abort()
    // A renewal under way is waited for: cut off, it could still arrive and take the lease back.
    await this.#renewal
    if (this.#state.kind !== 'leading') return
    const { lease } = this.#state
    this.#end()
    try {
      await freeLease(this.#access, lease, this.#clock.nowMs())
      this.#log.info({}, 'Leadership released')
    } catch (error) {
      this.#log.warn({ err: toOperatorError(error) }, 'Lease not released, it has to run out')
    }
  }

  /** One try: a fresh read decides, so that a stalled watch can only make us wait longer. */
  async #tryAcquire(signal: AbortSignal): Promise<boolean> {
    const { identity } = this.#access
    // Nothing is held yet that could be lost: a first connection may take its time.
    const patient = { ...this.#access, timeoutMs: this.#renewDeadlineMs }
    try {
      const live = await readLease(patient, signal)
      if (live) this.#observer.observe(live)
      if (live && holderOf(live) !== identity && this.#observer.remainingMs() > 0) return false
      if (signal.aborted) return false
      const sentAtMs = this.#clock.monotonicMs()
      const lease = await holdLease(patient, live, this.#clock.nowMs())
      this.#state = { kind: 'leading', lease, renewedAtMs: sentAtMs }
    } catch (error) {
      const isExpected = signal.aborted || hasCode(error, 'Conflict', 'AlreadyExists')
      if (!isExpected) this.#log.warn({ err: toOperatorError(error) }, 'Lease not reached')
      return false
    }
    this.#metrics.leader(this.#access.name, true)
    this.#log.info({ identity }, 'Leadership acquired')
    this.#armDeadline()
    this.#renewal = this.#keepRenewing()
    return true
  }

  async #keepRenewing(): Promise<void> {
    const { signal } = this.#stopRenewal
    let pauseMs = this.#retryPeriodMs
    while ((await wait(this.#clock, pauseMs, signal)) === 'elapsed') {
      pauseMs = await this.#renew()
    }
  }

  /** Tries once and says when to try again: sooner after a failure, as there is not much time. */
  async #renew(): Promise<number> {
    const soonMs = this.#retryPeriodMs / 8
    if (this.#state.kind !== 'leading') return soonMs
    // A frozen process wakes up with every timer due, in no useful order: the clock decides.
    if (this.#deadlineAtMs() <= this.#clock.monotonicMs()) {
      this.#lose('the renew deadline has passed')
      return soonMs
    }
    try {
      const sentAtMs = this.#clock.monotonicMs()
      const lease = await holdLease(this.#access, this.#state.lease, this.#clock.nowMs())
      // Lost meanwhile: a late success must not bring the leadership back.
      if (this.#lost.signal.aborted) return soonMs
      this.#state = { kind: 'leading', lease, renewedAtMs: sentAtMs }
      this.#armDeadline()
      return this.#retryPeriodMs
    } catch (error) {
      this.#log.warn({ err: toOperatorError(error) }, 'Lease not renewed')
      const isKnown = hasCode(error, 'Conflict', 'NotFound') && (await this.#relearn())
      return isKnown ? 0 : soonMs
    }
  }

  /** Somebody else, or a renewal given up as lost, wrote the lease: whoever holds it now has it. True when it is ours. */
  async #relearn(): Promise<boolean> {
    try {
      const sentAtMs = this.#clock.monotonicMs()
      const live = await readLease(this.#access)
      if (live && holderOf(live) !== this.#access.identity) {
        this.#lose(`"${holderOf(live)}" holds the lease`)
        return false
      }
      const lease = live ?? (await holdLease(this.#access, undefined, this.#clock.nowMs()))
      if (this.#state.kind !== 'leading') return false
      const renewedAtMs = live ? this.#state.renewedAtMs : sentAtMs
      this.#state = { kind: 'leading', lease, renewedAtMs }
      return true
    } catch (error) {
      this.#log.warn({ err: toOperatorError(error) }, 'Lease not read')
      return false
    }
  }

  #deadlineAtMs(): number {
    return this.#state.kind === 'leading' ? this.#state.renewedAtMs + this.#renewDeadlineMs : 0
  }

  /** The deadline has its own timer: a request that hangs must not hold the loss back. */
  #armDeadline(): void {
    this.#cancelDeadline()
    const delayMs = this.#deadlineAtMs() - this.#clock.monotonicMs()
    this.#cancelDeadline = this.#clock.schedule(() => this.#lose('the renew deadline has passed'), delayMs)
  }

  #lose(why: string): void {
    if (this.#state.kind !== 'leading') return
    this.#end()
    this.#log.error({ why }, 'Leadership lost')
    this.#lost.abort(new OperatorError('Aborted', `Cannot keep Lease "${this.#access.name}": ${why}`))
  }

  #end(): void {
    this.#state = { kind: 'ended' }
    this.#cancelDeadline()
    this.#stopRenewal.abort()
    this.#metrics.leader(this.#access.name, false)
  }
}

function checkPeriods([leaseMs = 0, deadlineMs = 0, retryMs = 0]: readonly number[]): void {
  if (leaseMs > deadlineMs && deadlineMs > retryMs && retryMs > 0 && leaseMs % 1000 === 0) return
  const got = `${leaseMs}/${deadlineMs}/${retryMs} ms`
  throw new RangeError(`Cannot elect: lease/deadline/period is ${got}, must fall and the lease be whole seconds`)
}

import { type Clock, wait } from './clock.ts'
import { toOperatorError } from './errors.ts'
import { holderOf, type LeaseAccess } from './lease-client.ts'
import type { Log } from './log.ts'
import { LEASES } from './resources.ts'
import type { Lease } from './types.ts'

export type LeaseObserverOptions = Readonly<{
  access: LeaseAccess
  retryPeriodMs: number
  /** Told whenever another holder is seen. */
  onNewHolder: (identity: string) => void
  clock: Clock
  log: Log
}>

/**
 * Remembers when the lease was last seen to change, by the local monotonic clock: renewTime comes from another machine's
 * clock and is never compared.
 */
export class LeaseObserver {
  readonly #options: LeaseObserverOptions
  #seen: Readonly<{ lease: Lease; changedAtMs: number }> | undefined

  constructor(options: LeaseObserverOptions) {
    this.#options = options
  }

  /** Takes a fresh look into account; the time moves only when the holder's record did. */
  observe(lease: Lease): void {
    const previous = this.#seen
    const isSame = previous && recordOf(previous.lease) === recordOf(lease)
    this.#seen = { lease, changedAtMs: isSame ? previous.changedAtMs : this.#options.clock.monotonicMs() }
    const holder = holderOf(lease)
    if (holder && (!previous || holderOf(previous.lease) !== holder)) this.#options.onNewHolder(holder)
  }

  /** How long the holder seen last may still count on its lease; ≤ 0 when somebody else may take it. */
  remainingMs(): number {
    if (!this.#seen || !holderOf(this.#seen.lease)) return 0
    const { leaseDurationSeconds } = this.#seen.lease.spec ?? {}
    const durationMs = leaseDurationSeconds ? leaseDurationSeconds * 1000 : this.#options.access.leaseDurationMs
    return this.#seen.changedAtMs + durationMs - this.#options.clock.monotonicMs()
  }

  /** Sleeps until the lease has run out or is given back; a retry period at most where the watch does not work. */
  async awaitTurn(signal: AbortSignal): Promise<void> {
    const { clock, retryPeriodMs } = this.#options
    if (this.remainingMs() <= 0) {
      await wait(clock, retryPeriodMs, signal)
      return
    }
    const done = new AbortController()
    const end = AbortSignal.any([signal, done.signal])
    const following = this.#follow(end)
    try {
      while (!end.aborted && this.remainingMs() > 0) {
        const first = await Promise.race([following, wait(clock, this.remainingMs(), end)])
        if (first === 'cut') await wait(clock, Math.min(this.remainingMs(), retryPeriodMs), end)
        if (first !== 'elapsed') return
      }
    } finally {
      done.abort()
      await following
    }
  }

  /** `free`: given back or deleted. `cut`: the watch ended, for whatever reason. */
  async #follow(signal: AbortSignal): Promise<'free' | 'cut'> {
    const { access, log } = this.#options
    const { client, namespace, name } = access
    const resourceVersion = this.#seen?.lease.metadata.resourceVersion ?? ''
    const fieldSelector = `metadata.name=${name}`
    try {
      const events = client.watch(LEASES, { namespace, fieldSelector, resourceVersion, timeoutSeconds: 300, signal })
      for await (const event of events) {
        if (event.kind === 'deleted') return 'free'
        if (event.kind === 'added' || event.kind === 'modified') this.observe(event.object)
        if (this.remainingMs() <= 0) return 'free'
      }
    } catch (error) {
      if (!signal.aborted) log.debug({ err: toOperatorError(error) }, 'Watch of the lease ended')
    }
    return 'cut'
  }
}

function recordOf({ metadata, spec }: Lease): string {
  return JSON.stringify([
    metadata.uid,
    spec?.holderIdentity,
    spec?.renewTime,
    spec?.acquireTime,
    spec?.leaseTransitions,
  ])
}

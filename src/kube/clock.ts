/** Time as an input: the system clock in production, a hand-moved one in tests. */
export type Clock = Readonly<{
  /** Milliseconds since the epoch; may jump. Only for what others read (renewTime, eventTime). */
  nowMs(): number
  /** Milliseconds on a scale that never jumps; only differences mean something. */
  monotonicMs(): number
  /** Runs `callback` once after `delayMs`; the returned function cancels it. */
  schedule(callback: () => void, delayMs: number): () => void
}>

/** The longest delay that one timer of Node can take; a longer one would fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** The clock of the process. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
}

/** Waits `delayMs`, or less when `signal` is aborted; never rejects. */
export function wait(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<'elapsed' | 'aborted'> {
  if (signal?.aborted) return Promise.resolve('aborted')
  return new Promise((resolve) => {
    const cancel = clock.schedule(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve('elapsed')
    }, delayMs)
    function onAbort(): void {
      cancel()
      resolve('aborted')
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** RFC 3339 with microseconds, as Lease and Event take it (Kubernetes MicroTime). */
export function toMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z')
}

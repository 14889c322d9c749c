import type { UnreachableReason } from './types.ts'

/** What speaks against a member since it was last reached. Replaced whole with each sign. */
export type Suspicion = Readonly<{
  /** First sign, in ms since 1970: the clock of downAfter. */
  sinceMs?: number
  /** Failed attempts on fresh connections, in a row. */
  failures: number
  /** The held connection was closed by the other side, as the kernel does for a process that died. */
  isClosedByPeer: boolean
  /** First of the refusals in a row, on the monotonic clock. */
  refusedAtMs?: number
  isRefusalConfirmed: boolean
}>

/** Nothing speaks against the member. */
export const NO_SUSPICION: Suspicion = { failures: 0, isClosedByPeer: false, isRefusalConfirmed: false }

/** Waits between attempts: fast at first, as a restart is over in a moment. */
const BACKOFF_MS = [105, 200, 400, 800, 1000]

/** Two refusals that confirm a death lie at least so far apart. */
const CONFIRM_AFTER_MS = 100

/** The held connection owes an answer. */
export function suspect(suspicion: Suspicion, sinceMs: number): Suspicion {
  return { ...suspicion, sinceMs: suspicion.sinceMs ?? sinceMs }
}

/** The held connection was closed by the other side. */
export function suspectClosed(suspicion: Suspicion, sinceMs: number): Suspicion {
  return { ...suspect(suspicion, sinceMs), isClosedByPeer: true }
}

/**
 * A fresh connection failed. A refusal alone proves nothing (a packet filter refuses too); after a close by the peer, and
 * twice in a row 100 ms apart, it is a dead process. That stays true until the member is reached again.
 */
export function suspectFailed(
  suspicion: Suspicion,
  reason: UnreachableReason,
  at: Readonly<{ startedMs: number; monotonicMs: number }>,
): Suspicion {
  const { refusedAtMs, ...next } = { ...suspect(suspicion, at.startedMs), failures: suspicion.failures + 1 }
  if (reason !== 'Refused') return next
  if (refusedAtMs === undefined) return { ...next, refusedAtMs: at.monotonicMs }
  const isConfirmed = suspicion.isClosedByPeer && at.monotonicMs - refusedAtMs >= CONFIRM_AFTER_MS
  return { ...next, refusedAtMs, isRefusalConfirmed: suspicion.isRefusalConfirmed || isConfirmed }
}

/** When to look again, in ms. */
export function nextLookMs({ failures }: Suspicion, intervalMs: number): number {
  return failures === 0 ? intervalMs : Math.min(intervalMs, BACKOFF_MS[failures - 1] ?? intervalMs)
}

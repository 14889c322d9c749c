import type { EvictionPolicy } from '../../api/v1alpha1/defaults.ts'
import { formatBytes, parseQuantity } from '../../api/v1alpha1/quantity.ts'
import type { CapacityStatus } from '../../api/v1alpha1/sessionstorestatus.ts'
import type { ServerFacts } from '../../redis/types.ts'
import type { WriteProbe } from './conditions/inputs.ts'

const KI = 1024
const MI = 1024 * KI
/** Percent of maxmemory from which on, and down to which, a store is called near its capacity. */
const NEAR_PERCENT = 85
const CLEAR_PERCENT = 75
/** A server at its limit is below it for moments, whenever a connection has ended. */
const FULL_PERCENT = 98
/** What a recommended capacity would be used to. */
const RECOMMENDED_PERCENT = 70
const SMALLEST_BYTES = 64 * MI
/** How the shown amount follows the real one: at once when it is wrong by much, in time when by little. */
const MUCH = { percent: 10, afterMs: 60_000 } as const
/** More than rounding to two digits may be wrong by, or an amount between two digits would be written again and again. */
const LITTLE = { percent: 6, afterMs: 300_000 } as const

export type CapacityLevel = 'Enough' | 'NearLimit' | 'Evicting' | 'Full'

/** The memory of the primary against what it may have. */
export type CapacityFacts = Readonly<{
  /** What counts against maxmemory, with the backlog as if it were full: it fills with time and not with sessions. */
  usedBytes: number
  maxBytes: number
  limitBytes: number
  level: CapacityLevel
}>

export type CapacityInputs = Readonly<{
  probe: Pick<ServerFacts, 'usedMemoryBytes' | 'replicationBufferBytes' | 'maxMemoryBytes' | 'evictedKeys'>
  backlogBytes: number
  limitBytes: number
  eviction: EvictionPolicy
  /** Keys were evicted in the last minutes. */
  isEvicting: boolean
  write: WriteProbe
  /** What was said before: a store at the limit does not go back and forth. */
  before: CapacityLevel | undefined
}>

/** undefined: the server has no limit yet, as it was not prepared. */
export function readCapacity(inputs: CapacityInputs): CapacityFacts | undefined {
  const { probe, backlogBytes, limitBytes } = inputs
  const { usedMemoryBytes, replicationBufferBytes, maxMemoryBytes: maxBytes } = probe
  if (maxBytes === 0) return undefined
  const usedBytes = usedMemoryBytes - replicationBufferBytes + backlogBytes
  return { usedBytes, maxBytes, limitBytes, level: levelOf(inputs, (100 * usedBytes) / maxBytes) }
}

function levelOf({ probe, eviction, isEvicting, write, before }: CapacityInputs, percent: number): CapacityLevel {
  const isFull = 100 * probe.usedMemoryBytes >= FULL_PERCENT * probe.maxMemoryBytes
  if ((isFull && eviction === 'noeviction') || isOutOfMemory(write)) return 'Full'
  // A process that was just started has seen no eviction happen, and what is full goes on with the next session.
  if (isEvicting || (isFull && probe.evictedKeys > 0)) return 'Evicting'
  const wasNear = before !== undefined && before !== 'Enough'
  return percent >= (wasNear ? CLEAR_PERCENT : NEAR_PERCENT) ? 'NearLimit' : 'Enough'
}

/** The server's answer to a write that it has no memory for. */
export function isOutOfMemory(write: WriteProbe): boolean {
  return write.kind === 'failed' && write.message.startsWith('OOM')
}

/**
 * What the status shows: rounded to two digits, and the same as before until that is wrong by 10 % and a minute old, or
 * by less and five minutes old. So a store at rest is never written.
 */
export function planCapacityStatus(
  facts: CapacityFacts,
  shown: Readonly<{ before: CapacityStatus | undefined; ageMs: number }>,
): CapacityStatus {
  const { usedBytes, maxBytes, limitBytes, level } = facts
  const { before, ageMs } = shown
  const fixed = { max: formatBytes(maxBytes), limit: formatBytes(limitBytes) }
  const isSame = before?.max === fixed.max && before.limit === fixed.limit
  const wrongBy = percentBetween(usedBytes, before?.used)
  const isDue = [MUCH, LITTLE].some(({ percent, afterMs }) => wrongBy >= percent && ageMs >= afterMs)
  if (before && isSame && !isDue) return before
  const isShort = level === 'Evicting' || level === 'Full'
  const needed = isShort ? maxBytes * 1.5 : (usedBytes * 100) / RECOMMENDED_PERCENT
  const recommended = formatRounded(Math.max(SMALLEST_BYTES, needed))
  return { used: formatRounded(usedBytes), ...fixed, recommended }
}

function percentBetween(bytes: number, shown: string | number | undefined): number {
  const parsed = shown === undefined ? undefined : parseQuantity(shown)
  if (!parsed?.ok || parsed.value === 0n) return Number.POSITIVE_INFINITY
  const old = Number(parsed.value)
  return (100 * Math.abs(bytes - old)) / old
}

/** Two digits, in Mi or, below 10 Mi, in Ki. */
function formatRounded(bytes: number): string {
  const unit = bytes >= 10 * MI ? MI : KI
  const amount = Math.max(1, bytes / unit)
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(amount)) - 1)
  return `${Math.round(amount / digit) * digit}${unit === MI ? 'Mi' : 'Ki'}`
}

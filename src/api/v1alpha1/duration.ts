/** What a duration field accepts; the CRD carries the same text. */
export const DURATION_PATTERN = '^([0-9]{1,5}(h|m|s|ms)){1,4}$'
export const DURATION_MAX_LENGTH = 32

const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const WHOLE = new RegExp(DURATION_PATTERN)
const PART = /([0-9]+)(ms|h|m|s)/g

/** A parsed value, or the sentence that says what is wrong with the text. */
export type Parsed<T> = Readonly<{ ok: true; value: T } | { ok: false; error: string }>

/** Parses `1h30m`, `500ms`, … to milliseconds; a unit may appear more than once, the parts add up. */
export function parseDuration(text: string): Parsed<number> {
  if (text.length > DURATION_MAX_LENGTH || !WHOLE.test(text)) {
    return { ok: false, error: `duration is "${text}", must be 1 to 4 parts such as 1h, 30m, 5s or 250ms` }
  }
  let totalMs = 0
  for (const [, count, unit] of text.matchAll(PART)) {
    totalMs += Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  }
  return { ok: true, value: totalMs }
}

/** The shortest form that `parseDuration` reads back; the unit is h, m, s, ms; range 0 to 99,999 h. */
export function formatDuration(totalMs: number): string {
  let restMs = Math.round(totalMs)
  if (!Number.isFinite(restMs) || restMs < 0 || restMs >= 100_000 * UNIT_MS.h) {
    throw new RangeError(`Cannot format duration: milliseconds are ${totalMs}, must be 0 to 99,999 hours`)
  }
  let text = ''
  for (const [unit, unitMs] of Object.entries(UNIT_MS)) {
    const count = Math.floor(restMs / unitMs)
    restMs -= count * unitMs
    if (count > 0) text += `${count}${unit}`
  }
  return text || '0s'
}

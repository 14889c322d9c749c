import { setTimeout as delay } from 'node:timers/promises'
import { inspect } from 'node:util'

/** What a condition may answer while it does not hold. */
export type NotYet = undefined | null | false

/** How long to wait, and for what. */
export type UntilOptions = Readonly<{
  /** What is awaited, as the end of "waited for …". */
  what: string
  /** The longest wait, in ms. */
  deadlineMs: number
  /** Pause between two looks, in ms. Default: 200. */
  everyMs?: number
}>

/**
 * Waits until the condition gives a value other than undefined, null or false, and gives that value. This is the only
 * way to wait in a test. What the condition passed to `see`, or threw, is part of the error when the time is up: an
 * error of the condition counts as "not yet", as a server that restarts refuses for a while.
 */
export async function until<T>(
  condition: (see: (value: unknown) => void) => Promise<T | NotYet> | T | NotYet,
  options: UntilOptions,
): Promise<T> {
  const startedMs = performance.now()
  let seen: unknown = 'nothing'
  let looks = 0
  for (;;) {
    looks += 1
    try {
      const value = await condition((value) => {
        seen = value
      })
      if (value !== undefined && value !== null && value !== false) return value
    } catch (error) {
      seen = error
    }
    const waitedMs = Math.round(performance.now() - startedMs)
    if (waitedMs >= options.deadlineMs) {
      throw new Error(`Waited ${waitedMs} ms (${looks} looks) for ${options.what}; last seen: ${describe(seen)}`)
    }
    await delay(Math.min(options.everyMs ?? 200, Math.max(1, options.deadlineMs - waitedMs)))
  }
}

function describe(seen: unknown): string {
  if (seen instanceof Error) return seen.message
  return typeof seen === 'string' ? seen : inspect(seen, { depth: 6, breakLength: 120, maxStringLength: 2000 })
}

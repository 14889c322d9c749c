import type { Clock } from '../../src/kube/clock.ts'

type Timer = Readonly<{ atMs: number; order: number; callback: () => void }>

/** A clock that only moves when a test moves it. */
export type FakeClock = Clock &
  Readonly<{
    /** Moves on, timer by timer, and lets promises settle after each. */
    advance(byMs: number): Promise<void>
    /** Moves on, timer by timer, without letting promises settle. */
    tick(byMs: number): void
    /** Moves on at once without firing anything, as for a process that was frozen. */
    freeze(byMs: number): void
    /** Timers that wait. */
    timers(): number
  }>

/** Lets everything that is ready run, promises and immediates. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Builds a clock at 2026-01-01 on the wall and 1,000 on the monotonic scale. */
export function fakeClock(): FakeClock {
  const startMs = Date.UTC(2026, 0, 1)
  const timers = new Set<Timer>()
  let elapsedMs = 0
  let order = 0
  function next(limitMs: number): Timer | undefined {
    return [...timers].filter(({ atMs }) => atMs <= limitMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
  }
  function fire(timer: Timer): void {
    timers.delete(timer)
    elapsedMs = Math.max(elapsedMs, timer.atMs)
    timer.callback()
  }
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => 1_000 + elapsedMs,
    schedule(callback, delayMs) {
      const timer: Timer = { atMs: elapsedMs + Math.max(0, delayMs), order: order++, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(byMs) {
      const targetMs = elapsedMs + byMs
      await settle()
      for (let timer = next(targetMs); timer; timer = next(targetMs)) {
        fire(timer)
        await settle()
      }
      elapsedMs = targetMs
      await settle()
    },
    tick(byMs) {
      const targetMs = elapsedMs + byMs
      for (let timer = next(targetMs); timer; timer = next(targetMs)) fire(timer)
      elapsedMs = targetMs
    },
    freeze(byMs) {
      elapsedMs += byMs
    },
    timers: () => timers.size,
  }
}

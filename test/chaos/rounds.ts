import { expect } from 'chai'
import type { Outcome } from '../support/cluster/disturb.ts'
import { report, STUCK_MS } from '../support/cluster/report.ts'

/** Multiplies every count: 1 is the short set of CI, `npm run chaos` asks for more. */
const factor = Number(process.env['SESSIONSTORE_CHAOS_FACTOR'] ?? 1)

/** What an unplanned failover may lose: writes acknowledged in the last maxLag (2 s) and 1 s more. */
export const LOSS_BOUND_MS = 3000

/** How often a fault is done: `count` in CI, more by `SESSIONSTORE_CHAOS_FACTOR`. */
export function roundsOf(count: number): number {
  return Math.max(1, Math.round(count * factor))
}

/** Prints the spread over the rounds and asserts the bound of losses; that of times in the long run of `npm run chaos`. */
export function judge(title: string, outcomes: readonly Outcome[], bounds: Readonly<{ downtimeMs: number }>): void {
  const downtimes = outcomes.map(({ summary }) => summary.downtimeMs).sort((a, b) => a - b)
  const settled = outcomes.map(({ settledMs }) => settledMs).sort((a, b) => a - b)
  const lost = outcomes.reduce((sum, { verified }) => sum + verified.lost, 0)
  const acknowledged = outcomes.reduce((sum, { verified }) => sum + verified.checked, 0)
  const spanMs = Math.max(...outcomes.map(({ verified }) => verified.lostSpanMs))
  report(`${title} ×${outcomes.length}`, {
    downtimeP50Ms: at(downtimes, 0.5),
    downtimeP99Ms: at(downtimes, 0.99),
    downtimeMaxMs: downtimes.at(-1) ?? 0,
    readyP50Ms: at(settled, 0.5),
    readyMaxMs: settled.at(-1) ?? 0,
    acknowledged,
    lost,
    lostSpanMaxMs: spanMs,
  })
  expect(spanMs, 'time over which acknowledged writes were lost').to.be.at.most(LOSS_BOUND_MS)
  expect(at(downtimes, 0.99), 'gap in ms').to.be.at.most(factor > 1 ? bounds.downtimeMs : STUCK_MS)
}

/** The value that this share of all values does not exceed: with fewer than 100 rounds, p99 is the longest. */
function at(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { artifactsDir, type TierResult } from './run.ts'
import { setUpBudgetMinutes, tiers } from './tiers.ts'

/** Prints what failed, what was skipped, the time and budget of each tier, and as the last line the sums. */
export function printReport(results: readonly TierResult[], setUpMs: number, totalMs: number): void {
  for (const result of results) {
    for (const { title, message } of result.failed)
      console.log(`failed  ${nameOf(result)}: ${title}\n          ${message.split('\n').join('\n          ')}`)
    for (const title of result.skipped) console.log(`skipped ${nameOf(result)}: ${title}`)
  }
  const rows = [
    ['tier', 'passed', 'failed', 'skipped', 'took', 'budget'],
    ...(setUpMs > 0
      ? [['(set-up, beside the quick tiers)', '', '', '', minutes(setUpMs), `${setUpBudgetMinutes} min`]]
      : []),
    ...results.map((one) => {
      const { budgetMinutes } = tiers[one.tier]
      const budget = `${budgetMinutes} min${one.tookMs > budgetMinutes * 60_000 ? ' EXCEEDED' : ''}`
      return [
        nameOf(one),
        String(one.passed),
        String(one.failed.length),
        String(one.skipped.length),
        minutes(one.tookMs),
        budget,
      ]
    }),
    ['total', '', '', '', minutes(totalMs), '75 min'],
  ]
  console.log('')
  for (const row of rows)
    console.log(row.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(9))).join(''))
  const line = summaryLine(results)
  mkdirSync(artifactsDir, { recursive: true })
  writeFileSync(join(artifactsDir, 'summary.txt'), `${line}\n`)
  console.log(line)
}

function nameOf({ tier, engine }: TierResult): string {
  return engine ? `${tier} on ${engine}` : tier
}

/** `N passed, N failed, N skipped` over all tiers. */
export function summaryLine(results: readonly TierResult[]): string {
  let [passed, failed, skipped] = [0, 0, 0]
  for (const result of results) {
    passed += result.passed
    failed += result.failed.length
    skipped += result.skipped.length
  }
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`
}

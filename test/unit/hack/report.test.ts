import { expect } from 'chai'
import { summaryLine } from '../../../hack/test/report.ts'
import type { TierResult } from '../../../hack/test/run.ts'

function result(
  tier: TierResult['tier'],
  passed: number,
  failed: readonly string[],
  skipped: readonly string[],
): TierResult {
  return { tier, passed, failed: failed.map((title) => ({ title, message: 'why' })), skipped, tookMs: 1 }
}

describe('summaryLine()', () => {
  it('adds up the tiers', () => {
    const line = summaryLine([result('unit', 10, [], ['a']), result('chaos', 2, ['b', 'c'], [])])

    expect(line).to.equal('12 passed, 2 failed, 1 skipped')
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { backoffDelayMs, KeyBackoff } from '../../../src/kube/backoff.ts'

const plain = { random: () => 0 }

describe('backoffDelayMs()', () => {
  it('doubles from 500 ms', () => {
    expect([0, 1, 2, 3].map((attempt) => backoffDelayMs(attempt, plain))).to.deep.equal([500, 1_000, 2_000, 4_000])
  })

  it('stops at 5 minutes', () => {
    expect([9, 10, 64, 5_000].map((attempt) => backoffDelayMs(attempt, plain))).to.deep.equal([
      256_000, 300_000, 300_000, 300_000,
    ])
  })

  it('is never above the plain doubling and never more than the jitter below it', () => {
    const attempts = fc.nat(2_000)
    const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(attempts, randoms, fc.integer({ min: 1, max: 60_000 }), (attempt, random, baseMs) => {
        const most = Math.min(300_000, baseMs * 2 ** Math.min(attempt, 64))
        const delayMs = backoffDelayMs(attempt, { baseMs, random: () => random })
        expect(delayMs).to.be.within(most * 0.8, most)
      }),
    )
  })
})

describe('KeyBackoff', () => {
  it('counts each key by itself', () => {
    const backoff = new KeyBackoff(plain)

    expect([backoff.nextMs('a'), backoff.nextMs('a'), backoff.nextMs('b')]).to.deep.equal([500, 1_000, 500])
    expect(backoff.attempts('a')).to.equal(2)
  })

  it('starts anew after forget', () => {
    const backoff = new KeyBackoff(plain)
    backoff.nextMs('a')
    backoff.nextMs('a')

    backoff.forget('a')

    expect(backoff.attempts('a')).to.equal(0)
    expect(backoff.nextMs('a')).to.equal(500)
  })
})

import { expect } from 'chai'
import {
  NO_SUSPICION,
  nextLookMs,
  type Suspicion,
  suspect,
  suspectClosed,
  suspectFailed,
} from '../../../src/redis/suspicion.ts'
import type { UnreachableReason } from '../../../src/redis/types.ts'

/** Follows failures, each a reason and its time. */
function follow(start: Suspicion, ...failures: readonly (readonly [UnreachableReason, number])[]): Suspicion {
  return failures.reduce(
    (state, [reason, ms]) => suspectFailed(state, reason, { startedMs: ms, monotonicMs: ms }),
    start,
  )
}

const closed = suspectClosed(NO_SUSPICION, 1)

describe('suspectFailed()', () => {
  it('confirms two refusals 100 ms apart after a close by the peer', () => {
    expect(follow(closed, ['Refused', 10]).isRefusalConfirmed).to.equal(false)
    expect(follow(closed, ['Refused', 10], ['Refused', 109]).isRefusalConfirmed).to.equal(false)
    expect(follow(closed, ['Refused', 10], ['Refused', 110]).isRefusalConfirmed).to.equal(true)
    expect(follow(closed, ['Refused', 10], ['Refused', 50], ['Refused', 110]).isRefusalConfirmed).to.equal(true)
  })

  it('does not confirm refusals without a close: a packet filter refuses too', () => {
    expect(follow(NO_SUSPICION, ['Refused', 10], ['Refused', 500]).isRefusalConfirmed).to.equal(false)
  })

  it('begins to count again after another failure between', () => {
    expect(follow(closed, ['Refused', 10], ['Timeout', 60], ['Refused', 200]).isRefusalConfirmed).to.equal(false)
  })

  it('stays confirmed when the address stops answering at all', () => {
    expect(follow(closed, ['Refused', 10], ['Refused', 110], ['Timeout', 2000]).isRefusalConfirmed).to.equal(true)
  })

  it('keeps the time of the first sign', () => {
    expect(follow(suspect(NO_SUSPICION, 5), ['Timeout', 10], ['Timeout', 20]).sinceMs).to.equal(5)
    expect(suspect(closed, 7).sinceMs).to.equal(1)
  })

  it('leaves what it was given as it is', () => {
    const given = Object.freeze({ ...closed })
    expect(follow(given, ['Refused', 10])).not.to.equal(given)
  })
})

describe('nextLookMs()', () => {
  it('is fast at first and never slower than a second or the interval', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 50].map((failures) => nextLookMs({ ...NO_SUSPICION, failures }, 1000))
    expect(waits).to.deep.equal([1000, 105, 200, 400, 800, 1000, 1000, 1000])
    expect(nextLookMs({ ...NO_SUSPICION, failures: 9 }, 300)).to.equal(300)
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { formatDuration, parseDuration } from '../../../../src/api/v1alpha1/duration.ts'

describe('parseDuration()', () => {
  for (const [text, valueMs] of [
    ['720h', 2_592_000_000],
    ['30m', 1_800_000],
    ['5s', 5000],
    ['250ms', 250],
    ['1h30m', 5_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['1m1m', 120_000],
    ['0s', 0],
    ['99999h99999h99999h99999h', 4 * 99_999 * 3_600_000],
  ] as const) {
    it(`reads ${text} as ${valueMs} ms`, () => {
      expect(parseDuration(text)).to.deep.equal({ ok: true, value: valueMs })
    })
  }

  for (const text of ['', '5', '1d', '-5s', '1.5s', '5 s', '5S', '100000s', '1s1s1s1s1s', '5us', '5s\n']) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(parseDuration(text)).to.deep.equal({
        ok: false,
        error: `duration is "${text}", must be 1 to 4 parts such as 1h, 30m, 5s or 250ms`,
      })
    })
  }
})

describe('formatDuration()', () => {
  for (const [valueMs, want] of [
    [0, '0s'],
    [0.4, '0s'],
    [999, '999ms'],
    [4215, '4s215ms'],
    [5_400_000, '1h30m'],
  ] as const) {
    it(`writes ${valueMs} ms as ${want}`, () => {
      expect(formatDuration(valueMs)).to.equal(want)
    })
  }

  it('is read back to the same number', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999 * 3_600_000 }), (valueMs) => {
        expect(parseDuration(formatDuration(valueMs))).to.deep.equal({ ok: true, value: valueMs })
      }),
    )
  })

  for (const valueMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 100_000 * 3_600_000]) {
    it(`throws for ${valueMs}`, () => {
      expect(() => formatDuration(valueMs)).to.throw(RangeError, 'must be 0 to 99,999 hours')
    })
  }
})

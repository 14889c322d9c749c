import { expect } from 'chai'
import fc from 'fast-check'
import { isSameQuantity, parseQuantity } from '../../../src/kube/quantity.ts'

const billion = 1_000_000_000n

describe('parseQuantity()', () => {
  const cases: readonly (readonly [string | number, bigint])[] = [
    ['1', billion],
    [2, 2n * billion],
    ['1500m', 1_500_000_000n],
    ['1.5', 1_500_000_000n],
    ['.5Gi', 536_870_912n * billion],
    ['1.5Ki', 1536n * billion],
    ['1e3', 1000n * billion],
    ['1E3', 1000n * billion],
    ['25e-1', 2_500_000_000n],
    ['1E', 10n ** 18n * billion],
    ['128Mi', 134_217_728n * billion],
    ['-1k', -1000n * billion],
    ['5n', 5n],
    ['0.1n', 1n],
    ['12.', 12n * billion],
  ]
  for (const [text, amount] of cases) {
    it(`reads ${text}`, () => {
      expect(parseQuantity(text)).to.equal(amount)
    })
  }

  for (const text of ['', 'abc', 'Mi', '1 Gi', '1gi', '--1', '1.2.3', '1e', '0x10']) {
    it(`refuses "${text}"`, () => {
      expect(parseQuantity(text)).to.equal(undefined)
    })
  }

  it('gives one amount for every way to write it', () => {
    fc.assert(
      fc.property(fc.nat(100_000), (count) => {
        expect(isSameQuantity(`${count}Gi`, `${count * 1024}Mi`)).to.equal(true)
        expect(isSameQuantity(`${count}`, `${count * 1000}m`)).to.equal(true)
        expect(isSameQuantity(count, `${count + 1}`)).to.equal(false)
      }),
    )
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { formatBytes, normalQuantity, parseQuantity } from '../../../../src/api/v1alpha1/quantity.ts'

const values: readonly [text: string | number, value: bigint, normal: string][] = [
  ['128Mi', 134_217_728n, '128Mi'],
  ['1Gi', 1_073_741_824n, '1Gi'],
  ['1024Mi', 1_073_741_824n, '1Gi'],
  ['0.5Gi', 536_870_912n, '512Mi'],
  ['.5Gi', 536_870_912n, '512Mi'],
  ['1.5Gi', 1_610_612_736n, '1536Mi'],
  ['1Ki', 1024n, '1Ki'],
  ['0.1Ki', 103n, '102400m'],
  ['1024.1Ki', 1_048_679n, '1048678400m'],
  ['100M', 100_000_000n, '100M'],
  ['1000M', 1_000_000_000n, '1G'],
  ['1048576', 1_048_576n, '1048576'],
  [1_048_576, 1_048_576n, '1048576'],
  [1000, 1000n, '1k'],
  ['1e3', 1000n, '1e3'],
  ['1E3', 1000n, '1e3'],
  ['1e2', 100n, '100'],
  ['250m', 1n, '250m'],
  ['2000m', 2n, '2'],
  ['1.5', 2n, '1500m'],
  ['0.1n', 1n, '1n'],
  ['-1.5', -2n, '-1500m'],
  ['+5', 5n, '5'],
  ['0', 0n, '0'],
  ['0Mi', 0n, '0'],
  ['5.', 5n, '5'],
  ['8Ei', 9_223_372_036_854_775_807n, '9223372036854775807'],
  ['99999E', 9_223_372_036_854_775_807n, '9223372036854775807'],
]

describe('parseQuantity()', () => {
  for (const [text, value] of values) {
    it(`reads ${JSON.stringify(text)} as ${value}`, () => {
      expect(parseQuantity(text)).to.deep.equal({ ok: true, value })
    })
  }

  for (const text of [
    '',
    ' 1',
    '1 Mi',
    'Mi',
    '.',
    '1mi',
    '1MiB',
    '1KB',
    '0x10',
    '1e',
    '1e1.5',
    '--1',
    '1'.repeat(33),
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      const parsed = parseQuantity(text)

      expect(parsed).to.deep.equal({
        ok: false,
        error: `quantity is "${text}", must be a number with an optional unit such as 512Ki or 128Mi`,
      })
    })
  }
})

describe('normalQuantity()', () => {
  for (const [text, , normal] of values) {
    it(`writes ${JSON.stringify(text)} as ${normal}`, () => {
      expect(normalQuantity(text)).to.deep.equal({ ok: true, value: normal })
    })
  }

  it('keeps the value and is its own normal form', () => {
    const suffix = fc.constantFrom('', 'Ki', 'Mi', 'Gi', 'm', 'k', 'M', 'G')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 999 }), suffix, (a, b, unit) => {
        const text = `${a}.${b}${unit}`
        const normal = normalQuantity(text)
        if (!normal.ok) throw new Error(normal.error)

        expect(parseQuantity(normal.value)).to.deep.equal(parseQuantity(text))
        expect(normalQuantity(normal.value)).to.deep.equal(normal)
      }),
    )
  })
})

describe('formatBytes()', () => {
  for (const [bytes, want] of [
    [134_217_728, '128Mi'],
    [134_217_729, '134217729'],
    [1536 * 1024, '1536Ki'],
    [1000, '1k'],
    [0, '0'],
    [2n ** 63n - 1n, '9223372036854775807'],
  ] as const) {
    it(`writes ${bytes} as ${want}`, () => {
      expect(formatBytes(bytes)).to.equal(want)
    })
  }

  it('is read back to the same number of bytes', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (bytes) => {
        expect(parseQuantity(formatBytes(bytes))).to.deep.equal({ ok: true, value: bytes })
      }),
    )
  })
})

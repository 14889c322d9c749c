import { expect } from 'chai'
import { LABEL_VALUE, type LabelSelector, matchesLabels } from '../../../src/api/labelselector.ts'

const labels = { team: 'a', empty: '' }
const term = (key: string, operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', ...values: string[]) => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
})

describe('LABEL_VALUE', () => {
  const pattern = new RegExp(LABEL_VALUE.pattern)
  for (const value of ['', 'a', '9', 'A.b_c-9']) {
    it(`takes "${value}"`, () => expect(value).to.match(pattern))
  }
  for (const value of ['-a', 'a-', '.', 'a b', 'a/b', 'é', 'a\n']) {
    it(`refuses ${JSON.stringify(value)}`, () => expect(value).to.not.match(pattern))
  }
})

describe('matchesLabels()', () => {
  const rows: readonly [selector: LabelSelector, want: boolean][] = [
    [{}, true],
    [{ matchLabels: { team: 'a' } }, true],
    [{ matchLabels: { team: 'b' } }, false],
    [{ matchLabels: { team: 'a', other: 'a' } }, false],
    [{ matchLabels: { empty: '' } }, true],
    [{ matchLabels: { missing: '' } }, false],
    [{ matchLabels: { constructor: '' } }, false],
    [term('team', 'In', 'b', 'a'), true],
    [term('team', 'In', 'b'), false],
    [term('missing', 'In', ''), false],
    [term('team', 'NotIn', 'b'), true],
    [term('team', 'NotIn', 'a'), false],
    [term('missing', 'NotIn', 'a'), true],
    [term('team', 'Exists'), true],
    [term('missing', 'Exists'), false],
    [term('toString', 'Exists'), false],
    [term('team', 'DoesNotExist'), false],
    [term('missing', 'DoesNotExist'), true],
    [{ matchLabels: { team: 'a' }, ...term('team', 'NotIn', 'a') }, false],
  ]
  for (const [selector, want] of rows) {
    it(`is ${want} for ${JSON.stringify(selector)}`, () => {
      expect(matchesLabels(selector, labels)).to.equal(want)
    })
  }
})

import { expect } from 'chai'
import type { BindingPolicy } from '../../../src/api/v1alpha1/effective.ts'
import { pinPolicy, readPolicyPin } from '../../../src/resources/policypin.ts'

const shared: BindingPolicy = { tenancy: 'Shared', from: 'All', defaultBinding: 'Leave' }
const selected: BindingPolicy = {
  ...shared,
  from: 'Selector',
  selector: {
    matchLabels: { b: '2', a: '1' },
    matchExpressions: [{ key: 'c', operator: 'Exists' }],
  },
}

describe('pinPolicy()', () => {
  for (const policy of [shared, selected]) {
    it(`is read back as it was: ${policy.from}`, () => {
      expect(readPolicyPin(pinPolicy(policy))).to.deep.equal(policy)
    })
  }

  it('is one text for the same labels in any order', () => {
    const turned = { ...selected, selector: { ...selected.selector, matchLabels: { a: '1', b: '2' } } }

    expect(pinPolicy(turned)).to.equal(pinPolicy(selected))
  })
})

describe('readPolicyPin()', () => {
  for (const text of [
    undefined,
    '',
    'Shared',
    '{}',
    'null',
    '{"tenancy":"Dedicated","from":"All"}',
    '{"tenancy":"Shared","from":"Selector"}',
  ]) {
    it(`admits nobody by ${text}`, () => {
      expect(readPolicyPin(text)).to.equal(undefined)
    })
  }
})

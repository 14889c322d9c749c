import { expect } from 'chai'
import { type BindingFacts, isGranted, planBindingConditions } from '../../../../src/sessionbinding/plan/conditions.ts'

const bound: BindingFacts = { storeName: 'shop', hasStore: true, hasMaterial: true, isApplied: true }

describe('planBindingConditions()', () => {
  const rows: readonly [facts: Partial<BindingFacts>, want: string, isGranted: boolean][] = [
    [{}, 'True Bound, False UpToDate, False NotStalled', true],
    [{ isApplied: false }, 'False LoginNotApplied, True Applying, False NotStalled', true],
    [{ hasMaterial: false }, 'False StoreNotReady, True Applying, False NotStalled', false],
    [{ hasStore: false }, 'False StoreNotAvailable, True Applying, False NotStalled', false],
    [{ conflictsWith: 'other' }, 'False Stalled, False Stalled, True PrefixConflict', false],
    [{ nameConflict: 'taken' }, 'False Stalled, False Stalled, True NameConflict', true],
  ]
  for (const [change, want, granted] of rows) {
    it(`are ${want} for ${JSON.stringify(change)}`, () => {
      const facts = { ...bound, ...change }

      const told = planBindingConditions(facts).map(({ status, reason }) => `${status} ${reason}`)

      expect(told.join(', ')).to.equal(want)
      expect(isGranted(facts)).to.equal(granted)
    })
  }
})

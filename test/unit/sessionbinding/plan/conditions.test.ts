import { expect } from 'chai'
import { type BindingFacts, isGranted, planBindingConditions } from '../../../../src/sessionbinding/plan/conditions.ts'

const bound: BindingFacts = {
  namespace: 'apps',
  storeName: 'shop',
  verdict: { kind: 'granted', keyPrefix: 'a:' },
  hasMaterial: true,
  isApplied: true,
}
const { verdict: _, ...unknown } = bound

describe('planBindingConditions()', () => {
  const rows: readonly [facts: Partial<BindingFacts>, want: string, isGranted: boolean][] = [
    [{}, 'True Bound, False UpToDate, False NotStalled', true],
    [{ isApplied: false }, 'False LoginNotApplied, True Applying, False NotStalled', true],
    [{ hasMaterial: false }, 'False StoreNotReady, True Applying, False NotStalled', false],
    [{ verdict: { kind: 'notAdmitted' } }, 'False StoreNotAvailable, True Applying, False NotStalled', false],
    [
      { verdict: { kind: 'prefixConflict', with: 'apps/b' } },
      'False Stalled, False Stalled, True PrefixConflict',
      false,
    ],
    [
      { verdict: { kind: 'prefixReserved', keyPrefix: '__' } },
      'False Stalled, False Stalled, True InvalidConfig',
      false,
    ],
    [{ verdict: { kind: 'tooMany' } }, 'False Stalled, False Stalled, True TooManyBindings', false],
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

  it('are the same for a store that is not there and for one that does not admit the namespace', () => {
    const refused = planBindingConditions({ ...bound, storeName: 'infra/shop', verdict: { kind: 'notAdmitted' } })

    const missing = planBindingConditions({ ...unknown, storeName: 'infra/shop', hasMaterial: false, isApplied: false })

    expect(refused).to.deep.equal(missing)
    expect(missing[0]?.message).to.contain('"infra/shop"')
  })

  it('name the other binding only to its own namespace', () => {
    const messageOf = (other: string) =>
      planBindingConditions({ ...bound, verdict: { kind: 'prefixConflict', with: other } })[0]?.message

    expect(messageOf('apps/web')).to.match(/^SessionBinding "web" of store "shop"/)
    expect(messageOf('apps2/secret')).to.match(/^a SessionBinding of another namespace of store "shop"/)
  })
})

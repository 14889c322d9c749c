import { expect } from 'chai'
import type { KindSchema } from '../../../src/api/kind.ts'
import { sessionBindingKind } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { sessionStoreKind } from '../../../src/api/v1alpha1/sessionstore.ts'
import { type FieldAt, fieldsOf, rulesOf } from '../../../src/api/walk.ts'
import { SESSION_BINDING_ROWS } from '../../contract/api/rows/binding.ts'
import type { Act, RowsOfRule } from '../../contract/api/rows/row.ts'
import { SESSION_STORE_ROWS } from '../../contract/api/rows.ts'

type Suite = Readonly<{ kind: KindSchema; rows: Readonly<Record<string, RowsOfRule>> }>

const suites: readonly Suite[] = [
  { kind: sessionStoreKind, rows: SESSION_STORE_ROWS },
  { kind: sessionBindingKind, rows: SESSION_BINDING_ROWS },
]

/** Where the rows of one act say that a change is refused. */
function refusals(rows: Suite['rows'], act: Act): readonly string[] {
  return Object.values(rows).flatMap((acts) => {
    const row = acts[act]
    return typeof row === 'string' ? [] : row.flatMap(({ refusedAt }) => refusedAt ?? [])
  })
}

/** Whether every step of the path is required, so that the field can be neither added nor removed. */
function isAlwaysThere(path: string, fields: readonly FieldAt[]): boolean {
  const steps = path.split('.')
  const parents = steps.map((_, index) => steps.slice(0, index + 1).join('.')).slice(1)
  return parents.every((parent) => fields.find((field) => field.path === parent)?.isRequired)
}

// What is tried with them on a real API server: test/contract/api/rules.test.ts.
describe('rules in CEL', () => {
  for (const { kind, rows } of suites) {
    const fields = fieldsOf('spec', kind.spec)
    const fixed = fields.filter(({ node }) => node.change === 'no' && node.kind !== 'object')

    for (const { path } of fixed) {
      const acts: readonly Act[] = isAlwaysThere(path, fields) ? ['update'] : ['update', 'added', 'removed']
      for (const act of acts) {
        it(`${kind.kind}: ${path} never changes, so a row of "${act}" is refused`, () => {
          const places = refusals(rows, act)

          expect(places.filter((place) => path === place || path.startsWith(`${place}.`))).to.not.deep.equal([])
        })
      }
    }

    for (const { path, rule } of rulesOf(kind)) {
      it(`${kind.kind}: ${rule.name} has an attempt that is accepted and one that is refused`, () => {
        const attempts = Object.values(rows[rule.name] ?? {}).flatMap((row) => (typeof row === 'string' ? [] : row))

        expect(new Set(attempts.map(({ refusedAt }) => refusedAt !== undefined))).to.deep.equal(new Set([true, false]))
      })

      it(`${kind.kind}: ${rule.name} stands where an added and a removed field meet it, if it is about a change`, () => {
        const isAboutChange = rule.rule.includes('oldSelf')

        // On an optional field the API server asks a transition rule only when the field is there before and after.
        expect(isAboutChange && path !== '' && path !== 'spec' && !isAlwaysThere(path, fields)).to.equal(false)
      })

      it(`${kind.kind}: ${rule.name} parses no text that it has not looked at`, () => {
        // A pattern that does not match keeps no rule from being asked, and one that fails answers with no sentence of ours.
        const parses = (word: string): boolean => new RegExp(`(?<![A-Za-z])${word}\\((?!')`).test(rule.rule)

        expect(parses('quantity') && !rule.rule.includes('isQuantity('), 'quantity').to.equal(false)
        expect(parses('duration') && !rule.rule.includes('.matches('), 'duration').to.equal(false)
      })
    }
  }
})

import { expect } from 'chai'
import { planTopology } from '../../../src/sessionstore/plan/topology.ts'
import { tell } from './tell.ts'
import { facts } from './words.ts'

/** The rule as a sentence, the store and its members in words, and the step as `tell` says it. */
export type Row = readonly [rule: string, store: string, members: readonly string[], want: string]

/** One `it` per row. */
export function itPlans(rows: readonly Row[]): void {
  for (const [rule, store, members, want] of rows) {
    it(rule, () => {
      expect(tell(planTopology(facts(store, members)).step)).to.equal(want)
    })
  }
}

import { expect } from 'chai'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { structuralErrors } from '../../../src/api/validate.ts'
import { fieldsOf } from '../../../src/api/walk.ts'
import { readCorpus } from '../../support/schema/corpus.ts'
import { randomSpec } from '../../support/schema/specs.ts'
import { fieldsIn } from '../../support/schema/used.ts'
import { brokenValue, randomValue } from '../../support/schema/values.ts'
import { randomOf } from '../../support/topology/world/random.ts'

const SEEDS = Array.from({ length: 1000 }, (_, seed) => seed)

describe('random specs', () => {
  for (const kind of KINDS) {
    const corpus = readCorpus('spec', kind.spec, [])

    it(`${kind.kind}: are structurally right`, () => {
      for (const seed of SEEDS) {
        const spec = randomValue('spec', kind.spec, { random: randomOf(seed), corpus })

        expect(structuralErrors('spec', kind.spec, spec), `seed ${seed}`).to.deep.equal([])
      }
    })

    it(`${kind.kind}: are the same for the same seed`, () => {
      const [first, second] = [1, 2].map(() => randomSpec(kind.spec, { random: randomOf(7), corpus }))

      expect(first).to.deep.equal(second)
    })

    it(`${kind.kind}: set each field, one seed or another`, () => {
      const set = new Set(
        SEEDS.flatMap((seed) => {
          const spec = randomValue('spec', kind.spec, { random: randomOf(seed), corpus })
          return fieldsIn('spec', kind.spec, spec)
        }),
      )

      const never = fieldsOf('spec', kind.spec).filter(({ path }) => !set.has(path))
      expect(never.map(({ path }) => path)).to.deep.equal([])
    })

    for (const { path, node, isRequired } of fieldsOf('spec', kind.spec)) {
      it(`${kind.kind}: a broken ${path} is structurally wrong`, () => {
        for (const seed of SEEDS.slice(0, 20)) {
          const value = brokenValue({ node, isRequired }, randomOf(seed))

          expect(structuralErrors(path, { node, isRequired }, value), JSON.stringify(value)).to.not.deep.equal([])
        }
      })
    }
  }
})

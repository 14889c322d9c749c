import { expect } from 'chai'
import { parseTestArguments, testedEngines } from '../../../hack/test/arguments.ts'
import { tierNames } from '../../../hack/test/tiers.ts'

describe('parseTestArguments()', () => {
  it('runs every tier once when nothing is said', () => {
    expect(parseTestArguments([])).to.deep.equal({ tiers: tierNames, engines: [], mochaArguments: [] })
  })

  it('knows tiers, in their own order, and leaves the rest to mocha', () => {
    const words = ['cluster', 'unit', '--grep', 'scale', '--bail']

    const parsed = parseTestArguments(words)

    expect(parsed).to.deep.equal({
      tiers: ['unit', 'cluster'],
      engines: [],
      mochaArguments: ['--grep', 'scale', '--bail'],
    })
  })

  for (const words of [
    ['cluster', '--engines', 'all', '--grep', 'scale'],
    ['cluster', '--grep', 'scale', '--engines', 'all'],
  ]) {
    it(`takes all engines from ${words.join(' ')}`, () => {
      const parsed = parseTestArguments(words)

      expect(parsed).to.deep.equal({ tiers: ['cluster'], engines: testedEngines, mochaArguments: ['--grep', 'scale'] })
      expect(testedEngines).to.deep.equal(['Valkey 9.1', 'Redis 8.0', 'Redis 7.0'])
    })
  }

  it('takes some engines', () => {
    expect(parseTestArguments(['--engines', 'Redis 7.0,Redis 8.0']).engines).to.deep.equal(['Redis 7.0', 'Redis 8.0'])
  })

  for (const words of [['--engines'], ['--engines', 'Redis 9'], ['--engines', 'Redis 8.0,']]) {
    it(`refuses ${words.join(' ')} and names what there is`, () => {
      expect(() => parseTestArguments(words)).to.throw('must be all or some of Valkey 9.1,Redis 8.0,Redis 7.0')
    })
  }
})

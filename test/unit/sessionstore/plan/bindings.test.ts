import { expect } from 'chai'
import fc from 'fast-check'
import type { SessionBinding } from '../../../../src/api/v1alpha1/sessionbinding.ts'
import { judgeBindings, keyPrefixOf } from '../../../../src/sessionstore/plan/bindings.ts'

/** `name prefix second`. */
function bindingOf(words: string): SessionBinding {
  const [name = '', keyPrefix, second = '0'] = words.split(' ')
  const creationTimestamp = `2026-01-01T00:00:${second.padStart(2, '0')}Z`
  return {
    apiVersion: 'sessionstore.dev/v1alpha1',
    kind: 'SessionBinding',
    metadata: { name, namespace: 'apps', creationTimestamp },
    spec: { storeRef: { name: 's' }, ...(keyPrefix && keyPrefix !== '-' && { keyPrefix }) },
  }
}

function judge(words: readonly string[]): string {
  const verdicts = [...judgeBindings(words.map(bindingOf))].sort(([a], [b]) => (a < b ? -1 : 1))
  return verdicts.map(([name, verdict]) => (verdict.kind === 'granted' ? name : `${name}!${verdict.with}`)).join(' ')
}

describe('judgeBindings()', () => {
  const rows: readonly [rule: string, bindings: readonly string[], want: string][] = [
    ['grants prefixes that have nothing in common', ['a a: 1', 'b b: 2'], 'a b'],
    ['refuses the younger of two equal ones', ['a x: 2', 'b x: 1'], 'a!b b'],
    ['refuses a younger one inside an older one', ['a x: 1', 'b x:y: 2'], 'a b!a'],
    ['refuses a younger one around an older one', ['a x:y: 1', 'b x: 2'], 'a b!a'],
    ['lets the name decide among those of one second', ['b x: 1', 'a x: 1'], 'a b!a'],
    ['does not count one that is refused itself', ['a x:y: 1', 'b x: 2', 'c x:z: 3'], 'a b!a c'],
    ['takes the default for a missing prefix', ['a - 1', 'b sess: 2'], 'a b!a'],
    ['grants nobody where there is nobody', [], ''],
  ]
  for (const [rule, bindings, want] of rows) {
    it(rule, () => {
      expect(judge(bindings)).to.equal(want)
    })
  }

  it('grants prefix-free prefixes only, in whatever order they are listed', () => {
    const one = fc.tuple(fc.constantFrom('a', 'ab', 'abc', 'b', 'ba'), fc.integer({ min: 0, max: 3 }))
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), (list) => {
        const bindings = list.map(([prefix, second], index) => bindingOf(`n${index} ${prefix} ${second}`))

        const verdicts = judgeBindings(bindings)

        const granted = bindings.filter(({ metadata }) => verdicts.get(metadata.name)?.kind === 'granted')
        for (const a of granted)
          for (const b of granted)
            expect(
              a !== b && keyPrefixOf(a).startsWith(keyPrefixOf(b)),
              `${keyPrefixOf(a)} in ${keyPrefixOf(b)}`,
            ).to.equal(false)
        expect(new Map(judgeBindings(bindings.toReversed()))).to.deep.equal(new Map(verdicts))
      }),
    )
  })
})

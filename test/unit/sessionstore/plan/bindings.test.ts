import { expect } from 'chai'
import fc from 'fast-check'
import { RESERVED_KEY_PREFIX } from '../../../../src/api/v1alpha1/defaults.ts'
import type { BindingPolicy } from '../../../../src/api/v1alpha1/effective.ts'
import type { SessionBinding } from '../../../../src/api/v1alpha1/sessionbinding.ts'
import { OPERATOR_KEY_PREFIX } from '../../../../src/redis/acl.ts'
import {
  type Admission,
  decidePolicy,
  judgeBindings,
  type LabelsOf,
} from '../../../../src/sessionstore/plan/bindings.ts'

const dedicated: BindingPolicy = { tenancy: 'Dedicated', from: 'Same', defaultBinding: 'Ensure' }
const all: BindingPolicy = { tenancy: 'Shared', from: 'All', defaultBinding: 'Leave' }
const same: BindingPolicy = { ...all, from: 'Same' }
const selected: BindingPolicy = { ...all, from: 'Selector', selector: { matchLabels: { team: 'a' } } }

/** Namespaces by name; `shop` is that of the store. */
const labelsOf: LabelsOf = (namespace) =>
  new Map([
    ['shop', {}],
    ['a', { team: 'a' }],
    ['a2', { team: 'a' }],
    ['b', { team: 'b' }],
  ]).get(namespace)

/** `namespace/name prefix second [bound]`; without a namespace that of the store, `-` for no prefix. */
function bindingOf(words: string): SessionBinding {
  const [place = '', keyPrefix, second = '0', bound, kept] = words.split(' ')
  const [name = '', namespace = 'shop'] = place.split('/').reverse()
  const creationTimestamp = `2026-01-01T00:00:${second.padStart(2, '0')}Z`
  return {
    apiVersion: 'sessionstore.dev/v1alpha1',
    kind: 'SessionBinding',
    metadata: { name, namespace, creationTimestamp },
    spec: { storeRef: { name: 's', namespace: 'shop' }, ...(keyPrefix && keyPrefix !== '-' && { keyPrefix }) },
    status: { ...(bound === 'bound' && { binding: { name: 'x' } }), ...(kept && { keyPrefix: kept }) },
  }
}

function admit(policy: BindingPolicy, more: Partial<Admission> = {}): Admission {
  return { storeNamespace: 'shop', policy, isOpen: true, labelsOf, ...more }
}

function judge(words: readonly string[], admission: Admission): string {
  const short = (key: string): string => key.replace(/^shop\//, '')
  const told = [...judgeBindings(words.map(bindingOf), admission)].map(([key, verdict]) => {
    if (verdict.kind === 'granted') return `${short(key)}=${verdict.keyPrefix}`
    return verdict.kind === 'prefixConflict' ? `${short(key)}!${short(verdict.with)}` : `${short(key)}?${verdict.kind}`
  })
  return told.sort().join(' ')
}

describe('judgeBindings()', () => {
  const rows: readonly [rule: string, bindings: readonly string[], want: string, admission?: Admission][] = [
    ['grants prefixes that have nothing in common', ['a a: 1', 'b b: 2'], 'a=a: b=b:'],
    ['refuses the younger of two equal ones', ['a x: 2', 'b x: 1'], 'a!b b=x:'],
    ['refuses a younger one inside an older one', ['a x: 1', 'b x:y: 2'], 'a=x: b!a'],
    ['refuses a younger one around an older one', ['a x:y: 1', 'b x: 2'], 'a=x:y: b!a'],
    ['lets the name decide among those of one second', ['b x: 1', 'a x: 1'], 'a=x: b!a'],
    ['lets the namespace decide before the name', ['b/a x: 1', 'a/b x: 1'], 'a/b=x: b/a!a/b', admit(all)],
    ['does not count one that is refused itself', ['a x:y: 1', 'b x: 2', 'c x:z: 3'], 'a=x:y: b!a c=x:z:'],
    ['takes the default for a missing prefix', ['a - 1', 'b sess: 2'], 'a=sess: b!a'],
    ['gives each its own prefix on a shared store', ['a - 1', 'b/a - 2'], 'a=shop:a: b/a=b:a:', admit(all)],
    ['keeps the prefix a binding had before', ['a - 1 bound sess:', 'b - 2'], 'a=sess: b=shop:b:', admit(same)],
    ['keeps a shared prefix on a store made Dedicated', ['a - 1 bound shop:a:', 'b - 2'], 'a=shop:a: b=sess:'],
    [
      'refuses what holds the operator’s keys',
      ['a __ss:x 1', 'b _ 2', 'c __s: 3'],
      'a?prefixReserved b?prefixReserved c=__s:',
    ],
    ['refuses what the schema would not take', ['a a* 1'], 'a?prefixReserved'],
    ['admits nobody else by Same', ['a a: 1', 'b/b b: 2'], 'a=a: b/b?notAdmitted', admit(same)],
    ['admits every namespace by All', ['b/b b: 1', 'gone/c c: 2'], 'b/b=b: gone/c=c:', admit(all)],
    [
      'admits what a selector matches, and always its own',
      ['a a: 1', 'a/x x: 2', 'b/y y: 3'],
      'a/x=x: a=a: b/y?notAdmitted',
      admit(selected),
    ],
    ['does not admit a namespace it has not seen', ['gone/x x: 1'], 'gone/x?notAdmitted', admit(selected)],
    [
      'takes no prefix for one that is not admitted',
      ['b/x x: 1', 'a/y x: 2'],
      'a/y=x: b/x?notAdmitted',
      admit(selected),
    ],
    [
      'decides nothing new without namespaces',
      ['a a: 1', 'b/x x: 2 bound', 'a/y y: 3'],
      'a/y?notAdmitted a=a: b/x=x:',
      blind(),
    ],
    [
      'admits nobody new once it is shut',
      ['a a: 1', 'b/x x: 2 bound', 'a/y y: 3'],
      'a/y?notAdmitted a=a: b/x=x:',
      admit(all, { isOpen: false }),
    ],
    ['grants nobody where there is nobody', [], ''],
  ]
  for (const [rule, bindings, want, admission = admit(dedicated)] of rows) {
    it(rule, () => {
      expect(judge(bindings, admission)).to.equal(want)
    })
  }

  it('stops at a thousand logins, the oldest first', () => {
    const bindings = Array.from({ length: 1001 }, (_, i) => bindingOf(`b${String(i).padStart(4, '0')} p${i}: 1`))

    const refused = [...judgeBindings(bindings, admit(dedicated))].filter(([, { kind }]) => kind !== 'granted')

    expect(refused).to.deep.equal([['shop/b1000', { kind: 'tooMany' }]])
  })

  it('keeps bindings out of the keys that the operator writes', () => {
    expect(RESERVED_KEY_PREFIX).to.equal(OPERATOR_KEY_PREFIX)
  })

  it('grants prefix-free prefixes only, in whatever order they are listed', () => {
    const one = fc.tuple(fc.constantFrom('a', 'ab', 'abc', 'b', 'ba'), fc.integer({ min: 0, max: 3 }))
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), (list) => {
        const bindings = list.map(([prefix, second], index) =>
          bindingOf(`${'ab'[index % 2]}/n${index} ${prefix} ${second}`),
        )

        const verdicts = judgeBindings(bindings, admit(all))

        const granted = [...verdicts.values()].flatMap((verdict) =>
          verdict.kind === 'granted' ? [verdict.keyPrefix] : [],
        )
        for (const [i, a] of granted.entries())
          for (const [j, b] of granted.entries()) expect(i !== j && a.startsWith(b), `${a} in ${b}`).to.equal(false)
        // Each that is refused overlaps with one that is granted.
        const refused = bindings.filter(
          (each) => verdicts.get(`${each.metadata.namespace}/${each.metadata.name}`)?.kind !== 'granted',
        )
        for (const {
          spec: { keyPrefix = '' },
        } of refused)
          expect(granted.some((prefix) => prefix.startsWith(keyPrefix) || keyPrefix.startsWith(prefix))).to.equal(true)
        expect(new Map(judgeBindings(bindings.toReversed(), admit(all)))).to.deep.equal(new Map(verdicts))
      }),
    )
  })

  function blind(): Admission {
    return { storeNamespace: 'shop', policy: selected, isOpen: true }
  }
})

describe('decidePolicy()', () => {
  const rows: readonly [
    rule: string,
    wanted: BindingPolicy,
    pinned: BindingPolicy | undefined,
    bindings: readonly string[],
    want: string,
  ][] = [
    ['takes what is wanted of a new store', all, undefined, [], 'Shared All open'],
    ['becomes Shared at once', all, undefined, ['a a: 1 bound'], 'Shared All open'],
    [
      'becomes Dedicated at once where only its own namespace uses it',
      dedicated,
      all,
      ['a a: 1 bound'],
      'Dedicated Same open',
    ],
    [
      'stays Shared while another namespace has a login',
      dedicated,
      all,
      ['b/x x: 1 bound', 'a/y y: 1 bound'],
      'Shared All shut a,b',
    ],
    ['does not wait for one that has none', dedicated, all, ['b/x x: 1'], 'Dedicated Same open'],
    ['does not wait for one that lost its permission', dedicated, selected, ['b/x x: 1 bound'], 'Dedicated Same open'],
    ['narrows a shared store at once', same, all, ['b/x x: 1 bound'], 'Shared Same open'],
  ]
  for (const [rule, wanted, pinned, bindings, want] of rows) {
    it(rule, () => {
      const inputs = { wanted, pinned, storeNamespace: 'shop', bindings: bindings.map(bindingOf), labelsOf }

      const { admission, usedBy } = decidePolicy(inputs)

      const { policy, isOpen } = admission
      const told = [policy.tenancy, policy.from, isOpen ? 'open' : 'shut', usedBy.join(',')].join(' ').trim()
      expect(told).to.equal(want)
    })
  }
})

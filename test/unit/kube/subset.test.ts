import { expect } from 'chai'
import fc from 'fast-check'
import { isSubset } from '../../../src/kube/subset.ts'

type Case = readonly [name: string, desired: unknown, live: unknown, want: boolean]

const cases: readonly Case[] = [
  ['ignores a field that others added', { a: 1 }, { a: 1, b: 2 }, true],
  ['sees a changed field', { a: 1 }, { a: 2 }, false],
  ['sees a missing field', { a: 1 }, {}, false],
  ['sees a false that is gone', { a: false }, {}, false],
  ['takes quantities for amounts', { limits: { memory: '1024Mi' } }, { limits: { memory: '1Gi' } }, true],
  ['sees another amount', { limits: { memory: '1025Mi' } }, { limits: { memory: '1Gi' } }, false],
  ['takes a number for an amount', { requests: { cpu: 1 } }, { requests: { cpu: '1000m' } }, true],
  ['takes only quantities for amounts', { value: '1' }, { value: '1000m' }, false],
  [
    'reads no amounts in data',
    { data: { limits: '1', divisor: '1' } },
    { data: { limits: '1', divisor: '1.0' } },
    false,
  ],
  [
    'finds named items in any order',
    { env: [{ name: 'a', value: '1' }] },
    { env: [{ name: 'b' }, { name: 'a', value: '1' }] },
    true,
  ],
  ['sees a missing named item', { env: [{ name: 'a' }] }, { env: [{ name: 'b' }] }, false],
  [
    'finds ports by number and protocol',
    { ports: [{ port: 1, name: 'x' }] },
    {
      ports: [
        { port: 1, protocol: 'UDP' },
        { port: 1, name: 'x', protocol: 'TCP' },
      ],
    },
    true,
  ],
  ['sees another protocol', { ports: [{ port: 1 }] }, { ports: [{ port: 1, protocol: 'UDP' }] }, false],
  [
    'finds mounts by their path',
    { m: [{ mountPath: '/a', readOnly: true }] },
    { m: [{ mountPath: '/b' }, { mountPath: '/a', readOnly: true }] },
    true,
  ],
  ['compares plain lists whole', { args: ['a'] }, { args: ['a', 'b'] }, false],
  ['compares plain lists in order', { args: ['a', 'b'] }, { args: ['b', 'a'] }, false],
  ['takes finalizers for a set', { finalizers: ['a'] }, { finalizers: ['b', 'a'] }, true],
  ['sees a key added to a selector', { selector: { a: '1' } }, { selector: { a: '1', b: '2' } }, false],
  ['takes a selector in any order', { selector: { a: '1', b: '2' } }, { selector: { b: '2', a: '1' } }, true],
  [
    'sees an item added to an atomic list',
    { tolerations: [{ key: 'a' }] },
    { tolerations: [{ key: 'a' }, { key: 'b' }] },
    false,
  ],
  [
    'ignores defaults inside an atomic list',
    { items: [{ key: 'a', path: 'p' }] },
    { items: [{ key: 'a', path: 'p', mode: 420 }] },
    true,
  ],
  [
    'sees an item added deep in an atomic list',
    { ingress: [{ ports: [{ port: 1 }] }] },
    { ingress: [{ ports: [{ port: 1 }, { port: 2 }] }] },
    false,
  ],
  [
    'finds conditions by type',
    { conditions: [{ type: 'A', status: 'True' }] },
    {
      conditions: [
        { type: 'B', status: 'True' },
        { type: 'A', status: 'True' },
      ],
    },
    true,
  ],
  [
    'sees a changed condition',
    { conditions: [{ type: 'A', status: 'True' }] },
    { conditions: [{ type: 'A', status: 'False' }] },
    false,
  ],
  ['does not take a list for a map', { a: {} }, { a: [] }, false],
  ['does not take a map for a text', { a: {} }, { a: 'x' }, false],
]

describe('isSubset()', () => {
  for (const [name, desired, live, want] of cases) {
    it(name, () => {
      expect(isSubset(desired, live)).to.equal(want)
    })
  }

  const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>

  it('finds everything in itself', () => {
    fc.assert(fc.property(json, (value) => isSubset(value, structuredClone(value))))
  })

  it('does not mind what is added to a plain map', () => {
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), json)
    fc.assert(
      fc.property(map, json, (desired, more) => isSubset(desired, { ...structuredClone(desired), added: more })),
    )
  })

  it('sees every field that is taken away', () => {
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue(), { minKeys: 1 })
    fc.assert(
      fc.property(map, (desired) => {
        const [first = ''] = Object.keys(desired)
        const { [first]: _, ...live } = desired
        return !isSubset(desired, live)
      }),
    )
  })
})

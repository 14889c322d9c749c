import { expect } from 'chai'
import { type EffectiveSpec, effectiveSpec } from '../../../../src/api/v1alpha1/effective.ts'
import type { SessionStoreSpec } from '../../../../src/api/v1alpha1/sessionstore.ts'

const builtIn: EffectiveSpec = {
  engine: 'Valkey',
  version: '9.1',
  image: 'docker.io/valkey/valkey:9.1',
  hasOwnImage: false,
  upgradePolicy: 'Pinned',
  replicas: 3,
  capacity: { kind: 'MaxMemory', maxMemoryBytes: 134_217_728 },
  connections: 1000,
  eviction: 'volatile-ttl',
  persistence: { mode: 'None' },
  tlsMode: 'Required',
  bindings: { tenancy: 'Dedicated', from: 'Same', defaultBinding: 'Ensure' },
  certificate: { kind: 'Own' },
  clientAuth: 'None',
  suspend: false,
  config: {},
  networkPolicy: { mode: 'None' },
  durability: { mode: 'Bounded', minReplicasToWrite: 1, maxLagMs: 2000, whenDegraded: 'Relax' },
  failoverMode: 'Operator',
  downAfterMs: 3000,
}
const async = { ...builtIn.durability, mode: 'Async', minReplicasToWrite: 0 } as const

const rows: readonly [name: string, spec: SessionStoreSpec, differs: Partial<EffectiveSpec>][] = [
  ['gives the built-in defaults for an empty spec', {}, {}],
  [
    'takes the newest version and the image of the engine',
    { engine: 'Redis' },
    { engine: 'Redis', version: '8.0', image: 'docker.io/library/redis:8.0' },
  ],
  [
    'derives the image from the version',
    { engine: 'Redis', version: '7.0' },
    { engine: 'Redis', version: '7.0', image: 'docker.io/library/redis:7.0' },
  ],
  [
    'takes an own image as it is',
    { image: 'mirror.example/valkey:x' },
    { image: 'mirror.example/valkey:x', hasOwnImage: true },
  ],
  ['takes upgradePolicy', { upgradePolicy: 'Latest' }, { upgradePolicy: 'Latest' }],
  [
    'keeps whom a network policy admits',
    { networkPolicy: { mode: 'Restricted', allowFrom: [{ podSelector: {} }] } },
    { networkPolicy: { mode: 'Restricted', allowFrom: [{ podSelector: {} }] } },
  ],
  [
    'has no network policy when it only says whom',
    { networkPolicy: { allowFrom: [] } },
    { networkPolicy: { mode: 'None', allowFrom: [] } },
  ],
  [
    'takes the certificate of a Secret, and asks clients for theirs',
    { tls: { secretName: 'shop-cert', clientAuth: 'Require' } },
    { certificate: { kind: 'Secret', name: 'shop-cert' }, clientAuth: 'Require' },
  ],
  [
    'takes an issuer of cert-manager in the namespace',
    { tls: { issuerRef: { name: 'ca' } } },
    { certificate: { kind: 'Issuer', name: 'ca', issuerKind: 'Issuer', group: 'cert-manager.io' } },
  ],
  [
    'takes an issuer of another kind',
    { tls: { issuerRef: { name: 'ca', kind: 'ClusterIssuer', group: 'example.com' } } },
    { certificate: { kind: 'Issuer', name: 'ca', issuerKind: 'ClusterIssuer', group: 'example.com' } },
  ],
  ['has no fence with one member', { replicas: 1 }, { replicas: 1, durability: async }],
  ['has no fence with two members', { replicas: 2 }, { replicas: 2, durability: async }],
  ['has a fence of one from three members on', { replicas: 9 }, { replicas: 9 }],
  [
    'has a fence of half of the others with Majority, and refuses when it is not met',
    { replicas: 5, durability: { mode: 'Majority' } },
    {
      replicas: 5,
      durability: { mode: 'Majority', minReplicasToWrite: 2, maxLagMs: 2000, whenDegraded: 'Refuse' },
    },
  ],
  [
    'rounds half of an even number so that a majority has a write with the primary',
    { replicas: 4, durability: { mode: 'Majority', maxLag: '4s', whenDegraded: 'Relax' } },
    {
      replicas: 4,
      durability: { mode: 'Majority', minReplicasToWrite: 2, maxLagMs: 4000, whenDegraded: 'Relax' },
    },
  ],
  ['has no fence with Async, however many members', { durability: { mode: 'Async' } }, { durability: async }],
  [
    'takes failover',
    { failover: { mode: 'Manual', downAfter: '1m' } },
    { failoverMode: 'Manual', downAfterMs: 60_000 },
  ],
  [
    'reads a capacity in sessions',
    { capacity: { sessions: 50_000, averageSize: '1Ki' } },
    { capacity: { kind: 'Sessions', sessions: 50_000, averageSizeBytes: 1024 } },
  ],
  [
    'reads a capacity in memory, as a number too',
    { capacity: { maxMemory: 67_108_864 } },
    { capacity: { kind: 'MaxMemory', maxMemoryBytes: 67_108_864 } },
  ],
  ['keeps the default memory beside connections', { capacity: { connections: 5 } }, { connections: 5 }],
  ['takes eviction', { eviction: 'noeviction' }, { eviction: 'noeviction' }],
  ['takes tls.mode', { tls: { mode: 'Disabled' } }, { tlsMode: 'Disabled' }],
  [
    'keeps the volumes of a store that is deleted, and takes over none',
    { persistence: { mode: 'AOF' } },
    { persistence: { mode: 'AOF', retain: 'Retain', adoptVolumes: false } },
  ],
  [
    'takes persistence',
    { persistence: { mode: 'RDB', size: '2Gi', storageClassName: 'fast', retain: 'Delete', adoptVolumes: true } },
    {
      persistence: {
        mode: 'RDB',
        sizeBytes: 2_147_483_648,
        storageClassName: 'fast',
        retain: 'Delete',
        adoptVolumes: true,
      },
    },
  ],
  ['keeps nothing on disk for an empty persistence', { persistence: {} }, {}],
  ['keeps TLS for an empty tls', { tls: {} }, {}],
  ['keeps its bindings for an empty bindings', { bindings: {} }, {}],
  [
    'removes the default binding when it is switched off',
    { bindings: { default: false } },
    { bindings: { ...builtIn.bindings, defaultBinding: 'Remove' } },
  ],
  [
    'leaves a default binding alone that a shared store would not make',
    { bindings: { tenancy: 'Shared' } },
    { bindings: { tenancy: 'Shared', from: 'Same', defaultBinding: 'Leave' } },
  ],
  [
    'takes a selector',
    { bindings: { tenancy: 'Shared', from: 'Selector', selector: { matchLabels: { a: 'b' } }, default: false } },
    {
      bindings: {
        tenancy: 'Shared',
        from: 'Selector',
        selector: { matchLabels: { a: 'b' } },
        defaultBinding: 'Remove',
      },
    },
  ],
  ['takes suspend', { suspend: true }, { suspend: true }],
]

describe('effectiveSpec()', () => {
  for (const [name, spec, differs] of rows) {
    it(name, () => {
      expect(effectiveSpec(Object.freeze(spec))).to.deep.equal({ ...builtIn, ...differs })
    })
  }

  it('throws for a quantity that the API server would have refused', () => {
    expect(() => effectiveSpec({ capacity: { maxMemory: 'much' } })).to.throw(
      RangeError,
      'Cannot resolve SessionStore: spec.capacity.maxMemory: quantity is "much", must be',
    )
  })
})

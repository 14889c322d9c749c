import { expect } from 'chai'
import { effectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import type { SessionStore } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { type InForce, STATIC_FIELDS, specInForce, templateHash, toInForce } from '../../../src/sessionstore/inforce.ts'

function storeOf(spec: SessionStore['spec']): SessionStore {
  return { apiVersion: 'sessionstore.dev/v1alpha1', kind: 'SessionStore', metadata: { name: 's' }, spec }
}

function setOf(image: string, inForce?: InForce): StatefulSet {
  const annotations = {
    [ANNOTATIONS.image]: image,
    ...(inForce && { [ANNOTATIONS.inForce]: JSON.stringify(inForce) }),
  }
  const template = { metadata: { annotations: { [ANNOTATIONS.configHash]: 'old' } } }
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 's', annotations },
    spec: { template },
  } as unknown as StatefulSet
}

describe('the spec in force', () => {
  const images: readonly [rule: string, spec: SessionStore['spec'], pinned: string | undefined, want: string][] = [
    ['takes the default of a new store', {}, undefined, 'docker.io/valkey/valkey:9.1 9.1'],
    ['keeps what runs where the spec names nothing', {}, 'mirror.example/valkey:old', 'mirror.example/valkey:old 9.1'],
    ['follows an image', { image: 'x:1' }, 'docker.io/valkey/valkey:9.1', 'x:1 9.1'],
    [
      'follows a version',
      { engine: 'Redis', version: '7.0' },
      'docker.io/library/redis:8.0',
      'docker.io/library/redis:7.0 7.0',
    ],
    // Users are rendered for the version: a server refuses one with a command it does not know.
    [
      'knows the version of a pinned image',
      { engine: 'Redis' },
      'docker.io/library/redis:7.0',
      'docker.io/library/redis:7.0 7.0',
    ],
  ]
  for (const [rule, spec, pinned, want] of images) {
    it(rule, () => {
      const { image, version } = specInForce(storeOf(spec), pinned === undefined ? undefined : setOf(pinned))

      expect(`${image} ${version}`).to.equal(want)
    })
  }

  it('keeps engine and TLS of a store that says nothing of them, whatever is the default', () => {
    const annotations = { [ANNOTATIONS.engine]: 'Redis', [ANNOTATIONS.tlsMode]: 'Disabled' }
    const statefulSet = { ...setOf('x'), metadata: { name: 's', annotations } } as StatefulSet

    expect(specInForce(storeOf({}), statefulSet)).to.include({ engine: 'Redis', tlsMode: 'Disabled' })
  })

  const before: SessionStore['spec'] = { replicas: 3, eviction: 'noeviction', durability: { mode: 'Majority' } }

  it('changes nothing while the store is suspended, whatever field it is', () => {
    const spec = { suspend: true, replicas: 1, eviction: 'allkeys-lru', failover: { mode: 'Manual' } } as const

    const inForce = specInForce(storeOf(spec), setOf('docker.io/valkey/valkey:9.1', toInForce(before, 'x')))

    expect(inForce).to.deep.equal({ ...effectiveSpec(before), suspend: true })
  })

  const volumes: SessionStore['spec'] = { persistence: { mode: 'AOF', retain: 'Delete' } }
  const pins: readonly [rule: string, spec: SessionStore['spec'], annotations: Record<string, string>, want: object][] =
    [
      ['stays in memory where the store was created so', volumes, {}, { mode: 'None' }],
      [
        'keeps mode and class of the volumes, and takes what may change from the spec',
        volumes,
        { [ANNOTATIONS.persistence]: 'RDB', [ANNOTATIONS.storageClass]: 'fast' },
        { mode: 'RDB', storageClassName: 'fast', retain: 'Delete', adoptVolumes: false },
      ],
      [
        'keeps volumes that the spec says nothing of',
        {},
        { [ANNOTATIONS.persistence]: 'AOF' },
        { mode: 'AOF', retain: 'Retain', adoptVolumes: false },
      ],
    ]
  for (const [rule, spec, annotations, want] of pins) {
    it(rule, () => {
      const statefulSet = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 's', annotations } }

      expect(specInForce(storeOf(spec), statefulSet).persistence).to.deep.equal(want)
    })
  }

  it('follows the spec of a store that is not suspended', () => {
    const set = setOf('docker.io/valkey/valkey:9.1', toInForce(before, 'x'))

    expect(specInForce(storeOf({ replicas: 1 }), set)).to.include({ replicas: 1, eviction: 'volatile-ttl' })
  })

  it('takes the spec of a suspended store that never was', () => {
    expect(specInForce(storeOf({ suspend: true, replicas: 5 }), undefined)).to.include({ replicas: 5 })
  })

  it('takes the spec where the annotation cannot be read', () => {
    const set = setOf('docker.io/valkey/valkey:9.1')
    const annotations = { ...set.metadata.annotations, [ANNOTATIONS.inForce]: '{"spec":' }

    const inForce = specInForce(storeOf({ suspend: true }), { ...set, metadata: { ...set.metadata, annotations } })

    expect(inForce).to.include({ eviction: 'volatile-ttl' })
  })
})

describe('STATIC_FIELDS', () => {
  it('are those that the schema says are rolled, and what decides the image', () => {
    expect([...STATIC_FIELDS].sort()).to.deep.equal(['image', 'podTemplate', 'upgradePolicy', 'version'])
  })
})

describe('templateHash()', () => {
  const image = 'docker.io/valkey/valkey:9.1'
  const rows: readonly [
    rule: string,
    live: StatefulSet | undefined,
    raw: SessionStore['spec'],
    of: string,
    want: string,
  ][] = [
    ['is what is rendered for a new store', undefined, {}, image, 'new'],
    [
      'stays when the spec came to the same',
      setOf(image, { spec: {}, rendered: 'new' }),
      { replicas: 5 },
      image,
      'old',
    ],
    [
      'changes when the spec came to something else',
      setOf(image, { spec: {}, rendered: 'before' }),
      { image: 'x:1' },
      'x:1',
      'new',
    ],
    [
      'stays when a newer operator makes something else of the same spec',
      setOf(image, { spec: {}, rendered: 'before' }),
      {},
      image,
      'old',
    ],
    [
      'does not ask in which order fields are',
      setOf(image, { spec: { replicas: 3, eviction: 'noeviction' }, rendered: 'before' }),
      { eviction: 'noeviction', replicas: 3 },
      image,
      'old',
    ],
    [
      'does not take a suspension for a change',
      setOf(image, { spec: {}, rendered: 'before' }),
      { suspend: false },
      image,
      'old',
    ],
    ['changes when the operator chose another image', setOf('y:1', { spec: {}, rendered: 'before' }), {}, image, 'new'],
    ['stays under an operator that finds no note', setOf(image), {}, image, 'old'],
    ['changes without a note when the image does', setOf('y:1'), {}, image, 'new'],
  ]
  for (const [rule, live, raw, of, want] of rows) {
    it(rule, () => {
      expect(templateHash(live, { raw, image: of, rendered: 'new' })).to.equal(want)
    })
  }
})

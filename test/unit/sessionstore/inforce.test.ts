import { expect } from 'chai'
import type { SessionStore } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { specInForce } from '../../../src/sessionstore/inforce.ts'

function storeOf(spec: SessionStore['spec'], status: SessionStore['status'] = {}): SessionStore {
  return { apiVersion: 'sessionstore.dev/v1alpha1', kind: 'SessionStore', metadata: { name: 's' }, spec, status }
}

function setOf(image: string): StatefulSet {
  const metadata = { name: 's', annotations: { [ANNOTATIONS.image]: image } }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata }
}

describe('specInForce()', () => {
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

  const before = {
    effective: {
      replicas: 3,
      version: '9.1',
      image: 'docker.io/valkey/valkey:9.1',
      maxMemory: '200Mi',
      connections: 50,
      eviction: 'noeviction',
    },
  } as const

  it('changes nothing while the store is suspended', () => {
    const spec = {
      suspend: true,
      replicas: 1,
      eviction: 'allkeys-lru',
      capacity: { maxMemory: '1Gi' },
      image: 'x:1',
    } as const

    const inForce = specInForce(storeOf(spec, before), undefined)

    expect(inForce).to.deep.include({
      replicas: 3,
      image: 'docker.io/valkey/valkey:9.1',
      connections: 50,
      eviction: 'noeviction',
      capacity: { kind: 'MaxMemory', maxMemoryBytes: 200 * 1024 * 1024 },
      suspend: true,
    })
    expect(inForce.durability.minReplicasToWrite).to.equal(1)
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
    expect(specInForce(storeOf({ replicas: 1 }, before), undefined)).to.include({
      replicas: 1,
      eviction: 'volatile-ttl',
    })
  })

  it('takes the spec of a suspended store that never was', () => {
    expect(specInForce(storeOf({ suspend: true, replicas: 5 }), undefined)).to.include({ replicas: 5 })
  })
})

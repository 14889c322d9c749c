import path from 'node:path'
import { expect } from 'chai'
import { readSamples } from '../../../hack/generate/samples.ts'
import { EVICTION_POLICIES } from '../../../src/api/v1alpha1/defaults.ts'
import { SESSION_BINDINGS, sessionBindingKind } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES, type SessionStore, sessionStoreKind } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { pathOf } from '../../../src/kube/requests.ts'
import type { KubeObject, Resource } from '../../../src/kube/types.ts'
import { contractClient, endNamespace, FIELD_MANAGER, installKind, newNamespace, outcomeOf } from './cluster.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const merge = { kind: 'merge', fieldManager: FIELD_MANAGER } as const

let client: KubeClient
let namespace: string
let count = 0

async function create<T extends KubeObject>(resource: Resource<T>, spec: unknown): Promise<T> {
  count += 1
  const { apiVersion, kind } = resource
  const object = { apiVersion, kind, metadata: { namespace, name: `object-${count}` }, spec }
  return await client.create(resource, object as KubeObject, { fieldManager: FIELD_MANAGER })
}

function withIds(securityContext: object): object {
  return { podTemplate: { spec: { securityContext } } }
}

describe('structure of the schemas', () => {
  before(async () => {
    client = await contractClient()
    await installKind(client, sessionStoreKind)
    await installKind(client, sessionBindingKind)
    namespace = await newNamespace(client)
  })
  after(async () => await endNamespace(client, namespace))

  it('accepts each sample', async () => {
    const folders = ['samples', 'samples/prepared']
    const samples = (await Promise.all(folders.map((folder) => readSamples(path.join(root, folder))))).flat()
    for (const { file, value } of samples) {
      const resources: readonly Resource[] = [SESSION_STORES, SESSION_BINDINGS]
      const resource = resources.find(({ kind }) => kind === value.kind)
      if (!resource) throw new Error(`samples/${file} has the unknown kind ${value.kind}`)
      const object = { ...value, metadata: { ...value.metadata, namespace } } as KubeObject
      expect(await outcomeOf(client.create(resource, object, { fieldManager: FIELD_MANAGER })), file).to.equal(
        'accepted',
      )
    }
  })

  it('fills an empty spec with replicas and nothing else', async () => {
    expect((await create(SESSION_STORES, {})).spec).to.deep.equal({ replicas: 3 })
  })

  it('leaves the spec of a binding as it is', async () => {
    const spec = { storeRef: { name: 'shop' } }

    expect((await create(SESSION_BINDINGS, spec)).spec).to.deep.equal(spec)
  })

  it('keeps a quantity as it was written', async () => {
    const spec = { replicas: 3, capacity: { maxMemory: '1024Mi' } }

    expect((await create(SESSION_STORES, spec)).spec).to.deep.equal(spec)
  })

  it('accepts any value of a label for pods and of nodes, an empty one among them', async () => {
    const labels = { team: 'A.b_c-9', empty: '' }
    const podTemplate = { metadata: { labels }, spec: { nodeSelector: labels } }

    expect((await create(SESSION_STORES, { podTemplate })).spec?.podTemplate).to.deep.equal(podTemplate)
  })

  it('answers an unknown eviction policy with the list of them', async () => {
    const store = await create(SESSION_STORES, {})
    const patch = { ...merge, body: { spec: { eviction: 'bogus' } } }

    const outcome = await outcomeOf(client.patch(SESSION_STORES, { namespace, name: store.metadata.name }, patch))

    expect(outcome).to.include('spec.eviction: Unsupported value: "bogus"')
    for (const policy of EVICTION_POLICIES) expect(outcome).to.include(`"${policy}"`)
  })

  for (const [spec, want] of [
    [{ engine: 'Memcached' }, 'spec.engine: Unsupported value: "Memcached": supported values: "Valkey", "Redis"'],
    [{ tls: { mode: 'required' } }, 'spec.tls.mode: Unsupported value'],
    [{ replicas: 0 }, 'spec.replicas in body should be greater than or equal to 1'],
    [{ replicas: 10 }, 'spec.replicas in body should be less than or equal to 9'],
    [{ replicas: 2.5 }, 'spec.replicas in body must be of type int32'],
    [{ suspend: 'yes' }, 'spec.suspend in body must be of type boolean'],
    [{ version: 9.1 }, 'spec.version in body must be of type string'],
    [{ image: `${'a'.repeat(600)}:1` }, 'spec.image: Too long: may not be more than 512 bytes'],
    [{ capacity: { connections: 0 } }, 'spec.capacity.connections in body should be greater than or equal to 1'],
    [{ capacity: { connections: 65_001 } }, 'spec.capacity.connections in body should be less than or equal to 65000'],
    [{ capacity: { sessions: 0, averageSize: 1 } }, 'spec.capacity.sessions in body should be greater than or equal'],
    [
      { capacity: { sessions: 1e9 + 1, averageSize: 1 } },
      'spec.capacity.sessions in body should be less than or equal',
    ],
    [{ capacity: { maxMemory: '64MB' } }, 'spec.capacity.maxMemory in body should match'],
    [{ capacity: { maxMemory: 1.5 } }, 'spec.capacity.maxMemory'],
    [{ capacity: { averageSize: '1 Ki', sessions: 1 } }, 'spec.capacity.averageSize in body should match'],
    [withIds({ runAsUser: 0 }), 'runAsUser in body should be greater than or equal to 1'],
    [withIds({ runAsGroup: 0 }), 'runAsGroup in body should be greater than or equal to 1'],
    [withIds({ fsGroup: 0 }), 'fsGroup in body should be greater than or equal to 1'],
    [withIds({ supplementalGroups: [0] }), 'supplementalGroups[0] in body should be greater than or equal to 1'],
    [withIds({ seccompProfile: { type: 'Unconfined' } }), 'seccompProfile.type: Unsupported value: "Unconfined"'],
    [{ podTemplate: { metadata: { labels: { team: 'a b' } } } }, 'labels.team in body should match'],
    [{ podTemplate: { metadata: { labels: { team: '-a' } } } }, 'labels.team in body should match'],
    [{ podTemplate: { spec: { nodeSelector: { disk: 'fast/er' } } } }, 'nodeSelector.disk in body should match'],
    [undefined, 'spec: Required value'],
  ] as const) {
    it(`refuses a store with ${JSON.stringify(spec)}`, async () => {
      expect(await outcomeOf(create(SESSION_STORES, spec))).to.include(want)
    })
  }

  for (const [spec, want] of [
    [{}, 'spec.storeRef: Required value'],
    [{ storeRef: {} }, 'spec.storeRef.name: Required value'],
    [{ storeRef: { name: '' } }, 'spec.storeRef.name in body should be at least 1 chars long'],
    [{ storeRef: { name: 'Shop' } }, 'spec.storeRef.name in body should match'],
    [{ storeRef: { name: 'a' }, framework: 'express' }, 'spec.framework: Unsupported value: "express"'],
    [{ storeRef: { name: 'a' }, keyPrefix: '' }, 'spec.keyPrefix in body should'],
    [{ storeRef: { name: 'a' }, keyPrefix: 'a*' }, 'spec.keyPrefix in body should match'],
    [{ storeRef: { name: 'a' }, keyPrefix: 'a b' }, 'spec.keyPrefix in body should match'],
    [{ storeRef: { name: 'a' }, keyPrefix: 'a'.repeat(65) }, 'spec.keyPrefix: Too long'],
  ] as const) {
    it(`refuses a binding with ${JSON.stringify(spec)}`, async () => {
      expect(await outcomeOf(create(SESSION_BINDINGS, spec))).to.include(want)
    })
  }

  for (const replicas of [0, 10]) {
    it(`refuses ${replicas} replicas by /scale`, async () => {
      const { name } = (await create(SESSION_STORES, {})).metadata
      const patch = { ...merge, body: { spec: { replicas } }, subresource: 'scale' }

      expect(await outcomeOf(client.patch(SESSION_STORES, { namespace, name }, patch))).to.include('spec.replicas')
    })
  }

  it('scales by /scale, and shows there what the status says', async () => {
    const { name } = (await create(SESSION_STORES, {})).metadata
    const status = { replicas: 3, selector: 'sessionstore.dev/store=x' }
    await client.patch(SESSION_STORES, { namespace, name }, { ...merge, body: { status }, subresource: 'status' })

    await client.patch(
      SESSION_STORES,
      { namespace, name },
      { ...merge, body: { spec: { replicas: 9 } }, subresource: 'scale' },
    )

    const scale = JSON.parse(await client.getRaw(pathOf(SESSION_STORES, { namespace, name, subresource: 'scale' })))
    expect(scale).to.deep.include({ kind: 'Scale', spec: { replicas: 9 }, status })
    expect((await client.get<SessionStore>(SESSION_STORES, { namespace, name })).spec.replicas).to.equal(9)
  })

  it('keeps spec and status apart', async () => {
    const { name } = (await create(SESSION_STORES, {})).metadata
    await client.patch(SESSION_STORES, { namespace, name }, { ...merge, body: { status: { epoch: 1 } } })
    const body = { spec: { suspend: true }, status: { epoch: 2 } }
    await client.patch(SESSION_STORES, { namespace, name }, { ...merge, body, subresource: 'status' })

    const { spec, status } = await client.get<SessionStore>(SESSION_STORES, { namespace, name })

    expect(spec).to.deep.equal({ replicas: 3 })
    expect(status).to.deep.equal({ epoch: 2 })
  })
})

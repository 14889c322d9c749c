import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import { CONFIG_MAPS, NAMESPACES, POD_DISRUPTION_BUDGETS, PODS, SECRETS } from '../../../src/kube/resources.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import {
  adminAccess,
  adminClient,
  clientWith,
  configMap,
  newNamespace,
  rejectionOf,
  TEST_MANAGER,
} from '../../support/kube.ts'

const fieldManager = TEST_MANAGER

describe('KubeClient against a real API server', () => {
  let client: KubeClient
  let namespace: string

  before(async () => {
    client = await adminClient()
    namespace = await newNamespace(client)
  })

  after(() => client.close())

  it('creates, reads, patches, lists and deletes an object', async () => {
    const ref = { namespace, name: 'life' }

    const created = await client.create(CONFIG_MAPS, configMap(ref), { fieldManager })
    const patched = await client.patch(CONFIG_MAPS, ref, { kind: 'merge', body: { data: { more: '1' } }, fieldManager })
    const read = await client.get(CONFIG_MAPS, ref)
    const page = await client.list(CONFIG_MAPS, { namespace, fieldSelector: 'metadata.name=life' })
    await client.delete(CONFIG_MAPS, ref, { uid: created.metadata.uid ?? '' })

    expect(created.metadata).to.not.have.property('managedFields')
    expect(read).to.deep.equal(patched)
    expect(read.data).to.deep.equal({ key: 'value', more: '1' })
    expect(page.items).to.deep.equal([read])
    expect(await rejectionOf(client.get(CONFIG_MAPS, ref))).to.include({ code: 'NotFound', status: 404 })
  })

  it('gives the items of a built-in list their kind', async () => {
    const { items } = await client.list(NAMESPACES, { limit: 1 })

    expect(items[0]).to.include({ apiVersion: 'v1', kind: 'Namespace' })
  })

  it('pages through a list with one resourceVersion', async () => {
    const names = ['page-1', 'page-2', 'page-3']
    const labels = { test: 'page' }
    for (const name of names) {
      await client.create(CONFIG_MAPS, configMap({ namespace, name, labels }), { fieldManager })
    }
    const options = { namespace, labelSelector: 'test=page', limit: 2 }

    const first = await client.list(CONFIG_MAPS, options)
    const second = await client.list(CONFIG_MAPS, { ...options, continueToken: first.continueToken ?? '' })

    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).to.deep.equal(names)
    expect(second.resourceVersion).to.equal(first.resourceVersion)
    expect(second).to.not.have.property('continueToken')
  })

  it('names the object and the reason of a refusal', async () => {
    const ref = { namespace, name: 'taken' }
    await client.create(CONFIG_MAPS, configMap(ref), { fieldManager })

    const error = await rejectionOf(client.create(CONFIG_MAPS, configMap(ref), { fieldManager }))

    expect(error).to.include({ code: 'AlreadyExists', retry: 'Conflict', status: 409 })
    expect(error)
      .to.have.property('message')
      .that.matches(/^Cannot create ConfigMap "kube-[0-9a-f]+\/taken": /)
  })

  it('answers Conflict to a precondition that does not hold', async () => {
    const ref = { namespace, name: 'precondition' }
    await client.create(CONFIG_MAPS, configMap(ref), { fieldManager })
    const uid = '00000000-0000-0000-0000-000000000000'

    const error = await rejectionOf(client.delete(CONFIG_MAPS, ref, { uid }))

    expect(error).to.include({ code: 'Conflict' })
  })

  it('keeps the values of a refused Secret out of the error', async () => {
    const secret: KubeObject & { data: unknown } = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: 'leak' },
      data: { password: 'hunter2 is not base64' },
    }

    const error = await rejectionOf(client.create(SECRETS, secret, { fieldManager }))

    expect(error).to.have.property('code', 'Invalid')
    expect(String(error)).to.not.contain('hunter2')
  })

  it('answers Forbidden without the right and Unauthorized without a valid token', async () => {
    const dev = clientWith({ ...(await adminAccess()), headers: {} })
    const stranger = clientWith({ ...(await adminAccess()), headers: { authorization: 'Bearer wrong' } })

    const forbidden = await rejectionOf(dev.list(SECRETS, { namespace }))
    const unauthorized = await rejectionOf(stranger.list(SECRETS, { namespace }))
    await Promise.all([dev.close(), stranger.close()])

    expect(forbidden).to.have.property('code', 'Forbidden')
    expect(unauthorized).to.have.property('code', 'Unauthorized')
  })

  it('refuses a server whose certificate has another name or another issuer', async () => {
    const access = await adminAccess()
    const named = clientWith({ ...access, tls: { ...access.tls, servername: 'elsewhere.example' } })
    const distrusting = clientWith({ ...access, tls: {} })

    const wrongName = await rejectionOf(named.version())
    const wrongIssuer = await rejectionOf(distrusting.version())
    await Promise.all([named.close(), distrusting.close()])

    expect(wrongName).to.have.property('code', 'ConnectionLost')
    expect(String(wrongName)).to.contain('elsewhere.example')
    expect(wrongIssuer).to.have.property('code', 'ConnectionLost')
  })

  it('ends a call when it is aborted and when its time is up', async () => {
    const controller = new AbortController()
    controller.abort()

    const aborted = await rejectionOf(client.version({ signal: controller.signal }))
    const late = await rejectionOf(client.list(NAMESPACES, { timeoutMs: 0 }))

    expect(aborted).to.include({ code: 'Aborted', message: 'Cannot read "/version": This operation was aborted' })
    expect(late).to.include({ code: 'Timeout', message: 'Cannot list Namespace: no answer within 0 ms' })
  })

  it('evicts a pod, unless a PodDisruptionBudget forbids it', async () => {
    const selector = { matchLabels: { app: 'guarded' } }
    const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace, name: 'guarded' } }
    await client.create(POD_DISRUPTION_BUDGETS, { ...budget, spec: { maxUnavailable: 0, selector } } as KubeObject, {
      fieldManager,
    })
    const free = await client.create(PODS, pod({ namespace, name: 'free' }), { fieldManager })
    const labels = { app: 'guarded' }
    const guarded = await client.create(PODS, pod({ namespace, name: 'guarded', labels }), { fieldManager })
    await client.patch(PODS, guarded.metadata, {
      kind: 'merge',
      body: { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
      subresource: 'status',
      fieldManager,
    })
    const how = { subresource: 'eviction', gracePeriodSeconds: 0 } as const

    await client.delete(PODS, free.metadata, how)
    const error = await rejectionOf(client.delete(PODS, guarded.metadata, how))

    expect(await rejectionOf(client.get(PODS, free.metadata))).to.have.property('code', 'NotFound')
    expect(error).to.include({ code: 'TooManyRequests', retry: 'Transient' })
    expect(error)
      .to.have.property('message')
      .that.matches(/^Cannot evict Pod "/)
  })

  it('reads the version and a plain path', async () => {
    const { gitVersion } = await client.version()

    expect(gitVersion).to.match(/^v1\./)
    expect(await client.getRaw('/readyz')).to.equal('ok')
  })
})

function pod(metadata: KubeObject['metadata']): KubeObject {
  const spec = { containers: [{ name: 'c', image: 'i' }], terminationGracePeriodSeconds: 0 }
  const fields = { spec }
  return { apiVersion: 'v1', kind: 'Pod', metadata, ...fields }
}

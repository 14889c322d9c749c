import { expect } from 'chai'
import { APPLIED_HASH, applyStatus, ensureObject } from '../../../src/kube/apply.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { CONFIG_MAPS, POD_DISRUPTION_BUDGETS, SERVICES, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { ConfigMap, DesiredObject, KubeObject, Resource } from '../../../src/kube/types.ts'
import { DECLARED, service, statefulSet } from '../../support/declared.ts'
import { type HttpProxy, startHttpProxy } from '../../support/http-proxy.ts'
import { adminAccess, clientWith, configMap, newNamespace, rejectionOf, TEST_MANAGER } from '../../support/kube.ts'

const fieldManager = 'sessionstore-operator'

describe('ensureObject() against a real API server', () => {
  let proxy: HttpProxy
  let client: KubeClient
  let namespace: string
  let owner: ConfigMap

  before(async () => {
    proxy = await startHttpProxy(await adminAccess())
    client = clientWith(proxy.access)
    namespace = await newNamespace(client)
    owner = await client.create(CONFIG_MAPS, configMap({ namespace, name: 'owner' }), { fieldManager: TEST_MANAGER })
  })

  beforeEach(() => proxy.forget())

  after(async () => {
    await client.close()
    await proxy.close()
  })

  function owned(resource: Resource, name: string, fields: Readonly<Record<string, unknown>>): DesiredObject {
    const { uid = '' } = owner.metadata
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, controller: true }
    const { apiVersion, kind } = resource
    return { apiVersion, kind, metadata: { namespace, name, ownerReferences: [reference] }, ...fields }
  }

  function ensure<T extends KubeObject>(resource: Resource<T>, desired: DesiredObject, live?: T) {
    return ensureObject(client, resource, { desired, live, ownerUid: owner.metadata.uid ?? '', fieldManager })
  }

  function methods(): readonly string[] {
    return proxy.seen().map(({ method }) => method)
  }

  for (const [resource, fields] of DECLARED) {
    it(`creates a ${resource.kind} with one POST, and then sends nothing`, async () => {
      const desired = owned(resource, 'skipped', fields)

      const first = await ensure(resource, desired)
      const sent = methods()
      const fresh = await client.get(resource, { namespace, name: 'skipped' })
      proxy.forget()
      const second = await ensure(resource, desired, fresh)

      expect([first.kind, second.kind]).to.deep.equal(['created', 'unchanged'])
      expect(sent).to.deep.equal(['POST'])
      expect(methods()).to.deep.equal([])
    })
  }

  it('removes a field that is no longer declared, though the object was made by POST', async () => {
    const first = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'shrink', { data: { a: '1', b: '2' } }))

    const second = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'shrink', { data: { a: '1' } }), first.object)

    expect(second.kind).to.equal('applied')
    expect(second.object.data).to.deep.equal({ a: '1' })
  })

  it('changes a StatefulSet once, though its ownership moves on the way', async () => {
    const desired = owned(STATEFUL_SETS, 'rolled', statefulSet())
    const first = await ensure(STATEFUL_SETS, desired)
    const changed = owned(STATEFUL_SETS, 'rolled', statefulSet({ image: 'docker.io/valkey/valkey:9.2' }))

    const second = await ensure(STATEFUL_SETS, changed, first.object)
    const third = await ensure(STATEFUL_SETS, changed, second.object)

    const text = JSON.stringify(first.object.spec)
    expect(JSON.stringify(second.object.spec)).to.equal(text.replace('valkey:9.1', 'valkey:9.2'))
    expect(second.object.metadata.generation).to.equal(2)
    expect(third.kind).to.equal('unchanged')
  })

  it('meets a newer object, and no wrong one, when a status is written while the ownership moves', async () => {
    const first = await ensure(STATEFUL_SETS, owned(STATEFUL_SETS, 'raced', statefulSet()))
    const changed = owned(STATEFUL_SETS, 'raced', statefulSet({ image: 'docker.io/valkey/valkey:9.2' }))
    let count = 0
    const racing: Pick<KubeClient, 'get' | 'create' | 'patch'> = {
      get: (...call) => client.get(...call),
      create: (...call) => client.create(...call),
      async patch(resource, ref, options) {
        const answer = await client.patch(resource, ref, options)
        count += 1
        const body = { status: { replicas: count } }
        const status = { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER } as const
        await client.patch(STATEFUL_SETS, { namespace, name: 'raced' }, status)
        return answer
      },
    }
    const options = { desired: changed, live: first.object, ownerUid: owner.metadata.uid ?? '', fieldManager }

    expect(await rejectionOf(ensureObject(racing, STATEFUL_SETS, options))).to.have.property('code', 'Conflict')

    const second = await ensure(STATEFUL_SETS, changed, await client.get(STATEFUL_SETS, { namespace, name: 'raced' }))
    expect(second.object.metadata.generation).to.equal(2)
  })

  it('needs one request for each later change, once the ownership is its own', async () => {
    const first = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'later', { data: { a: '1', b: '2' } }))
    const second = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'later', { data: { a: '2', b: '2' } }), first.object)
    proxy.forget()

    const third = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'later', { data: { a: '3' } }), second.object)

    expect(methods()).to.deep.equal(['PATCH'])
    expect(third.object.data).to.deep.equal({ a: '3' })
  })

  it('repairs what somebody changed and leaves what somebody added', async () => {
    const desired = owned(CONFIG_MAPS, 'drift', { data: { a: '1' } })
    await ensure(CONFIG_MAPS, desired)
    const body = { data: { a: 'changed', theirs: 'stays' }, metadata: { labels: { theirs: 'stays' } } }
    const ref = { namespace, name: 'drift' }
    const drifted = await client.patch(CONFIG_MAPS, ref, { kind: 'merge', body, fieldManager: TEST_MANAGER })

    const repaired = await ensure(CONFIG_MAPS, desired, drifted)

    expect(repaired.kind).to.equal('applied')
    expect(repaired.object.data).to.deep.equal({ a: '1', theirs: 'stays' })
    expect(repaired.object.metadata.labels).to.deep.equal({ theirs: 'stays' })
  })

  it('sees a key that somebody added to a selector', async () => {
    const desired = owned(SERVICES, 'selector', service())
    await ensure(SERVICES, desired)
    const body = { spec: { selector: { extra: 'x' } } }
    const ref = { namespace, name: 'selector' }
    const drifted = await client.patch(SERVICES, ref, { kind: 'merge', body, fieldManager: TEST_MANAGER })

    const repaired = await ensure(SERVICES, desired, drifted)

    expect(repaired.kind).to.equal('applied')
    expect(repaired.object.spec?.selector).to.deep.equal({ app: 'x' })
  })

  it('writes nothing over an object of somebody else', async () => {
    const foreign = configMap({ namespace, name: 'foreign' })
    const theirs = await client.create(CONFIG_MAPS, foreign, { fieldManager: TEST_MANAGER })

    const unseen = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'foreign', { data: { a: '1' } }))
    const seen = await ensure(CONFIG_MAPS, owned(CONFIG_MAPS, 'foreign', { data: { a: '1' } }), theirs)

    expect([unseen.kind, seen.kind]).to.deep.equal(['nameConflict', 'nameConflict'])
    expect(await client.get(CONFIG_MAPS, foreign.metadata)).to.deep.equal(theirs)
  })

  it('takes its own object that the cache did not know yet', async () => {
    const desired = owned(CONFIG_MAPS, 'unseen', { data: { a: '1' } })
    await ensure(CONFIG_MAPS, desired)
    proxy.forget()

    const again = await ensure(CONFIG_MAPS, desired)

    expect(again.kind).to.equal('unchanged')
    expect(methods()).to.deep.equal(['POST', 'GET'])
  })

  it('does not take over an object that replaced the cached one', async () => {
    const desired = owned(CONFIG_MAPS, 'replaced', { data: { a: '1' } })
    const { object } = await ensure(CONFIG_MAPS, desired)
    const ref = { namespace, name: 'replaced' }
    await client.delete(CONFIG_MAPS, ref)
    const changed = owned(CONFIG_MAPS, 'replaced', { data: { a: '2' } })

    const gone = await rejectionOf(ensure(CONFIG_MAPS, changed, object))
    const theirs = await client.create(CONFIG_MAPS, configMap(ref), { fieldManager: TEST_MANAGER })
    const replaced = await rejectionOf(ensure(CONFIG_MAPS, changed, object))

    expect(gone).to.have.property('code', 'Conflict')
    expect(replaced).to.have.property('code', 'Conflict')
    expect(await client.get(CONFIG_MAPS, ref)).to.deep.equal(theirs)
  })

  it('writes a status, skips an equal one, and removes what is no longer said', async () => {
    const desired = owned(POD_DISRUPTION_BUDGETS, 'status', { spec: { maxUnavailable: 1, selector: {} } })
    const { object } = await ensure(POD_DISRUPTION_BUDGETS, desired)
    const status = { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 1, expectedPods: 1 }
    const more = { ...status, disruptedPods: { p: '2026-01-01T00:00:00Z' } }

    const first = await applyStatus(client, POD_DISRUPTION_BUDGETS, { object, status: more, fieldManager: 's' })
    const second = await applyStatus(client, POD_DISRUPTION_BUDGETS, {
      object: first.object,
      status,
      fieldManager: 's',
    })
    proxy.forget()
    const third = await applyStatus(client, POD_DISRUPTION_BUDGETS, {
      object: second.object,
      status,
      fieldManager: 's',
    })

    expect([first.kind, second.kind, third.kind]).to.deep.equal(['applied', 'applied', 'unchanged'])
    expect(second.object.status).to.deep.equal(status)
    expect(second.object.metadata.annotations?.[APPLIED_HASH]).to.be.a('string')
    expect(methods()).to.deep.equal([])
  })

  it('refuses a status write whose precondition does not hold', async () => {
    const desired = owned(POD_DISRUPTION_BUDGETS, 'stale', { spec: { maxUnavailable: 1, selector: {} } })
    const { object } = await ensure(POD_DISRUPTION_BUDGETS, desired)
    const status = { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 1, expectedPods: 1 }
    const written = await applyStatus(client, POD_DISRUPTION_BUDGETS, { object, status, fieldManager: 's' })
    const other = { ...status, currentHealthy: 0 }
    const { resourceVersion = '' } = object.metadata

    const stale = await rejectionOf(
      applyStatus(client, POD_DISRUPTION_BUDGETS, {
        object: written.object,
        status: other,
        fieldManager: 's',
        resourceVersion,
      }),
    )

    expect(stale).to.have.property('code', 'Conflict')
  })
})

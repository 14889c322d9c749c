import { expect } from 'chai'
import { SESSION_BINDINGS } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { CONFIG_MAPS, POD_DISRUPTION_BUDGETS, SECRETS, SERVICES, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { Service } from '../../../src/kube/types.ts'
import { configMap, rejectionOf, TEST_MANAGER } from '../../support/kube.ts'
import { endPod, runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('the objects of a SessionStore', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })

  after(() => stage.close())

  it('are put back when somebody changed or deleted them', async () => {
    const body = { spec: { publishNotReadyAddresses: false } }
    const how = { kind: 'merge', body, fieldManager: TEST_MANAGER } as const
    await stage.client.patch(SERVICES, stage.ref('shop-primary'), how)
    await stage.client.delete(CONFIG_MAPS, stage.ref('shop-config'))

    const isBack = async (): Promise<boolean> => {
      const service = await stage.client.get(SERVICES, stage.ref('shop-primary'))
      await stage.client.get(CONFIG_MAPS, stage.ref('shop-config'))
      return service.spec?.publishNotReadyAddresses === true
    }
    await until(isBack, { what: 'both to be back', deadlineMs: 10_000 })
  })

  it('of another owner are left alone, the store says so and heals when they go', async () => {
    const foreign = configMap(stage.ref('cart-config'), { mine: 'yes' })
    const created = await stage.client.create(CONFIG_MAPS, foreign, { fieldManager: TEST_MANAGER })

    await stage.createStore('cart')
    const store = await stage.awaitStore(
      'cart',
      (each) => conditionOf(each, 'Stalled')?.status === 'True',
      'a conflict',
    )

    expect(conditionOf(store, 'Stalled')?.reason).to.equal('NameConflict')
    expect(conditionOf(store, 'Stalled')?.message).to.contain('ConfigMap "cart-config"').and.contain('delete or rename')
    const left = await stage.client.get(CONFIG_MAPS, stage.ref('cart-config'))
    expect(left.metadata.resourceVersion).to.equal(created.metadata.resourceVersion)

    await stage.client.delete(CONFIG_MAPS, stage.ref('cart-config'))
    await stage.awaitStore('cart', (each) => conditionOf(each, 'Stalled')?.status === 'False', 'an end of the conflict')
    await runPods(stage.client, stage.ref('cart'))
    await stage.awaitReady('cart')
  })

  it('that are refused do not keep a running store from its failover', async () => {
    await stage.client.delete(SERVICES, stage.ref('shop-replicas'))
    await until(async () => stage.client.get(SERVICES, stage.ref('shop-replicas')), { what: 'it', deadlineMs: 10_000 })
    await stage.rig.stop()
    await stage.client.delete(SERVICES, stage.ref('shop-replicas'))
    const foreign: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: stage.ref('shop-replicas'),
      spec: { ports: [{ port: 80 }] },
    }
    await stage.client.create(SERVICES, foreign, { fieldManager: TEST_MANAGER })
    await stage.restart()
    const before = await stage.awaitStore(
      'shop',
      (each) => conditionOf(each, 'Stalled')?.status === 'True',
      'a conflict',
    )

    await endPod(stage.client, stage.servers, stage.ref(before.status?.primary ?? ''))

    const after = await stage.awaitStore(
      'shop',
      ({ status }) => (status?.epoch ?? 0) > (before.status?.epoch ?? 0) && status?.operation === undefined,
      'a failover',
    )
    expect(after.status?.primary).to.not.equal(before.status?.primary)
    await stage.client.delete(SERVICES, stage.ref('shop-replicas'))
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')
    // Objects that were refused are tried again after a while.
    await until(async () => stage.client.get(SERVICES, stage.ref('shop-replicas')), {
      what: 'the Service',
      deadlineMs: 20_000,
    })
  })

  it('touch what a change of the eviction policy needs only: servers, and what they were made from', async () => {
    await stage.rig.settle()
    stage.takeRequests()

    await stage.changeStore('shop', { eviction: 'allkeys-lru' })
    await stage.awaitStore('shop', ({ status }) => status?.effective?.eviction === 'allkeys-lru', 'its eviction')
    await stage.rig.settle()

    const requests = new Set(stage.takeRequests())
    expect([...requests].sort()).to.deep.equal([
      'patch ConfigMap shop-config',
      'patch SessionStore/status shop',
      'patch StatefulSet shop',
    ])
    const settings = stage.servers.all().map((server) => server.config.get('maxmemory-policy'))
    expect(settings.filter((policy) => policy === 'allkeys-lru')).to.have.length(3)
  })

  it('a Secret that cannot be used is replaced, and not again and again', async () => {
    const body = { data: { password: null } }
    await stage.rig.settle()
    stage.takeRequests()

    const how = { kind: 'merge', body, fieldManager: TEST_MANAGER } as const
    await stage.client.patch(SECRETS, stage.ref('shop-user-metrics'), how)
    await until(
      async () => (await stage.client.get(SECRETS, stage.ref('shop-user-metrics'))).data?.['password'] !== undefined,
      { what: 'a new password', deadlineMs: 10_000 },
    )
    await stage.rig.settle()

    expect(stage.takeRequests().filter((each) => each.endsWith('shop-user-metrics')).length).to.be.at.most(6)
  })

  it('grow and shrink one member at a time with spec.replicas', async () => {
    await stage.changeStore('shop', { replicas: 5 })
    const size = async (): Promise<number> =>
      (await stage.client.get(STATEFUL_SETS, stage.ref('shop'))).spec?.replicas ?? 0
    await until(
      async () => {
        await runPods(stage.client, stage.ref('shop'))
        return (await stage.store('shop')).status?.quorum?.n === 5
      },
      { what: 'five members', deadlineMs: 20_000 },
    )

    await stage.changeStore('shop', { replicas: 1 })
    await until(
      async (see) => {
        const replicas = await size()
        see(await stage.store('shop'))
        for (let ordinal = replicas; ordinal < 5; ordinal += 1)
          await endPod(stage.client, stage.servers, stage.ref(`shop-${ordinal}`)).catch(() => undefined)
        return replicas === 1
      },
      { what: 'one member', deadlineMs: 30_000 },
    )

    await until(
      async () =>
        /not found/.test(String(await rejectionOf(stage.client.get(POD_DISRUPTION_BUDGETS, stage.ref('shop'))))),
      {
        what: 'the budget to go',
        deadlineMs: 10_000,
      },
    )
    // Its controller looks at the StatefulSet once more.
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')
    expect((await stage.store('shop')).status).to.deep.include({ quorum: { n: 1, w: 0 }, primary: 'shop-0' })
  })

  it('stay as they are while the store is suspended, and follow the spec afterwards', async () => {
    await stage.changeStore('shop', { suspend: true })
    await stage.awaitStore('shop', (each) => conditionOf(each, 'Reconciling')?.reason === 'Suspended', 'suspension')
    await stage.rig.settle()
    stage.takeRequests()

    await stage.changeStore('shop', { eviction: 'noeviction', replicas: 3, capacity: { maxMemory: '512Mi' } })
    await stage.awaitStore(
      'shop',
      ({ status, metadata }) => status?.observedGeneration === metadata.generation,
      'a look',
    )
    await stage.rig.settle()

    expect(new Set(stage.takeRequests())).to.deep.equal(new Set(['patch SessionStore/status shop']))
    expect(stage.servers.get('shop-0').config.get('maxmemory-policy')).to.equal('allkeys-lru')
    expect((await stage.store('shop')).status?.effective).to.include({ eviction: 'allkeys-lru', replicas: 1 })

    await stage.changeStore('shop', { suspend: false })
    await until(
      async () => {
        await runPods(stage.client, stage.ref('shop'))
        return (await stage.store('shop')).status?.quorum?.n === 3
      },
      { what: 'three members', deadlineMs: 20_000 },
    )
    expect(stage.servers.get('shop-0').config.get('maxmemory-policy')).to.equal('noeviction')
  })

  it('are not begun for a store that is created suspended', async () => {
    await stage.createStore('idle', { suspend: true })
    const store = await stage.awaitStore('idle', ({ status }) => status?.observedGeneration === 1, 'its status')
    await stage.rig.settle()

    expect(conditionOf(store, 'Reconciling')?.reason).to.equal('Suspended')
    expect(stage.takeRequests().filter((each) => each.startsWith('create') && each.includes('idle'))).to.deep.equal([])
  })

  it('include a default binding, made anew when it is deleted', async () => {
    const before = await stage.client.get(SESSION_BINDINGS, stage.ref('shop'))

    await stage.client.delete(SESSION_BINDINGS, stage.ref('shop'))

    await until(
      async () => (await stage.client.get(SESSION_BINDINGS, stage.ref('shop'))).metadata.uid !== before.metadata.uid,
      {
        what: 'another binding',
        deadlineMs: 10_000,
      },
    )
  })

  it('leave a binding of that name alone that somebody made', async () => {
    await stage.createBinding('till', { storeRef: { name: 'till' }, keyPrefix: 'mine:' })

    await stage.createStore('till')
    await stage.awaitStore('till', ({ status }) => status?.selector !== undefined, 'its objects')
    await stage.rig.settle()

    const binding = await stage.client.get(SESSION_BINDINGS, stage.ref('till'))
    expect(binding.spec.keyPrefix).to.equal('mine:')
    expect(binding.metadata.ownerReferences).to.equal(undefined)
  })

  it('keep their memory where a Node cannot resize: asked once, and said', async () => {
    await stage.createStore('small')
    await stage.awaitStore('small', ({ status }) => status?.selector !== undefined, 'its objects')
    await runPods(stage.client, stage.ref('small'), { canResize: false })
    await stage.awaitReady('small')
    stage.takeRequests()

    await stage.changeStore('small', { capacity: { maxMemory: '256Mi' } })
    const store = await stage.awaitStore(
      'small',
      (each) => conditionOf(each, 'Stalled')?.reason === 'ResizeInfeasible',
      'what keeps it from its memory',
    )
    await stage.rig.settle()

    expect(conditionOf(store, 'Ready')?.status).to.equal('True')
    // Whichever pod was asked first.
    expect(conditionOf(store, 'Stalled')?.message).to.match(/delete pod small-[012]/)
    expect(stage.takeRequests().filter((each) => each.startsWith('patch Pod/resize small'))).to.have.length(3)
    const settings = stage.servers.all().filter(({ name }) => name.startsWith('small'))
    expect(new Set(settings.map(({ config }) => config.get('maxmemory')))).to.deep.equal(
      new Set([String(128 * 1024 ** 2)]),
    )
  })
})

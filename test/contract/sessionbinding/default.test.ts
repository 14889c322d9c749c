import { expect } from 'chai'
import { SESSION_BINDINGS } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SECRETS } from '../../../src/kube/resources.ts'
import { rejectionOf } from '../../support/kube.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('the default binding', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  const hasUser = (name: string): boolean =>
    stage.servers.all().every((server) => server.users.has(`${stage.namespace}.${name}`))

  async function untilGone(name: string): Promise<void> {
    await until(
      async () => String(await rejectionOf(stage.client.get(SESSION_BINDINGS, stage.ref(name)))).includes('not found'),
      { what: `binding ${name} to go`, deadlineMs: 10_000 },
    )
  }

  it('goes with its login when it is switched off, and comes again when it is switched on', async () => {
    await stage.runningStore('shop')
    await stage.awaitBinding('shop', 'Bound')
    expect(hasUser('shop')).to.equal(true)

    await stage.changeStore('shop', { bindings: { default: false } })
    await untilGone('shop')
    // What the garbage collector does in a cluster.
    await stage.client.delete(SECRETS, stage.ref('shop-session-binding'))
    const without = await stage.awaitStore('shop', ({ status }) => status?.binding === undefined, 'no binding')
    await until(() => !stage.servers.get('shop-0').users.has(`${stage.namespace}.shop`), {
      what: 'no login',
      deadlineMs: 10_000,
    })
    expect(conditionOf(without, 'Stalled')?.status).to.equal('False')

    await stage.changeStore('shop', { bindings: { default: true } })
    const again = await stage.awaitStore('shop', ({ status }) => status?.binding !== undefined, 'its binding')
    expect(again.status?.binding).to.deep.equal({ name: 'shop-session-binding' })
    await stage.awaitBinding('shop', 'Bound')
  })

  it('stays when the store becomes Shared, as nobody asked for its end', async () => {
    await stage.changeStore('shop', { bindings: { tenancy: 'Shared', default: null } })
    await stage.awaitStore('shop', ({ status }) => status?.effective?.bindings?.tenancy === 'Shared', 'Shared')
    await stage.rig.settle()

    const binding = await stage.client.get(SESSION_BINDINGS, stage.ref('shop'))
    expect(binding.metadata.deletionTimestamp).to.equal(undefined)
    for (const server of stage.servers.all())
      expect(server.users.get(`${stage.namespace}.shop`))
        .to.include('+get')
        .and.not.include('+info')
  })

  it('of a person is left alone, whatever default says', async () => {
    await stage.createBinding('till', { storeRef: { name: 'till' }, keyPrefix: 'mine:' })
    await stage.runningStore('till')
    await stage.awaitBinding('till', 'Bound')

    await stage.changeStore('till', { bindings: { default: false } })
    await stage.awaitStore(
      'till',
      ({ status, metadata }) => status?.observedGeneration === metadata.generation,
      'a look',
    )
    await stage.rig.settle()

    expect((await stage.client.get(SESSION_BINDINGS, stage.ref('till'))).spec.keyPrefix).to.equal('mine:')
    expect((await stage.store('till')).status?.binding).to.deep.equal({ name: 'till-session-binding' })
  })

  it('is missed, and the store says so, where its name is taken for another store', async () => {
    await stage.createBinding('cart', { storeRef: { name: 'shop' }, keyPrefix: 'cart:' })
    await stage.createStore('cart')
    const stalled = await stage.awaitStore(
      'cart',
      (store) => conditionOf(store, 'Stalled')?.reason === 'NameConflict',
      'a conflict',
    )
    expect(stalled.status?.binding).to.equal(undefined)

    await stage.changeStore('cart', { bindings: { default: false } })

    await stage.awaitStore('cart', (store) => conditionOf(store, 'Stalled')?.status === 'False', 'no conflict')
    expect((await stage.client.get(SESSION_BINDINGS, stage.ref('cart'))).spec.storeRef.name).to.equal('shop')
  })

  it('is not made for a shared store', async () => {
    await stage.runningStore('common', { bindings: { tenancy: 'Shared' } })

    expect((await stage.store('common')).status?.binding).to.equal(undefined)
    await untilGone('common')
  })
})

import { expect } from 'chai'
import { SESSION_STORES } from '../../../src/api/v1alpha1/sessionstore.ts'
import { PERSISTENT_VOLUME_CLAIMS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import { ANNOTATIONS, LABELS, objectLabels } from '../../../src/resources/labels.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { createClass, dropClasses, leaveClaim } from '../../support/sessionstore/volumes.ts'
import { until } from '../../support/until.ts'

const OLD = '11111111-2222-3333-4444-555555555555'
const volumes = { mode: 'AOF', storageClassName: 'foreign' } as const

describe("volumes that are not the store's own", function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await dropClasses(stage.client)
    await createClass(stage.client, volumes.storageClassName)
  })

  after(async () => {
    await dropClasses(stage.client)
    await stage.close()
  })

  /** What a deleted store of this name leaves: its volumes, and the record on them. */
  async function leave(store: string, epochs: readonly number[]): Promise<void> {
    for (const [ordinal, epoch] of epochs.entries()) {
      const labels = { ...objectLabels({ name: store }), [LABELS.storeUid]: OLD }
      const metadata = { labels, annotations: { [ANNOTATIONS.dataUid]: OLD } }
      await leaveClaim(stage.client, stage.ref(`data-${store}-${ordinal}`), metadata)
      const record = { storeUID: OLD, epoch, n: 3, w: 1, primary: `${store}-1`, seq: 70 + ordinal, time: 1 }
      const texts = Object.entries(record).map(([name, value]) => [name, String(value)])
      stage.servers.disks.set(`${store}-${ordinal}`, Object.fromEntries(texts))
    }
  }

  const claim = (name: string) => stage.client.get(PERSISTENT_VOLUME_CLAIMS, stage.ref(name))
  const hasSet = async (name: string): Promise<boolean> => {
    const { items } = await stage.client.list(STATEFUL_SETS, { namespace: stage.namespace })
    return items.some(({ metadata }) => metadata.name === name)
  }

  it('keep a store from its first pod, and are left as they are', async () => {
    await leave('shop', [4, 4, 4])
    const before = await claim('data-shop-0')

    await stage.createStore('shop', { persistence: volumes })
    const store = await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a stop')
    await stage.rig.settle()

    expect(conditionOf(store, 'Stalled')?.reason).to.equal('ForeignVolume')
    expect(conditionOf(store, 'Stalled')?.message)
      .to.include('data-shop-0, data-shop-1, data-shop-2')
      .and.include('adoptVolumes')
      .and.include('delete')
    expect(await hasSet('shop')).to.equal(false)
    expect((await claim('data-shop-0')).metadata.labels).to.deep.equal(before.metadata.labels)
  })

  it('are adopted when the spec says so, and their record decides', async () => {
    await stage.changeStore('shop', { persistence: { adoptVolumes: true } })
    await until(() => hasSet('shop'), { what: 'the StatefulSet', deadlineMs: 20_000 })
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')

    const store = await stage.store('shop')
    const uid = store.metadata.uid ?? ''
    expect((await claim('data-shop-2')).metadata).to.nested.include({
      [`labels.${LABELS.storeUid.replace('.', '\\.')}`]: uid,
      [`annotations.${ANNOTATIONS.dataUid.replace('.', '\\.')}`]: OLD,
    })
    expect(store.status).to.include({ epoch: 5, primary: 'shop-2' })
    expect(stage.servers.get('shop-2').record).to.include({ storeUID: OLD, epoch: '5' })
    const set = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(set.metadata.annotations?.[ANNOTATIONS.dataUid]).to.equal(OLD)
    expect(JSON.parse(set.metadata.annotations?.[ANNOTATIONS.mark] ?? '{}')).to.include({ bootstrapped: OLD, epoch: 5 })
  })

  it('keep that identity when the store is deleted and made once more', async () => {
    const { metadata } = await stage.store('shop')
    stage.rig.events.length = 0
    await stage.client.delete(SESSION_STORES, stage.ref('shop'))
    const told = await until(
      async () => (await claim('data-shop-0')).metadata.annotations?.[ANNOTATIONS.retained] !== undefined,
      { what: 'the volume to be called retained', deadlineMs: 20_000 },
    )
    await stage.rig.settle()

    expect(told).to.equal(true)
    expect((await claim('data-shop-0')).metadata.labels?.[LABELS.storeUid]).to.equal(metadata.uid)
    expect((await claim('data-shop-0')).metadata.annotations?.[ANNOTATIONS.dataUid]).to.equal(OLD)
    const events = stage.rig.events.filter(({ reason }) => reason === 'VolumeRetained')
    expect(events.map(({ regarding }) => regarding.metadata.name).sort()).to.deep.equal([
      'data-shop-0',
      'data-shop-1',
      'data-shop-2',
    ])
    expect(events[0]?.note).to.include('SessionStore "shop" is deleted').and.include('adoptVolumes: true')
  })

  it('are told of once, whatever process looks', async () => {
    await stage.restart()
    await stage.rig.settle()

    expect(stage.rig.events.filter(({ reason }) => reason === 'VolumeRetained')).to.deep.equal([])
    expect(stage.takeRequests()).to.deep.equal([])
  })

  it('go by themselves out of the way: deleted, the store begins with new ones', async () => {
    await leave('cart', [2])
    await stage.createStore('cart', { persistence: volumes })
    await stage.awaitStore('cart', (each) => conditionOf(each, 'Stalled')?.reason === 'ForeignVolume', 'a stop')
    stage.servers.disks.clear()

    const body = { metadata: { finalizers: null } }
    await stage.client.delete(PERSISTENT_VOLUME_CLAIMS, stage.ref('data-cart-0'))
    const how = { kind: 'merge', body, fieldManager: TEST_MANAGER } as const
    await stage.client.patch(PERSISTENT_VOLUME_CLAIMS, stage.ref('data-cart-0'), how).catch(() => undefined)
    await stage.awaitStore('cart', (each) => conditionOf(each, 'Stalled')?.status === 'False', 'its way free')
    await runPods(stage.client, stage.ref('cart'))
    await stage.awaitReady('cart')

    expect((await stage.store('cart')).status?.epoch).to.equal(1)
  })

  it('of nobody known are found though no cache holds them', async () => {
    await leaveClaim(stage.client, stage.ref('data-till-1'))
    await stage.createStore('till', { persistence: { ...volumes, adoptVolumes: true } })

    const store = await stage.awaitStore('till', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a stop')

    expect(conditionOf(store, 'Stalled')).to.include({ reason: 'ForeignVolume' })
    expect(conditionOf(store, 'Stalled')?.message).to.include('data-till-1').and.include('belong to nobody known')
  })

  it('under the name of a further member keep a running store as large as it is', async () => {
    await stage.runningStore('desk', { persistence: volumes })
    const labels = { ...objectLabels({ name: 'desk' }), [LABELS.storeUid]: OLD }
    await leaveClaim(stage.client, stage.ref('data-desk-3'), { labels })

    await stage.changeStore('desk', { replicas: 4, eviction: 'noeviction', persistence: { adoptVolumes: true } })
    const store = await stage.awaitStore('desk', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a stop')
    await stage.rig.settle()

    expect(conditionOf(store, 'Stalled')?.message).to.include('data-desk-3').and.include('delete them')
    expect((await stage.client.get(STATEFUL_SETS, stage.ref('desk'))).spec?.replicas).to.equal(3)
    expect(stage.servers.get('desk-0').config.get('maxmemory-policy')).to.equal('noeviction')
  })
})

describe('the StorageClass of a store', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await dropClasses(stage.client)
  })

  after(() => stage.close())

  it('is looked for before anything waits for it, and the store goes on when there is one', async () => {
    await stage.createStore('shop', { persistence: { mode: 'RDB' } })
    const store = await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a stop')
    expect(conditionOf(store, 'Stalled')?.reason).to.equal('NoDefaultStorageClass')

    await createClass(stage.client, 'chosen', { isDefault: true })
    await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'False', 'its class')
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')

    const set = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(set.metadata.annotations?.[ANNOTATIONS.storageClass]).to.equal('chosen')
    expect(set.spec?.volumeClaimTemplates?.[0]?.spec?.storageClassName).to.equal('chosen')
    expect((await stage.store('shop')).status?.effective?.persistence).to.deep.include({ storageClassName: 'chosen' })
    await dropClasses(stage.client)
  })

  it('is not missed by a store whose volumes have it', async () => {
    await stage.rig.settle()

    expect(conditionOf(await stage.store('shop'), 'Stalled')?.status).to.equal('False')
    expect(conditionOf(await stage.store('shop'), 'Ready')?.status).to.equal('True')
  })
})

import { expect } from 'chai'
import {
  CONFIG_MAPS,
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  STATEFUL_SETS,
  STORAGE_CLASSES,
} from '../../../src/kube/resources.ts'
import type { StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { adoptPods, createClass, dropClasses, grantClaim, orphanPods } from '../../support/sessionstore/volumes.ts'
import { until } from '../../support/until.ts'

const SIZES = ['data-shop-0', 'data-shop-1', 'data-shop-2']

describe('volumes that are to grow', function () {
  this.timeout(60_000)
  let stage: Stage
  let podUids: readonly (string | undefined)[]

  before(async () => {
    stage = await Stage.open()
    await dropClasses(stage.client)
    await createClass(stage.client, 'rigid')
    await stage.runningStore('shop', { persistence: { mode: 'AOF', size: '1Gi', storageClassName: 'rigid' } })
    podUids = await uids()
  })

  after(async () => {
    await dropClasses(stage.client)
    await stage.close()
  })

  async function uids(): Promise<readonly (string | undefined)[]> {
    const { items } = await stage.client.list(PODS, { namespace: stage.namespace })
    return items.map(({ metadata }) => metadata.uid).sort()
  }

  async function requested(): Promise<readonly unknown[]> {
    const claims = await Promise.all(SIZES.map((name) => stage.client.get(PERSISTENT_VOLUME_CLAIMS, stage.ref(name))))
    return claims.map(({ spec }) => spec?.resources?.requests?.['storage'])
  }

  async function findSet(): Promise<StatefulSet | undefined> {
    const { items } = await stage.client.list(STATEFUL_SETS, { namespace: stage.namespace })
    return items.find(({ metadata }) => metadata.name === 'shop')
  }

  const grow = (size: string) => stage.changeStore('shop', { persistence: { size } })

  it('stay as they are where their class does not let them, and the store goes on and says how to get out', async () => {
    stage.takeRequests()

    await grow('2Gi')
    const store = await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a stop')
    await stage.rig.settle()

    expect(conditionOf(store, 'Stalled')?.reason).to.equal('ExpansionNotAllowed')
    expect(conditionOf(store, 'Stalled')?.message)
      .to.include('"rigid"')
      .and.include('allowVolumeExpansion')
      .and.include('back to 1Gi')
    expect(conditionOf(store, 'Ready')?.status).to.equal('True')
    expect(store.status?.effective?.persistence?.size).to.equal('1Gi')
    // The spec in force, which is an annotation of the StatefulSet, and the status.
    const requests = new Set(stage.takeRequests())
    expect([...requests].filter((each) => !/^patch (StatefulSet|SessionStore\/status) shop$/.test(each))).to.deep.equal(
      [],
    )
    expect(await requested()).to.deep.equal(['1Gi', '1Gi', '1Gi'])
  })

  it('heal when the size is taken back, which is allowed as no volume has it', async () => {
    await grow('1Gi')

    await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'False', 'its way free')
  })

  it('grow when the class lets them, the claims first', async () => {
    await grow('2Gi')
    await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a stop')

    const body = { allowVolumeExpansion: true }
    await stage.client.patch(STORAGE_CLASSES, { name: 'rigid' }, { kind: 'merge', body, fieldManager: TEST_MANAGER })

    await until(async () => (await requested()).every((size) => size === '2Gi'), { what: 'them', deadlineMs: 20_000 })
    const store = await stage.awaitStore(
      'shop',
      (each) =>
        conditionOf(each, 'Reconciling')?.reason === 'Expanding' && each.status?.effective?.persistence?.size === '2Gi',
      'growth',
    )
    expect(conditionOf(store, 'Reconciling')?.message).to.include('data-shop-0').and.include('2Gi')
  })

  it('have their StatefulSet deleted without its pods, what must outlive it kept before', async () => {
    const set = await until(
      async () => {
        const live = await findSet()
        return live?.metadata.deletionTimestamp !== undefined && live
      },
      { what: 'the StatefulSet to be deleted', deadlineMs: 20_000 },
    )
    const { metadata } = await stage.client.get(CONFIG_MAPS, stage.ref('shop-config'))

    expect(set.metadata.finalizers).to.deep.equal(['orphan'])
    const kept = JSON.parse(metadata.annotations?.[ANNOTATIONS.replaced] ?? '{}')
    expect(kept).to.deep.include({ uid: set.metadata.uid, replicas: 3 })
    expect(kept.annotations[ANNOTATIONS.mark]).to.equal(set.metadata.annotations?.[ANNOTATIONS.mark])
  })

  it('are no reason for a failover, nor for another process, while there is no StatefulSet', async () => {
    const before = await stage.store('shop')
    await stage.rig.stop()
    await orphanPods(stage.client, stage.ref('shop'))
    expect(await findSet()).to.equal(undefined)
    await stage.restart()

    const set = await until(findSet, { what: 'a StatefulSet', deadlineMs: 20_000 })
    await stage.rig.settle()

    expect(set.spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests).to.deep.equal({ storage: '2Gi' })
    expect(set.spec?.replicas).to.equal(3)
    const after = await stage.store('shop')
    expect(after.status).to.include({ epoch: before.status?.epoch, primary: before.status?.primary })
    expect(await uids()).to.deep.equal(podUids)
  })

  it('end with the pods adopted, the mark in its place, and nothing kept', async () => {
    const { metadata } = await stage.client.get(CONFIG_MAPS, stage.ref('shop-config'))
    const kept = JSON.parse(metadata.annotations?.[ANNOTATIONS.replaced] ?? '{}')
    await adoptPods(stage.client, stage.ref('shop'))
    for (const name of SIZES) await grantClaim(stage.client, stage.ref(name))

    await until(
      async () => {
        const { metadata: now } = await stage.client.get(CONFIG_MAPS, stage.ref('shop-config'))
        return now.annotations?.[ANNOTATIONS.replaced] === undefined
      },
      { what: 'nothing to be kept', deadlineMs: 20_000 },
    )
    await stage.awaitReady('shop')

    const set = await findSet()
    expect(set?.metadata.annotations?.[ANNOTATIONS.mark]).to.equal(kept.annotations[ANNOTATIONS.mark])
    expect(set?.spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash]).to.equal(kept.configHash)
    expect(await uids()).to.deep.equal(podUids)
    expect(conditionOf(await stage.store('shop'), 'Stalled')?.status).to.equal('False')
  })

  it('rest afterwards', async () => {
    stage.takeRequests()
    stage.rig.wake(`${stage.namespace}/shop`)
    await stage.rig.settle()

    expect(stage.takeRequests()).to.deep.equal([])
  })
})

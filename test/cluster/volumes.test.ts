import { expect } from 'chai'
import { SESSION_STORES } from '../../src/api/v1alpha1/sessionstore.ts'
import { EVENTS, PERSISTENT_VOLUME_CLAIMS, type PersistentVolumeClaim } from '../../src/kube/resources.ts'
import { LABELS } from '../../src/resources/labels.ts'
import { deleteObject, findObject, listObjects, mergePatch } from '../support/cluster/api.ts'
import { startClientPod } from '../support/cluster/client.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { deletePod, signalServer } from '../support/cluster/faults.ts'
import { askMembers } from '../support/cluster/members.ts'
import { type TestStore, useOwnStores } from '../support/cluster/shared.ts'
import { untilStalled } from '../support/cluster/stalled.ts'
import {
  applyStore,
  isSettled,
  podRuns,
  readStore,
  type StoreRef,
  serverPods,
  untilSettled,
} from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

/** What a log that is flushed once a second may lack after the end of every server. */
const LOG_MS = 2000

async function claims({ namespace, name }: StoreRef): Promise<readonly PersistentVolumeClaim[]> {
  return listObjects(PERSISTENT_VOLUME_CLAIMS, { namespace, labelSelector: `${LABELS.store}=${name}` })
}

async function claimUids(ref: StoreRef): Promise<readonly (string | undefined)[]> {
  return (await claims(ref)).map(({ metadata }) => metadata.uid).sort()
}

async function reasonsOf({ namespace }: StoreRef, kind: string): Promise<readonly string[]> {
  const events = await listObjects(EVENTS, { namespace })
  return events.filter(({ regarding }) => regarding?.kind === kind).map(({ reason }) => reason ?? '')
}

describe('volumes (F3, F13, F19)', function () {
  this.timeout(360_000)
  const makeStore = useOwnStores('volumes')
  let store: TestStore

  async function hasNewRuns(ref: StoreRef, before: Readonly<Record<string, string>>): Promise<boolean> {
    const after = await podRuns(ref)
    return Object.keys(before).every((name) => name in after && after[name] !== before[name])
  }

  /** Every server ends at once; the store comes back by itself. */
  async function endAll({ ref, client }: TestStore, how: 'deleted' | 'killed') {
    const before = await podRuns(ref)
    return disturb(client, ref, {
      title: `all pods ${how}, on volumes`,
      act: async () => {
        const pods = await serverPods(ref)
        await Promise.all(pods.map((pod) => (how === 'deleted' ? deletePod(pod) : signalServer(pod, 'KILL'))))
      },
      isOver: async (current) => isSettled(current) && (await hasNewRuns(ref, before)),
      deadlineMs: 180_000,
    })
  }

  before(async () => {
    store = await makeStore('kept', { persistence: { mode: 'AOF', size: '1Gi' } })
  })

  it('AOF: every session is there after all pods were deleted at once', async () => {
    const before = await claimUids(store.ref)

    const { verified } = await endAll(store, 'deleted')

    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(before).to.have.length(3)
    expect(await claimUids(store.ref)).to.deep.equal(before)
  })

  it('AOF: only what was not flushed may be gone after all servers were killed at once', async () => {
    const { verified } = await endAll(store, 'killed')

    expect(verified.lostSpanMs, 'time over which writes were lost').to.be.at.most(LOG_MS)
    expect(verified.lost, 'acknowledged writes lost').to.be.lessThan(verified.checked)
    expect(await reasonsOf(store.ref, 'SessionStore')).not.to.include('DataLost')
  })

  it('a size that the class cannot give is refused in words, restarts nothing, and can be taken back', async () => {
    const { ref } = store
    const before = await podRuns(ref)

    await mergePatch(SESSION_STORES, ref, { body: { spec: { persistence: { size: '2Gi' } } } })
    const { message } = await untilStalled(ref, 'ExpansionNotAllowed')
    expect(message).to.include('StorageClass "standard"').and.include('back to 1Gi')
    expect((await readStore(ref)).status?.conditions?.find(({ type }) => type === 'Ready')?.status).to.equal('True')

    await mergePatch(SESSION_STORES, ref, { body: { spec: { persistence: { size: '1Gi' } } } })
    await untilStalled(ref, 'NotStalled')
    expect(await podRuns(ref)).to.deep.equal(before)
  })

  it('a member that is scaled away takes its volume with it', async () => {
    const { ref } = store
    await mergePatch(SESSION_STORES, ref, { body: { spec: { replicas: 2 } } })
    await untilSettled(ref)

    await until(async () => (await claims(ref)).length === 2, { what: 'the volume to go', deadlineMs: 60_000 })
    expect((await claims(ref)).map(({ metadata }) => metadata.name).sort()).to.deep.equal([
      'data-kept-0',
      'data-kept-1',
    ])
  })

  it('stay when the store is deleted, named by events, and are not mounted by another one of the name', async () => {
    const { ref } = store
    await deleteObject(SESSION_STORES, ref)
    await until(async () => (await serverPods(ref)).length === 0, { what: 'the pods to end', deadlineMs: 90_000 })
    await until(
      async () =>
        (await reasonsOf(ref, 'PersistentVolumeClaim')).filter((reason) => reason === 'VolumeRetained').length >= 2,
      { what: 'an event for each volume', deadlineMs: 30_000 },
    )

    await applyStore(ref, { replicas: 2, persistence: { mode: 'AOF', size: '1Gi' } })
    const { message } = await untilStalled(ref, 'ForeignVolume')

    expect(message).to.include('data-kept-0, data-kept-1').and.include('adoptVolumes')
    expect(await serverPods(ref)).to.deep.equal([])
  })

  it('are adopted with their sessions when the spec says so', async () => {
    const { ref } = store
    await mergePatch(SESSION_STORES, ref, { body: { spec: { persistence: { adoptVolumes: true } } } })
    const settled = await untilSettled(ref)

    const client = await startClientPod({ namespace: ref.namespace, bindings: [ref.name], name: 'client-of-adopted' })
    const members = await askMembers(client, ref)
    const keys = Object.values(members).map((member) => ('keys' in member ? member.keys : 0))
    expect(Math.min(...keys), 'keys on each member').to.be.greaterThan(100)
    expect((await claims(ref)).map(({ metadata }) => metadata.labels?.[LABELS.storeUid])).to.deep.equal([
      settled.metadata.uid,
      settled.metadata.uid,
    ])
  })

  it('go with a store that does not retain them', async () => {
    const { ref } = store
    await mergePatch(SESSION_STORES, ref, { body: { spec: { persistence: { retain: 'Delete' } } } })
    await until(async () => (await claims(ref)).every(({ metadata }) => (metadata.ownerReferences ?? []).length > 0), {
      what: 'the StatefulSet to own them',
      deadlineMs: 60_000,
    })

    await deleteObject(SESSION_STORES, ref)

    await until(async () => (await claims(ref)).length === 0, { what: 'the volumes to go', deadlineMs: 120_000 })
    expect(await findObject(SESSION_STORES, ref)).to.equal(undefined)
  })
})

describe('snapshots on volumes (F3)', function () {
  this.timeout(360_000)
  const makeStore = useOwnStores('snapshots')

  it('RDB: every session is there after all pods were deleted at once, as a clean stop writes one', async () => {
    const { ref, client } = await makeStore('snap', { persistence: { mode: 'RDB' } })
    const before = await podRuns(ref)

    const { verified } = await disturb(client, ref, {
      title: 'all pods deleted, with snapshots',
      act: async () => {
        await Promise.all((await serverPods(ref)).map(deletePod))
      },
      isOver: async (current) => {
        const after = await podRuns(ref)
        return isSettled(current) && Object.keys(before).every((name) => name in after && after[name] !== before[name])
      },
      deadlineMs: 180_000,
    })

    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(verified.checked).to.be.greaterThan(100)
  })
})

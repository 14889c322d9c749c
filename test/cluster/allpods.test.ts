import { expect } from 'chai'
import { EVENTS } from '../../src/kube/resources.ts'
import { listObjects } from '../support/cluster/api.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { deletePod, signalServer } from '../support/cluster/faults.ts'
import { type TestStore, useOwnStores } from '../support/cluster/shared.ts'
import { isSettled, podRuns, type StoreRef, serverPods } from '../support/cluster/store.ts'

/** How often the loss of all data was told. */
async function dataLostEvents({ namespace, name }: StoreRef): Promise<number> {
  const events = await listObjects(EVENTS, { namespace })
  return events
    .filter((event) => event.reason === 'DataLost' && event.regarding?.name === name)
    .reduce((sum, event) => sum + (event.series?.count ?? 1), 0)
}

describe('the end of every member at once (F3)', function () {
  this.timeout(360_000)
  const makeStore = useOwnStores('all-pods')
  let store: TestStore
  before(async () => {
    store = await makeStore('extinct')
  })

  async function hasNewRuns(before: Readonly<Record<string, string>>): Promise<boolean> {
    const after = await podRuns(store.ref)
    return Object.keys(before).every((name) => name in after && after[name] !== before[name])
  }

  it('comes back by itself after all pods were deleted, and tells it when data was lost', async () => {
    const { ref, client } = store
    const before = await podRuns(ref)
    const toldBefore = await dataLostEvents(ref)

    const { verified } = await disturb(client, ref, {
      title: 'all pods deleted',
      act: async () => {
        await Promise.all((await serverPods(ref)).map(deletePod))
      },
      isOver: async (current) => isSettled(current) && (await hasNewRuns(before)),
      deadlineMs: 180_000,
    })

    // Deleted gently, the last member may hand its data to one that came back first; then nothing is lost.
    const told = (await dataLostEvents(ref)) - toldBefore
    expect(told > 0, `DataLost was told ${told} times for ${verified.lost} lost writes`).to.equal(verified.lost > 0)
  })

  it('comes back by itself, empty, after all servers were killed, and tells DataLost', async () => {
    const { ref, client } = store
    const before = await podRuns(ref)
    const toldBefore = await dataLostEvents(ref)

    const { verified } = await disturb(client, ref, {
      title: 'all servers killed',
      act: async () => {
        await Promise.all((await serverPods(ref)).map((pod) => signalServer(pod, 'KILL')))
      },
      isOver: async (current) => isSettled(current) && (await hasNewRuns(before)),
      deadlineMs: 180_000,
    })

    expect(verified.lost, 'acknowledged writes lost').to.be.greaterThan(0)
    expect((await dataLostEvents(ref)) - toldBefore, 'DataLost events').to.be.greaterThan(0)
  })
})

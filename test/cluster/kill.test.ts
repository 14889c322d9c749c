import { expect } from 'chai'
import { disturb } from '../support/cluster/disturb.ts'
import { killTwice, signalServer } from '../support/cluster/faults.ts'
import { STUCK_MS } from '../support/cluster/report.ts'
import { type TestStore, useOwnStores } from '../support/cluster/shared.ts'
import { isSettled, podNamed, podRuns, primaryPod } from '../support/cluster/store.ts'

/** What an unplanned failover may lose: writes acknowledged in the last maxLag (2 s) and 1 s more. */
const LOSS_BOUND_MS = 3000

describe('killing the process of the primary', function () {
  this.timeout(300_000)
  const makeStore = useOwnStores('kill')
  let store: TestStore
  before(async () => {
    store = await makeStore('victim')
  })

  it('promotes a replica that has the data, within the bounds of gap and loss', async () => {
    const { ref, client } = store
    const before = await podRuns(ref)
    const primary = await primaryPod(ref)

    const { summary, verified, history } = await disturb(client, ref, {
      title: 'SIGKILL of the primary',
      act: () => signalServer(primary, 'KILL'),
    })

    const after = await podRuns(ref)
    const changed = Object.keys(after).filter((name) => after[name] !== before[name])
    expect(verified.lostSpanMs, 'time over which acknowledged writes were lost').to.be.at.most(LOSS_BOUND_MS)
    expect(summary.downtimeMs, 'gap in ms').to.be.at.most(STUCK_MS)
    expect(changed, 'pods that were started anew').to.deep.equal([primary.metadata.name])
    expect(history.at(-1), 'the last labelled primary').to.not.include(primary.metadata.name)
  })

  it('keeps the data when the container comes back empty and dies again at once (F1, F24)', async () => {
    const { ref, client } = store
    const primary = await primaryPod(ref)

    const { verified } = await disturb(client, ref, {
      title: 'SIGKILL of the primary, twice',
      act: () => killTwice(primary),
      deadlineMs: 180_000,
    })

    expect(verified.lostSpanMs, 'time over which acknowledged writes were lost').to.be.at.most(LOSS_BOUND_MS)
  })

  it('leaves the primary where it is when a replica dies', async () => {
    const { ref, client } = store
    const before = await podRuns(ref)
    const primary = (await primaryPod(ref)).metadata.name
    const replica = Object.keys(before).find((name) => name !== primary) ?? ''

    const { verified, history } = await disturb(client, ref, {
      title: 'SIGKILL of a replica',
      act: async () => signalServer(await podNamed(ref, replica), 'KILL'),
      isOver: async (current) => isSettled(current) && (await podRuns(ref))[replica] !== before[replica],
    })

    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(history).to.deep.equal([[primary]])
  })
})

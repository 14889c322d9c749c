import { expect } from 'chai'
import { startClientPod } from '../support/cluster/client.ts'
import { disturb, type Outcome } from '../support/cluster/disturb.ts'
import { deletePod, healNode, partitionNode } from '../support/cluster/faults.ts'
import { leaderPod, untilOperatorReady } from '../support/cluster/operator.ts'
import { report } from '../support/cluster/report.ts'
import { useOwnStores } from '../support/cluster/shared.ts'
import { primaryPod, untilAnotherPrimary } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'
import { judge, LOSS_BOUND_MS, roundsOf } from './rounds.ts'

/** Moves the operator's leader off a node, so that what is measured is the store's failover and not the operator's. */
async function moveLeaderOff(node: string): Promise<void> {
  await untilOperatorReady()
  await until(
    async (see) => {
      const leader = await leaderPod()
      see(`${leader.metadata.name} leads on ${leader.spec?.nodeName}`)
      if (leader.spec?.nodeName !== node) return true
      await deletePod(leader)
      return false
    },
    { what: `a leader that is not on ${node}`, deadlineMs: 90_000, everyMs: 5000 },
  )
  await untilOperatorReady()
}

describe('a partition of the primary’s node', function () {
  const rounds = roundsOf(1)
  this.timeout(rounds * 300_000)
  const makeStore = useOwnStores('chaos-partition')
  const cut = new Set<string>()
  afterEach(() => Promise.all([...cut].map(healNode)))

  it(`costs no more than the bound, on either side of the cut (F2), ${rounds} times`, async () => {
    const { ref, client } = await makeStore('split')
    const outcomes: Outcome[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const primary = await primaryPod(ref)
      const node = primary.spec?.nodeName ?? ''
      await moveLeaderOff(node)
      const near = await startClientPod({
        namespace: ref.namespace,
        bindings: [ref.name],
        name: `near-${round}`,
        nodeName: node,
      })
      const inside = await startWriter(near, { binding: ref.name, rate: 50 })
      cut.add(node)

      const outcome = await disturb(client, ref, {
        title: `partition ${round}: ${primary.metadata.name}`,
        writer: { idle: 10 },
        act: async (writer) => {
          await partitionNode(node)
          await untilAnotherPrimary(ref, primary)
          await healNode(node)
          writer.wake()
        },
        deadlineMs: 180_000,
      })
      outcomes.push(outcome)

      await inside.untilFlowing(50)
      const summary = await inside.stop()
      const verified = await inside.verify()
      report(`partition ${round}, seen from the cut-off side`, {
        downtimeMs: summary.downtimeMs,
        acknowledged: verified.checked,
        lost: verified.lost,
        lostSpanMs: verified.lostSpanMs,
      })
      expect(verified.lostSpanMs, 'time over which the cut-off side was answered in vain').to.be.at.most(LOSS_BOUND_MS)
    }

    judge('partition of the primary’s node', outcomes, { downtimeMs: 10_000 })
  })
})

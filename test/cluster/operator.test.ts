import { expect } from 'chai'
import { PODS } from '../../src/kube/resources.ts'
import { deleteObject } from '../support/cluster/api.ts'
import { countRequests, isWrite, markAudit, requestsBetween } from '../support/cluster/audit.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { deletePod, refOf, signalProcesses, signalServer } from '../support/cluster/faults.ts'
import { leaderPod, OPERATOR, operatorPods, untilOperatorReady } from '../support/cluster/operator.ts'
import { report, STUCK_MS } from '../support/cluster/report.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { podRuns, primaryPod } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

/** Waits until a pod other than the given one leads; gives the time it took in ms. */
async function untilNewLeader(old: string): Promise<number> {
  const startedMs = performance.now()
  await until(async () => (await leaderPod()).metadata.name !== old, { what: 'another leader', deadlineMs: 60_000 })
  return Math.round(performance.now() - startedMs)
}

describe('the operator itself', function () {
  this.timeout(300_000)
  const store = useSharedStore()
  beforeEach(() => untilOperatorReady())

  it('writes nothing and restarts no pod when it is restarted', async () => {
    const { ref, client } = store()
    const before = await podRuns(ref)
    const writer = await startWriter(client, { binding: ref.name })
    const leader = await leaderPod()

    const from = await markAudit()
    await deletePod(leader)
    const takeoverMs = await untilNewLeader(leader.metadata.name)
    await untilOperatorReady()
    await writer.untilFlowing(1500)
    const to = await markAudit()

    const summary = await writer.stop()
    const requests = await requestsBetween(from, to, OPERATOR.username)
    report('operator restarted', {
      takeoverMs,
      failed: summary.failed,
      requests: JSON.stringify(countRequests(requests)),
    })
    expect(countRequests(requests.filter(isWrite))).to.deep.equal({})
    expect(await podRuns(ref)).to.deep.equal(before)
    expect(summary.failed, 'failed writes').to.equal(0)
  })

  it('is replaced by the other replica when the leader is killed', async () => {
    const leader = await leaderPod()

    await signalProcesses(leader, { signal: 'KILL', pattern: '[nM]*' })

    const takeoverMs = await untilNewLeader(leader.metadata.name)
    report('leader killed', { takeoverMs })
    expect(takeoverMs, 'ms to the next leader').to.be.at.most(STUCK_MS)
  })

  it('finishes a failover during which both of its pods were deleted (F20)', async () => {
    const { ref, client } = store()
    const primary = await primaryPod(ref)

    const { verified } = await disturb(client, ref, {
      title: 'primary killed, both operator pods deleted',
      act: async () => {
        await signalServer(primary, 'KILL')
        const pods = await operatorPods()
        await Promise.all(pods.map((pod) => deleteObject(PODS, refOf(pod), { gracePeriodSeconds: 0 })))
      },
      deadlineMs: 180_000,
    })

    await untilOperatorReady()
    expect(verified.lostSpanMs, 'time over which acknowledged writes were lost').to.be.at.most(3000)
  })
})

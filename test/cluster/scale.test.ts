import { expect } from 'chai'
import { kubectl } from '../support/cluster/command.ts'
import { untilAgreed } from '../support/cluster/members.ts'
import { watchPrimaries } from '../support/cluster/primaries.ts'
import { report } from '../support/cluster/report.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { podRuns, untilSettled } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'

describe('scaling', function () {
  this.timeout(600_000)
  const store = useSharedStore()

  it('goes 3 → 5 → 3 → 1 → 3 under writers and loses no acknowledged write', async () => {
    const { ref, client } = store()
    const before = await podRuns(ref)
    const watch = await watchPrimaries(ref)
    const plain = await startWriter(client, { binding: ref.name })
    const patient = await startWriter(client, { binding: ref.name, retries: true, rate: 50 })
    await plain.untilFlowing(50)

    const timesMs: number[] = []
    for (const replicas of [5, 3, 1, 3]) {
      const startedMs = performance.now()
      await kubectl(['scale', '-n', ref.namespace, 'sess/minimal', `--replicas=${replicas}`])
      await kubectl(['wait', '-n', ref.namespace, 'sess/minimal', '--for=condition=Ready', '--timeout=180s'])
      await untilSettled(ref, { what: `${replicas} settled members` })
      await untilAgreed(client, ref)
      timesMs.push(Math.round(performance.now() - startedMs))
      expect(Object.keys(await podRuns(ref)), 'pods').to.have.length(replicas)
    }

    await plain.untilFlowing(50)
    const [summary, patientSummary] = [await plain.stop(), await patient.stop()]
    const [verified, patientVerified] = [await plain.verify(), await patient.verify()]
    await watch.stop()
    report('scale 3 → 5 → 3 → 1 → 3', {
      acknowledged: verified.checked + patientVerified.checked,
      lost: verified.lost + patientVerified.lost,
      downtimeMs: summary.downtimeMs,
      failed: summary.failed,
      failedWithRetries: patientSummary.failed,
      causes: JSON.stringify([summary.causes, patientSummary.causes]),
      stepsMs: timesMs.join(' '),
      primaries: watch.history().flat().join(' '),
    })
    expect(verified.lost + patientVerified.lost, 'acknowledged writes lost').to.equal(0)
    expect(patientSummary.failed, 'failed writes of a client that retries').to.equal(0)
    expect((await podRuns(ref))['minimal-0'], 'the member that always stays').to.equal(before['minimal-0'])
  })
})

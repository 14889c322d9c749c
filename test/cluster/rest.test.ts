import { expect } from 'chai'
import { NAMESPACES } from '../../src/kube/resources.ts'
import { listObjects } from '../support/cluster/api.ts'
import { countRequests, isQuiet, markAudit, requestsBetween } from '../support/cluster/audit.ts'
import { OPERATOR, untilOperatorReady } from '../support/cluster/operator.ts'
import { report } from '../support/cluster/report.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { podRuns, readStore } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

const RATE = 100
/** CI has 90 s; `SESSIONSTORE_REST_SECONDS=600` is the full claim. */
const seconds = Number(process.env['SESSIONSTORE_REST_SECONDS'] ?? 90)

/** A namespace that is being deleted gives the operator work that has nothing to do with the store at rest. */
async function untilNothingIsDeleted(): Promise<void> {
  await until(
    async (see) => {
      const leaving = (await listObjects(NAMESPACES)).filter(({ metadata }) => metadata.deletionTimestamp)
      see(leaving.map(({ metadata }) => metadata.name))
      return leaving.length === 0
    },
    { what: 'namespaces of earlier tests to be gone', deadlineMs: 120_000 },
  )
}

describe('a store at rest', function () {
  this.timeout((seconds + 240) * 1000)
  const store = useSharedStore()

  it(`costs no request but watches and the Lease in ${seconds} s of ${RATE} writes a second`, async () => {
    const { ref, client } = store()
    await untilOperatorReady()
    await untilNothingIsDeleted()
    const writer = await startWriter(client, { binding: ref.name, rate: RATE, keys: 1000 })
    // Ten seconds of writes first, so that what the start of the writer causes is over.
    await writer.untilFlowing(RATE * 10)
    const before = { runs: await podRuns(ref), version: (await readStore(ref)).metadata.resourceVersion }

    const from = await markAudit()
    await writer.untilFlowing(RATE * seconds, (seconds + 60) * 1000)
    const to = await markAudit()

    const summary = await writer.stop()
    const requests = await requestsBetween(from, to, OPERATOR.username)
    const counts = countRequests(requests)
    report(`rest of ${seconds} s`, {
      acknowledged: summary.acknowledged,
      failed: summary.failed,
      p99Ms: summary.latencyMs.p99,
      requests: JSON.stringify(counts),
    })
    expect(countRequests(requests.filter((request) => !isQuiet(request)))).to.deep.equal({})
    expect(requests, 'requests at all, or the count is of nobody').to.not.be.empty
    expect(summary.failed, 'failed writes').to.equal(0)
    expect({ runs: await podRuns(ref), version: (await readStore(ref)).metadata.resourceVersion }).to.deep.equal(before)
  })
})

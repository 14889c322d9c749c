import { expect } from 'chai'
import { SESSION_STORES } from '../../src/api/v1alpha1/sessionstore.ts'
import { mergePatch } from '../support/cluster/api.ts'
import { untilAgreed } from '../support/cluster/members.ts'
import { watchPrimaries } from '../support/cluster/primaries.ts'
import { report } from '../support/cluster/report.ts'
import { type TestStore, useOwnStores } from '../support/cluster/shared.ts'
import { untilStalled } from '../support/cluster/stalled.ts'
import { podRuns, readStore, type StoreRef, untilSettled } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

const SMALL = { capacity: { maxMemory: '64Mi', connections: 100 } } as const

function patchSpec(ref: StoreRef, spec: Readonly<Record<string, unknown>>): Promise<unknown> {
  return mergePatch(SESSION_STORES, ref, { body: { spec } })
}

describe('a change of the version', function () {
  this.timeout(360_000)
  const makeStore = useOwnStores('version')
  let store: TestStore
  before(async () => {
    store = await makeStore('redis', { ...SMALL, engine: 'Redis', version: '7.0' })
  })

  it('rolls 7.0 → 8.0, the primary last and by a move, and loses no acknowledged write', async () => {
    const { ref, client } = store
    const before = await podRuns(ref)
    const watch = await watchPrimaries(ref)
    const plain = await startWriter(client, { binding: ref.name })
    const patient = await startWriter(client, { binding: ref.name, retries: true, rate: 50 })
    await plain.untilFlowing(50)
    const startedMs = performance.now()

    await patchSpec(ref, { version: '8.0' })
    await until(
      async (see) => {
        const runs = await podRuns(ref)
        see(runs)
        return Object.keys(before).every((name) => runs[name] !== undefined && runs[name] !== before[name])
      },
      { what: 'every pod to be another one', deadlineMs: 180_000 },
    )
    const members = Object.values(await untilAgreed(client, ref))
    const tookMs = Math.round(performance.now() - startedMs)

    await plain.untilFlowing(50)
    const [summary, patientSummary] = [await plain.stop(), await patient.stop()]
    const [verified, patientVerified] = [await plain.verify(), await patient.verify()]
    await watch.stop()
    report('Redis 7.0 → 8.0', {
      tookMs,
      acknowledged: verified.checked + patientVerified.checked,
      lost: verified.lost + patientVerified.lost,
      downtimeMs: summary.downtimeMs,
      failedWithRetries: patientSummary.failed,
      primaries: watch.history().flat().join(' '),
    })
    expect(verified.lost + patientVerified.lost, 'acknowledged writes lost').to.equal(0)
    for (const member of members)
      expect(member)
        .to.have.property('version')
        .that.matches(/^8\.0\./)
    expect((await readStore(ref)).status).to.deep.include({ minVersion: '8.0' })
  })

  it('refuses the way back, touches no pod, and heals when the version is set again', async () => {
    const { ref } = store
    const before = await podRuns(ref)

    await patchSpec(ref, { version: '7.0' })
    const { message } = await untilStalled(ref, 'VersionRefused')
    const refused = (await readStore(ref)).status
    await patchSpec(ref, { version: '8.0' })
    await untilStalled(ref, 'NotStalled')
    await untilSettled(ref)

    expect(message).to.include('set spec.version back')
    expect(refused?.effective).to.include({ version: '8.0' })
    expect(refused?.conditions?.find(({ type }) => type === 'Ready')).to.include({ status: 'True' })
    expect(await podRuns(ref)).to.deep.equal(before)
  })
})

describe('a roll to an image that cannot be pulled', function () {
  this.timeout(300_000)
  const makeStore = useOwnStores('badimage')

  it('stops at its first pod, goes back by itself, and is forgotten when the image is taken out of the spec', async () => {
    const { ref, client } = await makeStore('valkey', SMALL)
    const image = (await readStore(ref)).status?.image
    const before = await podRuns(ref)
    const writer = await startWriter(client, { binding: ref.name })
    await writer.untilFlowing(50)

    await patchSpec(ref, { image: 'docker.io/valkey/valkey:is-not-there' })
    const { message } = await untilStalled(ref, 'RollFailed')
    await untilAgreed(client, ref)
    const after = await podRuns(ref)
    const { status } = await readStore(ref)
    await patchSpec(ref, { image: null })
    await untilStalled(ref, 'NotStalled')
    await untilSettled(ref)

    await writer.untilFlowing(50)
    const summary = await writer.stop()
    const verified = await writer.verify()
    const changed = Object.keys(after).filter((name) => after[name] !== before[name])
    report('a roll that fails', { acknowledged: verified.checked, lost: verified.lost, failed: summary.failed })
    expect(message).to.match(/did not start with the new template: ImagePull .*correct spec\.image$/)
    expect(status?.image).to.equal(image)
    expect(image).to.be.a('string')
    expect(changed, 'pods that were touched').to.have.length(1)
    expect(await podRuns(ref), 'pods after the correction').to.deep.equal(after)
    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(summary.failed, 'failed writes').to.equal(0)
  })
})

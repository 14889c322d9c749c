import { expect } from 'chai'
import { SECRETS } from '../../src/kube/resources.ts'
import { tlsSecretName } from '../../src/resources/names.ts'
import { deleteObject, findObject } from '../support/cluster/api.ts'
import { report } from '../support/cluster/report.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { conditionOf, podRuns, readStore } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

describe('a renewed certificate (F11)', function () {
  this.timeout(300_000)
  const store = useSharedStore()

  async function untilTls(status: string): Promise<void> {
    await until(
      async (see) => {
        const seen = conditionOf(await readStore(store().ref), 'TLSReady')
        see(seen)
        return seen === status
      },
      { what: `TLSReady ${status}`, deadlineMs: 180_000 },
    )
  }

  it('reaches every running server without a restart, a closed connection or a failed write', async () => {
    const { ref, client } = store()
    const before = await podRuns(ref)
    const secret = { namespace: ref.namespace, name: tlsSecretName(ref) }
    const old = await findObject(SECRETS, secret)
    const writer = await startWriter(client, { binding: ref.name })
    const startedMs = performance.now()

    await deleteObject(SECRETS, secret)
    await untilTls('False')
    await untilTls('True')

    const summary = await writer.stop()
    const renewed = await findObject(SECRETS, secret)
    report('certificate renewed', { servedMs: Math.round(performance.now() - startedMs), failed: summary.failed })
    expect(renewed?.data?.['tls.crt']).to.be.a('string').that.does.not.equal(old?.data?.['tls.crt'])
    expect(renewed?.data?.['ca.crt']).to.equal(old?.data?.['ca.crt'])
    expect(await podRuns(ref)).to.deep.equal(before)
    expect(summary.failed, 'failed writes').to.equal(0)
    expect(summary.reconnects, 'reconnects').to.equal(0)
  })
})

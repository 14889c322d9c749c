import { expect } from 'chai'
import { createAuthority, type IssuedPair, issueServerCertificate } from '../../src/certificates/authority.ts'
import { requiredDnsNames } from '../../src/certificates/dnsnames.ts'
import { readCertificate } from '../../src/certificates/read.ts'
import { SECRETS } from '../../src/kube/resources.ts'
import { applyObject } from '../support/cluster/api.ts'
import { type ClientPod, startClientPod } from '../support/cluster/client.ts'
import { useNamespace } from '../support/cluster/namespace.ts'
import { report } from '../support/cluster/report.ts'
import { applyStore, podRuns, readStore, type StoreRef, secretEntry, untilSettled } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

const HOUR_MS = 3_600_000
const SECRET = 'certificate-of-mine'

describe('a certificate of somebody else, and client certificates', function () {
  this.timeout(600_000)
  const namespace = useNamespace('tls')
  const ref: StoreRef = { namespace, name: 'shop' }
  let company: IssuedPair
  let client: ClientPod

  before(async () => {
    company = await createAuthority({ commonName: 'company', nowMs: Date.now(), validityMs: 24 * HOUR_MS })
    await applyStore(ref)
    await untilSettled(ref)
    client = await startClientPod({ namespace, bindings: [ref.name] })
  })

  async function give(dnsNames: readonly [string, ...string[]], options: { nowMs?: number } = {}): Promise<IssuedPair> {
    const { nowMs = Date.now() } = options
    const pair = await issueServerCertificate({ authority: company, dnsNames, nowMs, validityMs: HOUR_MS })
    const texts = { 'tls.crt': pair.certificatePem, 'tls.key': pair.keyPem, 'ca.crt': company.certificatePem }
    const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, btoa(text)]))
    const metadata = { namespace, name: SECRET }
    await applyObject(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data })
    return pair
  }

  function names(): readonly [string, ...string[]] {
    return requiredDnsNames(ref, 'cluster.local')
  }

  async function untilCondition(type: string, text: string, deadlineMs = 60_000): Promise<void> {
    await until(
      async (see) => {
        const condition = (await readStore(ref)).status?.conditions?.find((each) => each.type === type)
        see(condition)
        return `${condition?.status} ${condition?.reason}: ${condition?.message}`.includes(text)
      },
      { what: `${type} ${text}`, deadlineMs },
    )
  }

  /** The certificate that the status tells of is that of the pair, and every member serves it. */
  async function untilServed(pair: IssuedPair): Promise<void> {
    const notAfter = new Date(readCertificate(pair.certificatePem)?.notAfterMs ?? 0).toISOString().replace('.000', '')
    await until(
      async (see) => {
        const { status } = await readStore(ref)
        see(status)
        return status?.certificate?.notAfter === notAfter
      },
      { what: `the certificate until ${notAfter}`, deadlineMs: 300_000, everyMs: 500 },
    )
    await untilCondition('TLSReady', 'True CertificateServed', 120_000)
  }

  it('is refused by name while it does not exist, has wrong names or is expired, and nothing stops', async () => {
    const writer = await startWriter(client, { binding: ref.name })
    await applyStore(ref, { tls: { secretName: SECRET } })
    await untilCondition('Stalled', `True SecretMissing: there is no Secret "${SECRET}"`)
    await give(['other.example'])
    await untilCondition(
      'Stalled',
      `True CertificateInvalid: the certificate in Secret "${SECRET}" cannot be used: it lacks`,
    )
    await give(names(), { nowMs: Date.now() - 2 * HOUR_MS })
    await untilCondition('TLSReady', 'cannot be used: it expired at')
    await untilCondition('TLSReady', 'the last good one stays in use')
    await untilCondition('Ready', 'True')
    await writer.untilFlowing(50)
    const summary = await writer.stop()
    expect([summary.failed, summary.reconnects]).to.deep.equal([0, 0])
  })

  it('takes over from the store’s own without a restart, a failed write or a cut connection', async () => {
    const runs = await podRuns(ref)
    const writer = await startWriter(client, { binding: ref.name })
    const startedMs = performance.now()

    const pair = await give(names())
    await untilCondition('Stalled', 'False')
    await untilServed(pair)

    await writer.untilFlowing(100)
    const summary = await writer.stop()
    const { acknowledged, failed, reconnects } = summary
    report('own certificate to a Secret', { tookMs: Math.round(performance.now() - startedMs), acknowledged, failed })
    expect([failed, reconnects]).to.deep.equal([0, 0])
    expect(await podRuns(ref)).to.deep.equal(runs)
    expect(await secretEntry(namespace, 'shop-session-binding', 'ca.crt')).to.include(company.certificatePem.trim())
  })

  it('lets a new client in, which reads the bundle of its binding', async () => {
    const second = await startWriter(client, { binding: ref.name })
    await second.untilFlowing(50)

    const summary = await second.stop()

    expect(summary.failed).to.equal(0)
  })

  it('is followed by a demand for client certificates, which each binding has', async () => {
    const runs = await podRuns(ref)
    const writer = await startWriter(client, { binding: ref.name })
    await applyStore(ref, { tls: { secretName: SECRET, clientAuth: 'Require' } })
    await until(
      async (see) => {
        const { status } = await readStore(ref)
        see(status)
        return status?.effective?.tls?.clientAuth === 'Require'
      },
      { what: 'the demand to be in the status', deadlineMs: 60_000 },
    )
    await untilSettled(ref, { deadlineMs: 400_000 })
    const second = await startWriter(client, { binding: ref.name })
    await second.untilFlowing(50)

    const [summary, first] = [await second.stop(), await writer.stop()]

    expect(summary.failed, 'failed writes of a client with its certificate').to.equal(0)
    expect(first.failed, 'failed writes of the client that was there all the time').to.equal(0)
    expect(first.reconnects, 'cut connections').to.equal(0)
    expect(await podRuns(ref)).to.deep.equal(runs)
    report('own certificate, a Secret, a demand', { acknowledged: first.acknowledged, failed: first.failed })
  })
})

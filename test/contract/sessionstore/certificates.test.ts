import { expect } from 'chai'
import { createAuthority, type IssuedPair, issueServerCertificate } from '../../../src/certificates/authority.ts'
import { requiredDnsNames } from '../../../src/certificates/dnsnames.ts'
import { hasCode } from '../../../src/kube/errors.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, SECRETS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { Condition, KubeObject, Secret } from '../../../src/kube/types.ts'
import { CERTIFICATES } from '../../../src/resources/certificate.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { readSecretKey } from '../../../src/resources/secrets.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'
import { installDefinition } from '../api/cluster.ts'

const HOUR_MS = 3_600_000

/** As much of cert-manager as the operator meets. */
const CERTIFICATE_DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'certificates.cert-manager.io' },
  spec: {
    group: 'cert-manager.io',
    scope: 'Namespaced',
    names: { kind: 'Certificate', plural: 'certificates', singular: 'certificate', listKind: 'CertificateList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
} as unknown as KubeObject

describe('where the certificate of a SessionStore comes from', function () {
  this.timeout(90_000)
  let stage: Stage
  let company: IssuedPair

  before(async () => {
    company = await createAuthority({ commonName: 'company', nowMs: Date.now(), validityMs: 24 * HOUR_MS })
    stage = await Stage.open()
  })
  after(async () => {
    await stage.close()
  })

  async function give(name: string, store: string, options: { dnsNames?: [string]; nowMs?: number } = {}) {
    const { nowMs = Date.now(), dnsNames = requiredDnsNames(stage.ref(store), 'cluster.local') } = options
    const pair = await issueServerCertificate({ authority: company, dnsNames, nowMs, validityMs: HOUR_MS })
    const texts = { 'tls.crt': pair.certificatePem, 'tls.key': pair.keyPem, 'ca.crt': company.certificatePem }
    const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, btoa(text)]))
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: stage.ref(name), type: 'kubernetes.io/tls', data }
    await stage.client.patch(SECRETS, stage.ref(name), { kind: 'apply', force: true, body, fieldManager: TEST_MANAGER })
    return pair
  }

  function held(store: string): Promise<Secret> {
    return stage.client.get(SECRETS, stage.ref(`${store}-tls`))
  }

  async function awaitCondition(store: string, type: string, is: (condition: Condition) => boolean) {
    await stage.awaitStore(
      store,
      (each) => {
        const condition = conditionOf(each, type)
        return condition !== undefined && is(condition)
      },
      `its condition ${type}`,
    )
  }

  const isStalled = (reason: string, words: string) => (condition: Condition) =>
    condition.status === 'True' && condition.reason === reason && condition.message.includes(words)

  it('is a Secret that a new store waits for, says why it cannot use it, and takes when it can', async () => {
    await stage.createStore('fresh', { tls: { secretName: 'fresh-cert' } })
    await awaitCondition('fresh', 'Stalled', isStalled('SecretMissing', 'there is no Secret "fresh-cert"'))
    await give('fresh-cert', 'fresh', { dnsNames: ['other.example'] })
    await awaitCondition('fresh', 'Stalled', isStalled('CertificateInvalid', 'lacks the DNS names fresh-primary'))
    await stage.rig.settle()
    const missing = stage.client
      .get(STATEFUL_SETS, stage.ref('fresh'))
      .catch((error: unknown) => hasCode(error, 'NotFound'))
    expect(await missing, 'no pods without a certificate').to.equal(true)

    const pair = await give('fresh-cert', 'fresh')

    await runPods(stage.client, stage.ref('fresh'))
    await stage.awaitReady('fresh')
    expect(readSecretKey(await held('fresh'), 'tls.crt')).to.equal(pair.certificatePem)
    expect(conditionOf(await stage.store('fresh'), 'Stalled')?.status).to.equal('False')
  })

  it('is not taken away from a store that runs: the last good one stays', async () => {
    await stage.runningStore('shop')
    const before = await held('shop')
    await give('shop-cert', 'shop', { nowMs: Date.now() - 2 * HOUR_MS })
    await stage.changeStore('shop', { tls: { secretName: 'shop-cert' } })
    await awaitCondition('shop', 'Stalled', isStalled('CertificateInvalid', 'it expired at'))
    await stage.rig.settle()

    expect(await held('shop')).to.deep.equal(before)
    const store = await stage.store('shop')
    expect(conditionOf(store, 'Ready')?.status).to.equal('True')
    expect(conditionOf(store, 'TLSReady')?.message).to.include('the last good one stays in use')
  })

  it('changes in three steps, each of which another process goes on from', async () => {
    const pair = await give('shop-cert', 'shop')
    const trusted = await until(
      async () => {
        const secret = await held('shop')
        return secret.metadata.annotations?.[ANNOTATIONS.trustSince] ? secret : undefined
      },
      { what: 'both authorities to be trusted', deadlineMs: 20_000 },
    )
    expect(readSecretKey(trusted, 'tls.crt')).to.not.equal(pair.certificatePem)
    expect(readSecretKey(trusted, 'ca.crt')).to.include(company.certificatePem.trim())
    await stage.restart()
    await stage.rig.settle()
    expect(readSecretKey(await held('shop'), 'tls.crt')).to.not.equal(pair.certificatePem)

    await passTime('shop')
    await until(async () => readSecretKey(await held('shop'), 'tls.crt') === pair.certificatePem, {
      what: 'the given certificate',
      deadlineMs: 20_000,
    })
    await stage.restart()
    await passTime('shop')
    await stage.awaitReady('shop')

    expect((await held('shop')).metadata.annotations).to.include({ [ANNOTATIONS.trustSince]: '' })
    const sets = stage.servers.all().filter(({ name }) => name.startsWith('shop-'))
    expect(new Set(sets.map(({ config }) => config.get('tls-client-cert-file')))).to.deep.equal(
      new Set(['/etc/sessionstore/tls/client.crt']),
    )
  })

  it('asks nothing at rest, and sees a renewed Secret at once', async () => {
    stage.takeRequests()
    await stage.rig.settle()
    expect(stage.takeRequests()).to.deep.equal([])

    const pair = await give('shop-cert', 'shop')

    await until(async () => readSecretKey(await held('shop'), 'tls.crt') === pair.certificatePem, {
      what: 'the renewed certificate',
      deadlineMs: 10_000,
    })
  })

  it('is its own authority, which is replaced by the same steps when it is lost', async () => {
    await stage.runningStore('lost')
    const before = await held('lost')
    await stage.client.delete(SECRETS, stage.ref('lost-ca'))

    const trusted = await until(
      async () => {
        const secret = await held('lost')
        return secret.metadata.annotations?.[ANNOTATIONS.trustSince] ? secret : undefined
      },
      { what: 'the new authority to be trusted', deadlineMs: 20_000 },
    )

    expect(readSecretKey(trusted, 'tls.crt')).to.equal(readSecretKey(before, 'tls.crt'))
    expect(readSecretKey(trusted, 'ca.crt')).to.include(readSecretKey(before, 'ca.crt')?.trim())
    await passTime('lost')
    await until(
      async (see) => {
        const now = await held('lost')
        const servers = stage.servers.all().filter(({ name }) => name.startsWith('lost-'))
        const binding = await stage.client.get(SECRETS, stage.ref('lost-session-binding'))
        see({
          annotations: now.metadata.annotations,
          keys: Object.keys(now.data ?? {}),
          read: servers.map(({ config }) => config.get('tls-ca-cert-file')),
          isTold: readSecretKey(binding, 'ca.crt') === readSecretKey(now, 'ca.crt'),
          conditions: (await stage.store('lost')).status?.conditions,
          last: stage.rig.log.lines.slice(-5),
        })
        return readSecretKey(now, 'tls.crt') !== readSecretKey(before, 'tls.crt')
      },
      { what: 'a certificate of the new authority', deadlineMs: 40_000 },
    )
    await passTime('lost')
    await until(
      async () => !readSecretKey(await held('lost'), 'ca.crt')?.includes(readSecretKey(before, 'ca.crt') ?? ''),
      {
        what: 'the old authority to be forgotten',
        deadlineMs: 20_000,
      },
    )
  })

  it('hands each binding a client certificate before servers demand one', async () => {
    await stage.changeStore('lost', { tls: { clientAuth: 'Require' } })
    const asked = await until(
      async () => {
        const secret = await held('lost')
        return secret.metadata.annotations?.[ANNOTATIONS.clientAuth] === 'Optional' ? secret : undefined
      },
      { what: 'certificates to be optional', deadlineMs: 20_000 },
    )
    expect(asked.metadata.annotations?.[ANNOTATIONS.trustSince]).to.match(/^20/)
    const binding = await until(
      async () => {
        const secret = await stage.client.get(SECRETS, stage.ref('lost-session-binding'))
        return readSecretKey(secret, 'tls.crt') ? secret : undefined
      },
      { what: 'the certificate of the binding', deadlineMs: 20_000 },
    )
    expect(readSecretKey(binding, 'tls.key')).to.include('PRIVATE KEY')

    await passTime('lost')

    await until(async () => (await held('lost')).metadata.annotations?.[ANNOTATIONS.clientAuth] === 'Require', {
      what: 'the demand',
      deadlineMs: 20_000,
    })
    await until(
      () =>
        stage.servers
          .all()
          .filter(({ name }) => name.startsWith('lost-'))
          .every(({ config }) => config.get('tls-auth-clients') === 'yes'),
      { what: 'servers that demand', deadlineMs: 20_000 },
    )
    expect(
      (await stage.client.get(STATEFUL_SETS, stage.ref('lost'))).metadata.generation,
      'only the hook of pods to come',
    ).to.be.at.most(2)
  })

  it('is cert-manager, as soon as its API is there', async () => {
    await stage.createStore('ordered', { tls: { issuerRef: { name: 'company' } } })
    await awaitCondition('ordered', 'Stalled', isStalled('IssuerUnavailable', 'install cert-manager'))
    await installDefinition(stage.client, CERTIFICATE_DEFINITION)
    try {
      const ref = stage.ref('ordered-certificate')
      const order = await until(
        async () => {
          try {
            return await stage.client.get(CERTIFICATES, ref)
          } catch (error) {
            if (hasCode(error, 'NotFound')) return undefined
            throw error
          }
        },
        { what: 'the Certificate', deadlineMs: 60_000 },
      )
      expect(order).to.have.nested.property('spec.issuerRef').that.deep.equals({
        name: 'company',
        kind: 'Issuer',
        group: 'cert-manager.io',
      })
      const conditions = [{ type: 'Ready', status: 'False', message: 'waiting for the issuer' }]
      const body = { status: { conditions } }
      await stage.client.patch(CERTIFICATES, ref, {
        kind: 'merge',
        body,
        subresource: 'status',
        fieldManager: TEST_MANAGER,
      })
      await awaitCondition('ordered', 'TLSReady', ({ message }) => message.includes('waiting for the issuer'))

      const pair = await give('ordered-certificate', 'ordered')

      await runPods(stage.client, stage.ref('ordered'))
      await stage.awaitReady('ordered')
      expect(readSecretKey(await held('ordered'), 'tls.crt')).to.equal(pair.certificatePem)
    } finally {
      await stage.client.delete(CUSTOM_RESOURCE_DEFINITIONS, CERTIFICATE_DEFINITION.metadata)
    }
  })

  /** Lets a change of trust be as old as it must be. */
  async function passTime(store: string): Promise<void> {
    // The first apply over a created object is two: the second one would write the time again.
    await stage.rig.settle()
    const annotations = { [ANNOTATIONS.trustSince]: new Date(Date.now() - HOUR_MS).toISOString() }
    const name = stage.ref(`${store}-tls`)
    await stage.client.patch(SECRETS, name, {
      kind: 'merge',
      body: { metadata: { annotations } },
      fieldManager: TEST_MANAGER,
    })
  }
})

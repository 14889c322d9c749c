import { webcrypto, X509Certificate } from 'node:crypto'
import { expect } from 'chai'
import {
  createAuthority,
  type IssuedPair,
  issueServerCertificate,
  VALIDITY_MS,
} from '../../../src/certificates/authority.ts'
import { authorityCommonName, serverDnsNames } from '../../../src/certificates/dnsnames.ts'
import { isKeyOf, needsRenewal, readCertificate, renewalTimeMs, splitBundle } from '../../../src/certificates/read.ts'

const DAY_MS = 24 * 3_600_000
const BACKDATE_MS = 5 * 60_000
const NOW_MS = Date.UTC(2030, 0, 1)
const STORE = { name: 'shop', namespace: 'web', uid: '0b9d5a52-6c7e-4d0a-9a39-3c8f7a1e2d10' }
const DNS_NAMES = serverDnsNames(STORE, 'cluster.local')

describe('certificates of a store', () => {
  let authority: IssuedPair
  let other: IssuedPair
  let server: IssuedPair

  before(async () => {
    const ca = { commonName: authorityCommonName(STORE), nowMs: NOW_MS, validityMs: VALIDITY_MS.authority }
    authority = await createAuthority(ca)
    // The same name with another key: what a replaced CA looks like.
    other = await createAuthority(ca)
    server = await issueServerCertificate({
      authority,
      dnsNames: DNS_NAMES,
      nowMs: NOW_MS,
      validityMs: VALIDITY_MS.server,
    })
  })

  it('the CA lives ten years, may sign, and is named after the store', () => {
    expect(readCertificate(authority.certificatePem)).to.deep.include({
      notBeforeMs: NOW_MS - BACKDATE_MS,
      notAfterMs: NOW_MS + 3650 * DAY_MS,
      commonName: `sessionstore-ca ${STORE.uid}`,
      isAuthority: true,
      dnsNames: [],
    })
  })

  it('a server certificate lives 90 days and carries every name', () => {
    expect(readCertificate(server.certificatePem)).to.deep.include({
      notBeforeMs: NOW_MS - BACKDATE_MS,
      notAfterMs: NOW_MS + 90 * DAY_MS,
      commonName: 'shop-primary',
      isAuthority: false,
      dnsNames: DNS_NAMES,
    })
  })

  it('a server certificate serves servers and, for replication, clients', () => {
    const { keyUsage } = new X509Certificate(server.certificatePem)

    expect(keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  })

  it('keys are ECDSA P-256', () => {
    for (const { certificatePem } of [authority, server]) {
      const { publicKey } = new X509Certificate(certificatePem)

      expect(publicKey.asymmetricKeyType).to.equal('ec')
      expect(publicKey.asymmetricKeyDetails?.namedCurve).to.equal('prime256v1')
    }
  })

  it('a server certificate never outlives its CA', async () => {
    const nowMs = NOW_MS + 3650 * DAY_MS - DAY_MS
    const late = await issueServerCertificate({
      authority,
      dnsNames: DNS_NAMES,
      nowMs,
      validityMs: VALIDITY_MS.server,
    })

    expect(readCertificate(late.certificatePem)?.notAfterMs).to.equal(NOW_MS + 3650 * DAY_MS)
  })

  it('names too long for a common name are still served', async () => {
    const long = `${'x'.repeat(49)}.${'y'.repeat(63)}.svc`
    const pair = await issueServerCertificate({ authority, dnsNames: [long], nowMs: NOW_MS, validityMs: DAY_MS })

    expect(readCertificate(pair.certificatePem)).to.deep.include({ commonName: 'server', dnsNames: [long] })
  })

  it('an empty or too long common name is refused', async () => {
    for (const commonName of ['', 'x'.repeat(65)]) {
      const error = await createAuthority({ commonName, nowMs: NOW_MS, validityMs: DAY_MS }).catch((e: unknown) => e)

      expect(error).to.be.instanceOf(RangeError)
    }
  })

  it('randomness is taken from the given source', async () => {
    const calls: string[] = []
    const { subtle } = webcrypto
    const crypto = {
      subtle,
      getRandomValues(array: Uint8Array): Uint8Array {
        calls.push('getRandomValues')
        return array.fill(7)
      },
    } as unknown as webcrypto.Crypto
    const made = await createAuthority({ commonName: 'ca', nowMs: NOW_MS, validityMs: DAY_MS, crypto })

    expect(calls).to.have.length.greaterThan(0)
    expect(new X509Certificate(made.certificatePem).serialNumber).to.match(/^(07)+$/)
  })

  it('isKeyOf() tells the key of a certificate from another', () => {
    expect(isKeyOf(server.keyPem, server.certificatePem)).to.equal(true)
    expect(isKeyOf(authority.keyPem, server.certificatePem)).to.equal(false)
  })

  it('splitBundle() gives every certificate of a bundle', () => {
    const bundle = `# old\n${other.certificatePem}# new\n${authority.certificatePem}`

    expect(splitBundle(bundle)).to.deep.equal([other.certificatePem, authority.certificatePem])
  })

  it('what is no certificate reads as nothing', () => {
    for (const pem of ['', 'text', server.keyPem, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      expect(readCertificate(pem)).to.equal(undefined)
      expect(isKeyOf(pem, server.certificatePem)).to.equal(pem === server.keyPem)
    }
  })
})

describe('needsRenewal()', () => {
  const lifetime = { notBeforeMs: NOW_MS, notAfterMs: NOW_MS + 90 * DAY_MS }
  const cases: readonly [name: string, nowMs: number, want: boolean][] = [
    ['a new certificate is kept', NOW_MS, false],
    ['one is kept until two thirds of its life are over', NOW_MS + 60 * DAY_MS - 1, false],
    ['from then on it is replaced', NOW_MS + 60 * DAY_MS, true],
    ['an expired one is replaced', NOW_MS + 91 * DAY_MS, true],
  ]
  for (const [name, nowMs, want] of cases) {
    it(name, () => {
      expect(needsRenewal(lifetime, nowMs)).to.equal(want)
    })
  }

  it('renewalTimeMs() is the moment it becomes true', () => {
    expect(renewalTimeMs(lifetime)).to.equal(NOW_MS + 60 * DAY_MS)
  })
})

describe('serverDnsNames()', () => {
  it('names the Services in short and in full, the pods, and the server itself', () => {
    expect(DNS_NAMES).to.deep.equal([
      'shop-primary',
      'shop-primary.web',
      'shop-primary.web.svc',
      'shop-primary.web.svc.cluster.local',
      'shop-replicas',
      'shop-replicas.web',
      'shop-replicas.web.svc',
      'shop-replicas.web.svc.cluster.local',
      'shop-nodes',
      'shop-nodes.web',
      'shop-nodes.web.svc',
      'shop-nodes.web.svc.cluster.local',
      '*.shop-nodes.web.svc',
      '*.shop-nodes.web.svc.cluster.local',
      'localhost',
    ])
  })
})

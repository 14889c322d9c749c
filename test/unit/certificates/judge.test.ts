import { expect } from 'chai'
import {
  createAuthority,
  type IssuedPair,
  issueClientCertificate,
  issueServerCertificate,
} from '../../../src/certificates/authority.ts'
import { anchorsOf, bundleOf } from '../../../src/certificates/chain.ts'
import { requiredDnsNames } from '../../../src/certificates/dnsnames.ts'
import { type GivenTexts, judgeGiven } from '../../../src/certificates/judge.ts'
import { readCertificate, warningTimeMs } from '../../../src/certificates/read.ts'
import { issueIntermediate } from '../../support/intermediate.ts'

const DAY_MS = 24 * 3_600_000
const NOW_MS = Date.UTC(2030, 0, 1)
const NAMES = requiredDnsNames({ name: 'shop', namespace: 'web' }, 'cluster.local')

describe('judgeGiven()', () => {
  let root: IssuedPair
  let other: IssuedPair
  let middle: IssuedPair
  let leaf: IssuedPair
  let deep: IssuedPair

  before(async () => {
    const years = { nowMs: NOW_MS - 10 * DAY_MS, validityMs: 3650 * DAY_MS }
    ;[root, other] = await Promise.all([
      createAuthority({ commonName: 'company root', ...years }),
      createAuthority({ commonName: 'other root', ...years }),
    ])
    middle = await issueIntermediate(root, { commonName: 'company tls', ...years, validityMs: 100 * DAY_MS })
    leaf = await issueServerCertificate({ authority: root, dnsNames: NAMES, ...years, validityMs: 90 * DAY_MS })
    deep = await issueServerCertificate({ authority: middle, dnsNames: NAMES, ...years, validityMs: 90 * DAY_MS })
  })

  function judge(texts: Partial<GivenTexts>, nowMs = NOW_MS) {
    const whole = { certificatePem: leaf.certificatePem, keyPem: leaf.keyPem, authorityPem: root.certificatePem }
    return judgeGiven({ ...whole, ...texts }, { nowMs, dnsNames: NAMES })
  }

  function problemOf(texts: Partial<GivenTexts>, nowMs?: number): string {
    const judged = judge(texts, nowMs)
    return judged.ok ? 'none' : judged.problem
  }

  it('takes a pair with its authority beside it', () => {
    const judged = judge({})

    expect(judged.ok && judged.given.anchors).to.deep.equal(anchorsOf(root.certificatePem))
    expect(judged.ok && judged.given.facts.fingerprint).to.equal(readCertificate(leaf.certificatePem)?.fingerprint)
  })

  it('takes a chain that brings its root along, and trusts that', () => {
    const certificatePem = leaf.certificatePem + root.certificatePem

    const judged = judge({ certificatePem, authorityPem: undefined })

    expect(judged.ok && judged.given.root).to.deep.equal(anchorsOf(root.certificatePem)[0])
  })

  it('follows an intermediate, from either key', () => {
    const { keyPem } = deep
    const chain = deep.certificatePem + middle.certificatePem

    expect(problemOf({ certificatePem: chain, keyPem })).to.equal('none')
    const authorityPem = middle.certificatePem + root.certificatePem
    expect(problemOf({ certificatePem: deep.certificatePem, keyPem, authorityPem })).to.equal('none')
  })

  it('names the key that is missing', () => {
    expect(problemOf({ certificatePem: undefined })).to.equal('its key tls.crt is missing or empty')
    expect(problemOf({ keyPem: '' })).to.equal('its key tls.key is missing or empty')
  })

  it('names the key that cannot be read, and shows nothing of it', () => {
    expect(problemOf({ certificatePem: 'x' })).to.equal('tls.crt holds no certificate that can be read')
    expect(problemOf({ keyPem: 'secret' })).to.equal(
      'tls.key holds no private key that can be read without a passphrase',
    )
  })

  it('refuses the key of another certificate', () => {
    expect(problemOf({ keyPem: deep.keyPem })).to.match(/tls\.key does not belong to the certificate in tls\.crt$/)
  })

  it('refuses a certificate after its time and before it, by the moment', () => {
    const { notAfterMs = 0, notBeforeMs = 0 } = readCertificate(leaf.certificatePem) ?? {}

    expect(problemOf({}, notAfterMs - 1)).to.equal('none')
    expect(problemOf({}, notAfterMs)).to.equal('it expired at 2030-03-22T00:00:00Z')
    expect(problemOf({}, notBeforeMs)).to.equal('none')
    expect(problemOf({}, notBeforeMs - 1)).to.equal('it is not valid before 2029-12-21T23:55:00Z')
  })

  it('names the DNS names that are missing', async () => {
    const common = { authority: root, nowMs: NOW_MS, validityMs: DAY_MS }
    const { certificatePem, keyPem } = await issueServerCertificate({ ...common, dnsNames: [NAMES[0]] })

    expect(problemOf({ certificatePem, keyPem })).to.equal(
      'it lacks the DNS names shop-replicas.web.svc, *.shop-nodes.web.svc.cluster.local',
    )
  })

  it('takes a wildcard for the Services, for one label only', async () => {
    const common = { authority: root, nowMs: NOW_MS, validityMs: DAY_MS }
    const wide = await issueServerCertificate({ ...common, dnsNames: ['*.web.svc', NAMES[2] ?? ''] })
    const short = await issueServerCertificate({ ...common, dnsNames: ['*.svc', NAMES[2] ?? ''] })

    expect(problemOf(wide)).to.equal('none')
    expect(problemOf(short)).to.match(/lacks the DNS names shop-primary\.web\.svc, shop-replicas\.web\.svc$/)
  })

  it('names the issuer that a chain lacks', () => {
    const { certificatePem, keyPem } = deep
    const missing = 'its chain is incomplete: tls.crt and ca.crt lack the certificate of CN=company'

    expect(problemOf({ certificatePem, keyPem })).to.equal(`${missing} tls`)
    const chain = certificatePem + middle.certificatePem
    expect(problemOf({ certificatePem: chain, keyPem, authorityPem: undefined })).to.equal(`${missing} root`)
    expect(problemOf({ authorityPem: other.certificatePem })).to.equal(`${missing} root`)
  })

  it('refuses an expired intermediate, which clients would refuse', async () => {
    const nowMs = NOW_MS - 10 * DAY_MS
    const brief = await issueIntermediate(root, { commonName: 'brief', nowMs, validityMs: DAY_MS })
    const made = await issueServerCertificate({ authority: brief, dnsNames: NAMES, nowMs, validityMs: DAY_MS })
    const certificatePem = made.certificatePem + brief.certificatePem

    expect(problemOf({ certificatePem, keyPem: made.keyPem }, nowMs)).to.equal('none')
    // The leaf never outlives its issuer, so the order of the checks names the leaf.
    expect(problemOf({ certificatePem, keyPem: made.keyPem })).to.match(/^it expired at/)
  })

  it('refuses a certificate that is for clients only', async () => {
    const common = { authority: root, nowMs: NOW_MS, validityMs: DAY_MS }

    const pair = await issueClientCertificate({ ...common, commonName: 'x' })

    expect(problemOf(pair)).to.equal('its extended key usage lacks server authentication')
  })
})

describe('bundles', () => {
  it('hold each certificate once, in one canonical form', async () => {
    const { certificatePem } = await createAuthority({ commonName: 'a', nowMs: NOW_MS, validityMs: DAY_MS })
    const anchors = anchorsOf(`${certificatePem}junk\n${certificatePem.trim()}`)

    expect(anchors).to.have.length(1)
    expect(anchorsOf(bundleOf(anchors))).to.deep.equal(anchors)
  })
})

describe('warningTimeMs()', () => {
  it('is a fifth of the life before the end, and 30 days at most', () => {
    expect(warningTimeMs({ notBeforeMs: 0, notAfterMs: 100 * DAY_MS })).to.equal(80 * DAY_MS)
    expect(warningTimeMs({ notBeforeMs: 0, notAfterMs: 365 * DAY_MS })).to.equal(335 * DAY_MS)
  })
})

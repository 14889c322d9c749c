import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type Anchor, anchorsOf, followChain, oneLine } from './chain.ts'
import { type CertificateFacts, readCertificate, splitBundle } from './read.ts'

/** What a Secret of somebody else holds; undefined where a key is absent. */
export type GivenTexts = Readonly<{
  certificatePem: string | undefined
  keyPem: string | undefined
  /** The authorities that clients are to trust; without it the root in `certificatePem` counts. */
  authorityPem: string | undefined
}>

/** A pair that servers can present, or why this one cannot be presented. */
export type Judged =
  | Readonly<{ ok: true; given: Given }>
  /** Completes "the certificate in Secret … cannot be used: ". Nothing of a key is in it. */
  | Readonly<{ ok: false; problem: string }>

export type Given = Readonly<{
  certificatePem: string
  keyPem: string
  facts: CertificateFacts
  /** What clients have to trust. */
  anchors: readonly Anchor[]
  /** The one of them that its chain ends at. */
  root: Anchor
}>

/** Extended key usage of servers (RFC 5280, section 4.2.1.12). */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_USAGE = '2.5.29.37.0'

export type JudgeOptions = Readonly<{ nowMs: number; dnsNames: readonly string[] }>

/** Judges a pair that somebody else made, as strictly as the clients that will meet it. */
export function judgeGiven(texts: GivenTexts, options: JudgeOptions): Judged {
  const { certificatePem = '', keyPem = '', authorityPem = '' } = texts
  const facts = readCertificate(splitBundle(certificatePem)[0] ?? '')
  const problem =
    findMissing(texts) ??
    (facts ? undefined : 'tls.crt holds no certificate that can be read') ??
    findKeyProblem(certificatePem, keyPem)
  if (problem !== undefined || !facts) return { ok: false, problem: problem ?? '' }
  const chain = followChain(certificatePem, authorityPem)
  const unfit =
    findTimeProblem(facts, options.nowMs) ??
    findUsageProblem(certificatePem) ??
    findNameProblem(facts.dnsNames, options.dnsNames) ??
    (chain.ok ? undefined : `its chain is incomplete: tls.crt and ca.crt lack the certificate of ${chain.missing}`)
  if (unfit !== undefined || !chain.ok) return { ok: false, problem: unfit ?? '' }
  const expired = chain.certificates.find(({ validToDate }) => validToDate.getTime() <= options.nowMs)
  if (expired)
    return { ok: false, problem: `${oneLine(expired.subject)} in its chain expired at ${isoTime(expired.validToDate)}` }
  const given = anchorsOf(authorityPem)
  const anchors = given.some(({ id }) => id === chain.root.id) ? given : [chain.root, ...given]
  return { ok: true, given: { certificatePem, keyPem, facts, anchors, root: chain.root } }
}

function findMissing(texts: GivenTexts): string | undefined {
  if (!texts.certificatePem) return 'its key tls.crt is missing or empty'
  return texts.keyPem ? undefined : 'its key tls.key is missing or empty'
}

function findKeyProblem(certificatePem: string, keyPem: string): string | undefined {
  try {
    const key = createPrivateKey(keyPem)
    const isPair = new X509Certificate(certificatePem).checkPrivateKey(key)
    return isPair ? undefined : 'the private key in tls.key does not belong to the certificate in tls.crt'
  } catch {
    return 'tls.key holds no private key that can be read without a passphrase'
  }
}

function findTimeProblem({ notBeforeMs, notAfterMs }: CertificateFacts, nowMs: number): string | undefined {
  if (nowMs >= notAfterMs) return `it expired at ${isoTime(new Date(notAfterMs))}`
  return nowMs < notBeforeMs ? `it is not valid before ${isoTime(new Date(notBeforeMs))}` : undefined
}

function findUsageProblem(certificatePem: string): string | undefined {
  const usages = new X509Certificate(certificatePem).keyUsage
  const isServer = !usages || usages.includes(SERVER_AUTH) || usages.includes(ANY_USAGE)
  return isServer ? undefined : 'its extended key usage lacks server authentication'
}

function findNameProblem(names: readonly string[], wanted: readonly string[]): string | undefined {
  const missing = wanted.filter((name) => !names.some((each) => isCovered(name, each)))
  return missing.length === 0 ? undefined : `it lacks the DNS names ${missing.join(', ')}`
}

/** A wildcard stands for one whole label (RFC 6125, section 6.4.3). */
function isCovered(name: string, pattern: string): boolean {
  const [wanted, given] = [name.toLowerCase(), pattern.toLowerCase()]
  if (wanted === given) return true
  return given.startsWith('*.') && wanted.slice(wanted.indexOf('.')) === given.slice(1)
}

function isoTime(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z')
}

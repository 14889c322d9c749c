import { createPrivateKey, X509Certificate } from 'node:crypto'

/** What is read of a certificate; times in milliseconds since 1970. */
export type CertificateFacts = Readonly<{
  notBeforeMs: number
  notAfterMs: number
  dnsNames: readonly string[]
  /** SHA-256 of the DER form, `AB:CD:…`: the form in which node:tls shows a peer's `fingerprint256`. */
  fingerprint: string
  commonName: string | undefined
  isAuthority: boolean
}>

type Lifetime = Pick<CertificateFacts, 'notBeforeMs' | 'notAfterMs'>

/** Reads the first certificate of a PEM text; undefined where there is none, as a Secret may hold anything. */
export function readCertificate(pem: string): CertificateFacts | undefined {
  const certificate = parse(pem)
  if (!certificate) return undefined
  return {
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    dnsNames: [...(certificate.subjectAltName ?? '').matchAll(/DNS:([^,\s]+)/g)].map(([, name = '']) => name),
    fingerprint: certificate.fingerprint256,
    commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1],
    isAuthority: certificate.ca,
  }
}

/** The certificates of a PEM bundle, each as a PEM text of its own. */
export function splitBundle(pem: string): readonly string[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g)].map(([block]) => block)
}

/** True when the private key belongs to the certificate; false for anything that cannot be read. */
export function isKeyOf(keyPem: string, certificatePem: string): boolean {
  try {
    return parse(certificatePem)?.checkPrivateKey(createPrivateKey(keyPem)) ?? false
  } catch {
    return false
  }
}

/** True once two thirds of a certificate's life are over: a third is left to replace it, with people to ask. */
export function needsRenewal(certificate: Lifetime, nowMs: number): boolean {
  return nowMs >= renewalTimeMs(certificate)
}

/** When `needsRenewal` becomes true. */
export function renewalTimeMs({ notBeforeMs, notAfterMs }: Lifetime): number {
  return Math.floor(notBeforeMs + ((notAfterMs - notBeforeMs) * 2) / 3)
}

/** When people are warned of the end of a certificate that they have to renew: a fifth of its life before, 30 days at most. */
export function warningTimeMs({ notBeforeMs, notAfterMs }: Lifetime): number {
  return notAfterMs - Math.min(30 * 24 * 3_600_000, Math.floor((notAfterMs - notBeforeMs) / 5))
}

/** Whether `issuer` names itself as the issuer of `certificate`, and its key made the signature. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

export function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

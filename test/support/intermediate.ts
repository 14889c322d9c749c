import { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { IssuedPair } from '../../src/certificates/authority.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

type Times = Readonly<{ nowMs: number; validityMs: number }>

/** An authority below another one, as companies have them; the operator itself makes none. */
export function issueIntermediate(
  root: IssuedPair,
  { commonName, ...times }: Times & Readonly<{ commonName: string }>,
): Promise<IssuedPair> {
  const usages = new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true)
  return issue(root, { commonName, ...times, extensions: [new BasicConstraintsExtension(true, 0, true), usages] })
}

/** A certificate that is for servers only, as most authorities make them; the operator's own is for clients too. */
export function issueServerOnly(
  root: IssuedPair,
  { dnsNames, ...times }: Times & Readonly<{ dnsNames: readonly string[] }>,
): Promise<IssuedPair> {
  const names = new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value })))
  const usages = new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])
  return issue(root, { commonName: 'server', ...times, extensions: [names, usages] })
}

type Made = Times & Readonly<{ commonName: string; extensions: readonly Extension[] }>

async function issue(root: IssuedPair, { commonName, nowMs, validityMs, extensions }: Made): Promise<IssuedPair> {
  const { subtle } = webcrypto
  const keys = await subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const issuer = new X509Certificate(root.certificatePem)
  const signingKey = await subtle.importKey('pkcs8', PemConverter.decodeFirst(root.keyPem), ALGORITHM, false, ['sign'])
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    notBefore: new Date(nowMs - 300_000),
    notAfter: new Date(nowMs + validityMs),
    signingAlgorithm: ALGORITHM,
    extensions: [
      ...extensions,
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  const keyPem = PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: `${keyPem}\n` }
}

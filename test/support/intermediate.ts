import { webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { IssuedPair } from '../../src/certificates/authority.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** An authority below another one, as companies have them; the operator itself makes none. */
export async function issueIntermediate(
  root: IssuedPair,
  { commonName, nowMs, validityMs }: Readonly<{ commonName: string; nowMs: number; validityMs: number }>,
): Promise<IssuedPair> {
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
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  const keyPem = PemConverter.encode(await subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: `${keyPem}\n` }
}

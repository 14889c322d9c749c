// The decorators of @peculiar/x509 need this polyfill before the library itself is evaluated.
import 'reflect-metadata'
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

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 3_600_000
/** Tolerates a member whose clock is behind ours; a certificate from the future is refused. */
const BACKDATE_MS = 5 * 60_000
/** Upper bound of a common name (RFC 5280, ub-common-name). */
const COMMON_NAME_LENGTH = 64

/** How long each kind of certificate lives: both are replaced when two thirds of that are over. */
export const VALIDITY_MS = { authority: 3650 * DAY_MS, server: 90 * DAY_MS } as const

/** A certificate and its private key (PKCS #8), PEM. */
export type IssuedPair = Readonly<{ certificatePem: string; keyPem: string }>

type Common = Readonly<{
  /** Milliseconds since 1970. */
  nowMs: number
  /** From now on; the certificate starts 5 min earlier. */
  validityMs: number
  /** Source of keys and serial numbers. Default: the process' own. */
  crypto?: webcrypto.Crypto
}>

/** Makes a self-signed CA (ECDSA P-256) that may sign servers, not further CAs. */
export async function createAuthority(options: Common & Readonly<{ commonName: string }>): Promise<IssuedPair> {
  const crypto = options.crypto ?? webcrypto
  const keys = await generateKeys(crypto)
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: subject(options.commonName),
      keys,
      ...lifetime(options),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  )
  return { certificatePem: toPem(certificate), keyPem: await exportKey(keys.privateKey, crypto) }
}

/**
 * Makes a certificate that a server presents, to its clients and, in replication, as a client of its primary. It
 * never outlives its CA.
 */
export async function issueServerCertificate(
  options: Common & Readonly<{ authority: IssuedPair; dnsNames: readonly [string, ...string[]] }>,
): Promise<IssuedPair> {
  const { authority, dnsNames } = options
  const crypto = options.crypto ?? webcrypto
  const issuer = new X509Certificate(authority.certificatePem)
  const keys = await generateKeys(crypto)
  const { notBefore, notAfter } = lifetime(options)
  const certificate = await X509CertificateGenerator.create(
    {
      subject: subject(dnsNames.find((name) => name.length <= COMMON_NAME_LENGTH) ?? 'server'),
      issuer: issuer.subjectName,
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.keyPem, crypto),
      notBefore,
      notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
      signingAlgorithm: ALGORITHM,
      extensions: await serverExtensions({ issuer, dnsNames, publicKey: keys.publicKey, crypto }),
    },
    crypto,
  )
  return { certificatePem: toPem(certificate), keyPem: await exportKey(keys.privateKey, crypto) }
}

type ServerParts = Readonly<{
  issuer: X509Certificate
  dnsNames: readonly string[]
  publicKey: webcrypto.CryptoKey
  crypto: webcrypto.Crypto
}>

async function serverExtensions({ issuer, dnsNames, publicKey, crypto }: ServerParts): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
    await SubjectKeyIdentifierExtension.create(publicKey, false, crypto),
    await AuthorityKeyIdentifierExtension.create(issuer, false, crypto),
  ]
}

function generateKeys(crypto: webcrypto.Crypto): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
}

function subject(commonName: string): { CN: string[] }[] {
  const length = commonName.length
  if (length === 0 || length > COMMON_NAME_LENGTH) {
    throw new RangeError(
      `Cannot issue certificate: length of commonName is ${length}, must be 1 to ${COMMON_NAME_LENGTH}`,
    )
  }
  return [{ CN: [commonName] }]
}

function lifetime({ nowMs, validityMs }: Common): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + validityMs) }
}

async function exportKey(key: webcrypto.CryptoKey, crypto: webcrypto.Crypto): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

function importKey(keyPem: string, crypto: webcrypto.Crypto): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(keyPem), ALGORITHM, false, ['sign'])
}

function toPem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}

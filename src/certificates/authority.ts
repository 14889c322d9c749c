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

/** How long each kind of certificate lives: each is replaced when two thirds of that are over. */
export const VALIDITY_MS = { authority: 3650 * DAY_MS, server: 90 * DAY_MS, client: 90 * DAY_MS } as const

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
  const { dnsNames, ...rest } = options
  return issue({
    ...rest,
    commonName: dnsNames.find((name) => name.length <= COMMON_NAME_LENGTH) ?? 'server',
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns', value }))),
    ],
  })
}

/** Makes a certificate that shows who connects, and cannot be presented by a server. It never outlives its CA. */
export async function issueClientCertificate(
  options: Common & Readonly<{ authority: IssuedPair; commonName: string }>,
): Promise<IssuedPair> {
  const commonName = options.commonName.slice(0, COMMON_NAME_LENGTH)
  return issue({ ...options, commonName, extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])] })
}

type Leaf = Common & Readonly<{ authority: IssuedPair; commonName: string; extensions: readonly Extension[] }>

async function issue(leaf: Leaf): Promise<IssuedPair> {
  const { authority, crypto = webcrypto } = leaf
  const issuer = new X509Certificate(authority.certificatePem)
  const keys = await generateKeys(crypto)
  const { notBefore, notAfter } = lifetime(leaf)
  const certificate = await X509CertificateGenerator.create(
    {
      subject: subject(leaf.commonName),
      issuer: issuer.subjectName,
      publicKey: keys.publicKey,
      signingKey: await importKey(authority.keyPem, crypto),
      notBefore,
      notAfter: new Date(Math.min(notAfter.getTime(), issuer.notAfter.getTime())),
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        ...leaf.extensions,
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
        await AuthorityKeyIdentifierExtension.create(issuer, false, crypto),
      ],
    },
    crypto,
  )
  return { certificatePem: toPem(certificate), keyPem: await exportKey(keys.privateKey, crypto) }
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

import type { X509Certificate } from 'node:crypto'
import { isSignedBy, parse, splitBundle } from './read.ts'

/** A certificate that is trusted: `id` is its SHA-256 fingerprint, `pem` its one canonical text. */
export type Anchor = Readonly<{ id: string; pem: string }>

/** Where the way from a certificate to its root ends. */
export type Chain =
  | Readonly<{ ok: true; root: Anchor; certificates: readonly X509Certificate[] }>
  /** `missing` is the subject of the issuer that is in neither text. */
  | Readonly<{ ok: false; missing: string }>

const LONGEST_CHAIN = 8

/** The certificates of a bundle, each once. Blocks that cannot be read are left out. */
export function anchorsOf(bundlePem: string): readonly Anchor[] {
  const anchors = readAll(bundlePem).map(toAnchor)
  return anchors.filter(({ id }, index) => anchors.findIndex((each) => each.id === id) === index)
}

/** A bundle as PEM: the texts of its certificates, one after the other. */
export function bundleOf(anchors: readonly Anchor[]): string {
  return anchors.map(({ pem }) => pem).join('')
}

/**
 * Follows the signatures from the first certificate of `certificatePem`, through the others in it and those of
 * `bundlePem`, to a self-signed one: OpenSSL, and so every client, accepts no way that ends earlier.
 */
export function followChain(certificatePem: string, bundlePem: string): Chain {
  const [leaf, ...others] = readAll(certificatePem)
  if (!leaf) return { ok: false, missing: 'the certificate itself' }
  const known = [...others, ...readAll(bundlePem)]
  const certificates = [leaf]
  for (;;) {
    const last = certificates.at(-1) ?? leaf
    if (isSignedBy(last, last)) return { ok: true, root: toAnchor(last), certificates }
    const issuer = known.find((each) => each.ca && isSignedBy(last, each))
    if (!issuer || certificates.length >= LONGEST_CHAIN) return { ok: false, missing: oneLine(last.issuer) }
    certificates.push(issuer)
  }
}

/** A distinguished name as people write it; Node separates its parts by line breaks. */
export function oneLine(name: string): string {
  return name.split('\n').join(', ')
}

function readAll(pem: string): readonly X509Certificate[] {
  return splitBundle(pem)
    .map(parse)
    .filter((certificate) => certificate !== undefined)
}

function toAnchor(certificate: X509Certificate): Anchor {
  const pem = certificate.toString()
  return { id: certificate.fingerprint256, pem: pem.endsWith('\n') ? pem : `${pem}\n` }
}

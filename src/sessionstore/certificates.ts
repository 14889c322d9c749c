import { createHash } from 'node:crypto'
import { CLIENT_AUTHS, type ClientAuth } from '../api/v1alpha1/defaults.ts'
import { type Anchor, anchorsOf, followChain } from '../certificates/chain.ts'
import { type CertificateFacts, isKeyOf, needsRenewal, readCertificate } from '../certificates/read.ts'
import type { Secret } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { KEYS, trustFile, trustKey } from '../resources/paths.ts'
import { type KeyPair, readSecretKey } from '../resources/secrets.ts'
import type { HeldFacts } from './plan/certificates.ts'

/** A pair that somebody signed, and the root of its chain. */
export type Signed = Readonly<{ pair: KeyPair; facts: CertificateFacts; rootId: string }>

/** What the TLS Secret of a store holds. */
export type Served = Signed &
  Readonly<{
    bundlePem: string
    anchors: readonly Anchor[]
    /** Presented in replication and by the operator; absent in Secrets of older operators. */
    client?: Signed
    /** Path under which a server shows that it has read bundle and client certificate. */
    trustFile: string
    sinceMs?: number
    clientAuth: ClientAuth
  }>

/** The store's own CA. */
export type Authority = Readonly<{ pair: KeyPair; facts: CertificateFacts; anchor: Anchor }>

/** Hash of what servers are to trust and to present as clients. */
export function revisionOf(bundlePem: string, client: KeyPair | undefined): string {
  const hash = createHash('sha256').update(bundlePem)
  return hash
    .update(client?.certificatePem ?? '')
    .digest('hex')
    .slice(0, 16)
}

/** Reads the store's own CA; undefined for what cannot sign. */
export const readAuthority = remembered((secret): Authority | undefined => {
  const pair = readPair(secret, { certificate: KEYS.certificate, key: KEYS.key })
  const facts = pair && readCertificate(pair.certificatePem)
  const [anchor] = pair ? anchorsOf(pair.certificatePem) : []
  return pair && facts?.isAuthority && anchor ? { pair, facts, anchor } : undefined
})

/** Reads the TLS Secret; undefined for what servers cannot present, or clients not verify. */
export const readServed = remembered((secret): Served | undefined => {
  const bundlePem = readSecretKey(secret, KEYS.bundle)
  if (!bundlePem) return undefined
  const leaf = readSigned(secret, { certificate: KEYS.certificate, key: KEYS.key, bundlePem })
  if (!leaf) return undefined
  const client = readSigned(secret, { certificate: KEYS.clientCertificate, key: KEYS.clientKey, bundlePem })
  const revision = revisionOf(bundlePem, client?.pair)
  const isMarked = readSecretKey(secret, trustKey(revision)) === bundlePem
  const since = Date.parse(secret.metadata.annotations?.[ANNOTATIONS.trustSince] ?? '')
  const asked = secret.metadata.annotations?.[ANNOTATIONS.clientAuth]
  return {
    ...leaf,
    bundlePem,
    anchors: anchorsOf(bundlePem),
    // Without its mark nobody could tell whether a server has read it.
    ...(client && isMarked && { client }),
    trustFile: trustFile(revision),
    ...(Number.isFinite(since) && { sinceMs: since }),
    clientAuth: CLIENT_AUTHS.find((each) => each === asked) ?? 'None',
  }
})

/** What is held, in the words of the plan. `dnsNames`: what a certificate of ours must carry. */
export function describeHeld(
  served: Served,
  { nowMs, dnsNames }: Readonly<{ nowMs: number; dnsNames: readonly string[] }>,
): HeldFacts {
  const { facts, client, sinceMs } = served
  const isComplete = dnsNames.every((name) => facts.dnsNames.includes(name))
  return {
    leafId: facts.fingerprint,
    leafRootId: served.rootId,
    leafNotAfterMs: facts.notAfterMs,
    isLeafDue: !isComplete || needsRenewal(facts, nowMs),
    ...(client && { clientRootId: client.rootId }),
    isClientDue: client !== undefined && needsRenewal(client.facts, nowMs),
    trustIds: served.anchors.map(({ id }) => id),
    ...(sinceMs !== undefined && { sinceMs }),
    clientAuth: served.clientAuth,
  }
}

/** The client certificate in a binding's Secret, when it chains to the bundle beside it. */
export const readBindingCertificate = remembered((secret): Signed | undefined => {
  const bundlePem = readSecretKey(secret, KEYS.bundle)
  return bundlePem ? readSigned(secret, { certificate: KEYS.certificate, key: KEYS.key, bundlePem }) : undefined
})

/** The authorities that applications were told to trust. */
export function knownAnchors(boundSecrets: readonly Secret[]): readonly Anchor[] {
  return anchorsOf(boundSecrets.map((secret) => readSecretKey(secret, KEYS.bundle) ?? '').join(''))
}

type Keys = Readonly<{ certificate: string; key: string }>

function readSigned(
  secret: Secret,
  { bundlePem, ...keys }: Keys & Readonly<{ bundlePem: string }>,
): Signed | undefined {
  const pair = readPair(secret, keys)
  const facts = pair && readCertificate(pair.certificatePem)
  const chain = pair && followChain(pair.certificatePem, bundlePem)
  if (!pair || !facts || !chain?.ok) return undefined
  const isTrusted = anchorsOf(bundlePem).some(({ id }) => id === chain.root.id)
  return isTrusted ? { pair, facts, rootId: chain.root.id } : undefined
}

function readPair(secret: Secret, { certificate, key }: Keys): KeyPair | undefined {
  const certificatePem = readSecretKey(secret, certificate)
  const keyPem = readSecretKey(secret, key)
  return certificatePem && keyPem && isKeyOf(keyPem, certificatePem) ? { certificatePem, keyPem } : undefined
}

/** A cached object is the same until it changes, and signatures cost a millisecond each. */
function remembered<T>(read: (secret: Secret) => T): (secret: Secret | undefined) => T | undefined {
  const known = new WeakMap<Secret, Readonly<{ value: T }>>()
  return (secret) => {
    if (!secret) return undefined
    const before = known.get(secret)
    if (before) return before.value
    const value = read(secret)
    known.set(secret, { value })
    return value
  }
}

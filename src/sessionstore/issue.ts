import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { type Anchor, bundleOf } from '../certificates/chain.ts'
import { authorityCommonName, serverDnsNames } from '../certificates/dnsnames.ts'
import { needsRenewal } from '../certificates/read.ts'
import type { DesiredObject } from '../kube/types.ts'
import { INTERNAL_USERS } from '../redis/acl.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { buildAuthoritySecret, buildTlsSecret, buildUserSecret, type KeyPair } from '../resources/secrets.ts'
import { type Authority, describeHeld, knownAnchors, revisionOf } from './certificates.ts'
import { type Credentials, generatePassword } from './credentials.ts'
import {
  type CertificateInputs,
  type CertificateStep,
  type CertificateWrite,
  type LeafSource,
  planCertificates,
} from './plan/certificates.ts'
import type { CertificateState } from './source.ts'

/** Generated Secrets to write. `createOnly`: an existing one is kept, as its content is known to nobody else. */
export type Issued = Readonly<{ object: DesiredObject; isCreateOnly: boolean }>

export type IssueInputs = Readonly<{
  identity: StoreIdentity
  spec: EffectiveSpec
  credentials: Credentials
  /** What there is of the certificate to present. */
  certificate: CertificateState
  /** Servers and bindings have what the TLS Secret holds. */
  isSpread: boolean
  clusterDomain: string
  nowMs: number
}>

/** Makes what is missing or due: passwords, the store's own CA, certificates. Empty when all is there. */
export async function issueMissing(inputs: IssueInputs): Promise<readonly Issued[]> {
  const logins = issueLogins(inputs)
  return inputs.spec.tlsMode === 'Required' ? [...logins, ...(await issueCertificates(inputs))] : logins
}

/** A new password of the operator would lock it out of every server that runs: the old one is kept in two Secrets. */
function issueLogins({ identity, credentials }: IssueInputs): readonly Issued[] {
  const { logins, operatorCopy } = credentials
  const operatorPassword = logins.operator?.passwords[0] ?? operatorCopy ?? generatePassword()
  const issued = INTERNAL_USERS.filter((user) => logins[user] === undefined).map((user) => {
    const password = user === 'operator' ? operatorPassword : generatePassword()
    const copy = user === 'replication' ? { operatorPassword } : {}
    return { object: buildUserSecret(identity, user, { password, ...copy }), isCreateOnly: true }
  })
  if (!logins.replication || !logins.operator || operatorCopy === operatorPassword) return issued
  const [password, previousPassword] = logins.replication.passwords
  const object = buildUserSecret(identity, 'replication', { password, previousPassword, operatorPassword })
  return [...issued, { object, isCreateOnly: false }]
}

/** What becomes of the certificates next; undefined while the store has no authority of its own, or no TLS. */
export function nextCertificates(inputs: IssueInputs): CertificateStep | undefined {
  const { identity, spec, credentials, clusterDomain, nowMs, isSpread } = inputs
  const { authority, served } = credentials
  if (!authority || spec.tlsMode === 'Disabled') return undefined
  const dnsNames = serverDnsNames(identity, clusterDomain)
  const facts: CertificateInputs = {
    nowMs,
    ownId: authority.anchor.id,
    ...(served && { held: describeHeld(served, { nowMs, dnsNames }) }),
    knownIds: served ? [] : knownAnchors(credentials.boundSecrets).map(({ id }) => id),
    source: sourceOf(inputs.certificate),
    clientAuth: spec.clientAuth,
    isSpread,
  }
  return planCertificates(facts)
}

function sourceOf(certificate: CertificateState): LeafSource {
  if (certificate.kind === 'Own') return { kind: 'Own' }
  if (certificate.kind !== 'Given') return { kind: 'Absent' }
  const { facts, anchors, root } = certificate.given
  return { kind: 'Given', leafId: facts.fingerprint, rootId: root.id, anchorIds: anchors.map(({ id }) => id) }
}

async function issueCertificates(inputs: IssueInputs): Promise<readonly Issued[]> {
  const { identity, nowMs } = inputs
  const { authority } = inputs.credentials
  if (!authority || needsRenewal(authority.facts, nowMs)) {
    const { createAuthority, VALIDITY_MS } = await loadAuthority()
    const commonName = authorityCommonName(identity)
    const made = await createAuthority({ commonName, nowMs, validityMs: VALIDITY_MS.authority })
    // What it signs follows in the next pass, from what was really stored: another process may have been faster.
    return [{ object: buildAuthoritySecret(identity, made), isCreateOnly: !authority }]
  }
  const step = nextCertificates(inputs)
  return step?.kind === 'write' ? [{ object: await buildWrite(inputs, authority, step), isCreateOnly: false }] : []
}

async function buildWrite(inputs: IssueInputs, authority: Authority, step: CertificateWrite): Promise<DesiredObject> {
  const { identity, credentials, certificate, clusterDomain, nowMs } = inputs
  const { served } = credentials
  const given = certificate.kind === 'Given' ? certificate.given : undefined
  const known = [
    authority.anchor,
    ...(given?.anchors ?? []),
    ...(served?.anchors ?? knownAnchors(credentials.boundSecrets)),
  ]
  const bundlePem = bundleOf(step.trustIds.map((id) => find(known, id)))
  const common = { authority: authority.pair, nowMs }
  const [pair, client] = await Promise.all([
    step.leaf === 'issue'
      ? issueLeaf(common, serverDnsNames(identity, clusterDomain))
      : step.leaf === 'given'
        ? given
        : served?.pair,
    step.client === 'issue' ? issueClient(common, 'sessionstore') : served?.client?.pair,
  ])
  if (!pair) throw new Error(`Cannot build the TLS Secret of "${identity.name}": there is no ${step.leaf} certificate`)
  const sinceMs = { now: nowMs, keep: served?.sinceMs, none: undefined }[step.since]
  return buildTlsSecret(identity, {
    pair,
    ...(client && { client }),
    bundlePem,
    revision: revisionOf(bundlePem, client),
    ...(sinceMs !== undefined && { since: new Date(sinceMs).toISOString() }),
    clientAuth: step.clientAuth,
  })
}

type Signing = Readonly<{ authority: KeyPair; nowMs: number }>

async function issueLeaf(signing: Signing, dnsNames: readonly [string, ...string[]]): Promise<KeyPair> {
  const { issueServerCertificate, VALIDITY_MS } = await loadAuthority()
  return issueServerCertificate({ ...signing, dnsNames, validityMs: VALIDITY_MS.server })
}

/** Makes a certificate with which a client shows that it is one of this store. */
export async function issueClient(signing: Signing, commonName: string): Promise<KeyPair> {
  const { issueClientCertificate, VALIDITY_MS } = await loadAuthority()
  return issueClientCertificate({ ...signing, commonName, validityMs: VALIDITY_MS.client })
}

/** The library costs 38 MB of resident memory, and certificates are made once in two months. */
function loadAuthority(): Promise<typeof import('../certificates/authority.ts')> {
  return import('../certificates/authority.ts')
}

function find(anchors: readonly Anchor[], id: string): Anchor {
  const anchor = anchors.find((each) => each.id === id)
  if (!anchor) throw new Error(`Cannot build a bundle: authority ${id} is not known`)
  return anchor
}

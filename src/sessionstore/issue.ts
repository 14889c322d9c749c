import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { authorityCommonName, serverDnsNames } from '../certificates/dnsnames.ts'
import { needsRenewal } from '../certificates/read.ts'
import type { DesiredObject } from '../kube/types.ts'
import { INTERNAL_USERS } from '../redis/acl.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { buildAuthoritySecret, buildTlsSecret, buildUserSecret } from '../resources/secrets.ts'
import { type Credentials, generatePassword } from './credentials.ts'

/** Generated Secrets to write. `createOnly`: an existing one is kept, as its content is known to nobody else. */
export type Issued = Readonly<{ object: DesiredObject; isCreateOnly: boolean }>

export type IssueInputs = Readonly<{
  identity: StoreIdentity
  spec: EffectiveSpec
  credentials: Credentials
  clusterDomain: string
  nowMs: number
}>

/** Makes what is missing or due: passwords, the store's own CA, the served certificate. Empty when all is there. */
export async function issueMissing(inputs: IssueInputs): Promise<readonly Issued[]> {
  const { identity, credentials, spec } = inputs
  const users = INTERNAL_USERS.filter((user) => credentials.logins[user] === undefined)
  const secrets = users.map((user) => buildUserSecret(identity, user, { password: generatePassword() }))
  const issued = secrets.map((object) => ({ object, isCreateOnly: true }))
  return spec.tlsMode === 'Required' ? [...issued, ...(await issueCertificates(inputs))] : issued
}

async function issueCertificates(inputs: IssueInputs): Promise<readonly Issued[]> {
  const { identity, credentials, clusterDomain, nowMs } = inputs
  const { authority, served } = credentials
  const dnsNames = serverDnsNames(identity, clusterDomain)
  const isCurrent = served && !needsRenewal(served.facts, nowMs) && covers(served.facts.dnsNames, dnsNames)
  if (authority && isCurrent) return []
  // The library costs 38 MB of resident memory, and certificates are made once in two months.
  const { createAuthority, issueServerCertificate, VALIDITY_MS } = await import('../certificates/authority.ts')
  if (!authority) {
    const commonName = authorityCommonName(identity)
    const made = await createAuthority({ commonName, nowMs, validityMs: VALIDITY_MS.authority })
    // The certificate follows in the next pass, from what was really stored: another process may have been faster.
    return [{ object: buildAuthoritySecret(identity, made), isCreateOnly: true }]
  }
  const pair = await issueServerCertificate({ authority, dnsNames, nowMs, validityMs: VALIDITY_MS.server })
  const object = buildTlsSecret(identity, { ...pair, bundlePem: authority.certificatePem })
  return [{ object, isCreateOnly: false }]
}

function covers(names: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((name) => names.includes(name))
}

import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { KEYS } from '../resources/paths.ts'
import { readSecretKey } from '../resources/secrets.ts'
import { readBindingCertificate } from './certificates.ts'
import type { Credentials } from './credentials.ts'
import { isReached, type MemberFacts } from './plan/facts.ts'
import { isCurrent } from './reload.ts'

type Spread = Readonly<{ spec: EffectiveSpec; credentials: Credentials; members: readonly MemberFacts[] }>

/**
 * Whether every server works with what the TLS Secret holds, and every binding was handed it. A pod that is still to be
 * made starts with it.
 */
export function isSpread({ spec, credentials, members }: Spread): boolean {
  const { served, authority, boundSecrets } = credentials
  if (!served || !authority) return false
  const isKnown = members.every((member) => !member.pod || (isReached(member) && isCurrent(member.probe, served)))
  const isTold = boundSecrets.every((secret) => readSecretKey(secret, KEYS.bundle) === served.bundlePem)
  const mayIssue = spec.clientAuth !== 'None' && served.client?.rootId === authority.anchor.id
  const isHanded = boundSecrets.every((secret) => readBindingCertificate(secret)?.rootId === authority.anchor.id)
  return isKnown && isTold && (!mayIssue || isHanded)
}

import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { requiredDnsNames } from '../certificates/dnsnames.ts'
import { type Given, judgeGiven } from '../certificates/judge.ts'
import type { NamedRef, NamedWatches } from '../kube/namedwatches.ts'
import { SECRETS } from '../kube/resources.ts'
import type { Secret } from '../kube/types.ts'
import { CERTIFICATES, type Certificate } from '../resources/certificate.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { certificateName } from '../resources/names.ts'
import { KEYS } from '../resources/paths.ts'
import { readSecretKey } from '../resources/secrets.ts'

/** What there is of the certificate that servers are to present. */
export type CertificateState =
  | Readonly<{ kind: 'Own' | 'Unknown' }>
  | Readonly<{ kind: 'Given'; secretName: string; given: Given }>
  /** Somebody is at work. */
  | Readonly<{ kind: 'Pending'; message: string }>
  /** Somebody has to act. */
  | Readonly<{ kind: 'Refused'; reason: 'SecretMissing' | 'CertificateInvalid' | 'IssuerUnavailable'; message: string }>

export type SourceInputs = Readonly<{
  identity: StoreIdentity
  spec: EffectiveSpec
  clusterDomain: string
  nowMs: number
  named: Pick<NamedWatches, 'get'>
}>

/** The objects of others that a store's certificate comes from. */
export function sourceRefs(identity: StoreIdentity, { tlsMode, certificate }: EffectiveSpec): readonly NamedRef[] {
  const { namespace } = identity
  if (tlsMode === 'Disabled' || certificate.kind === 'Own') return []
  if (certificate.kind === 'Secret') return [{ resource: SECRETS, namespace, name: certificate.name }]
  const name = certificateName(identity)
  return [
    { resource: CERTIFICATES, namespace, name },
    { resource: SECRETS, namespace, name },
  ]
}

/** Judges what the store's certificate comes from. */
export function readCertificateState(inputs: SourceInputs): CertificateState {
  const { certificate, tlsMode } = inputs.spec
  if (tlsMode === 'Disabled') return { kind: 'Own' }
  switch (certificate.kind) {
    case 'Own':
      return { kind: 'Own' }
    case 'Secret':
      return readGiven(inputs, certificate.name)
    case 'Issuer':
      return readIssued(inputs)
  }
}

function readIssued(inputs: SourceInputs): CertificateState {
  const { identity, named } = inputs
  const name = certificateName(identity)
  const order = named.get(CERTIFICATES, { namespace: identity.namespace, name })
  if (order.kind === 'unavailable') {
    const message = `spec.tls.issuerRef needs the API cert-manager.io/v1, which this cluster does not serve to the operator; install cert-manager, or use spec.tls.secretName`
    return { kind: 'Refused', reason: 'IssuerUnavailable', message }
  }
  const state = readGiven(inputs, name)
  if (state.kind !== 'Refused' || state.reason !== 'SecretMissing') return state
  return { kind: 'Pending', message: describeOrder(name, order.kind === 'found' ? order.object : undefined) }
}

function describeOrder(name: string, order: Certificate | undefined): string {
  const ready = order?.status?.conditions?.find(({ type }) => type === 'Ready')
  const said = ready?.message ? `: ${ready.message}` : ''
  return `cert-manager has not issued Certificate "${name}" yet${said}`
}

function readGiven({ identity, named, nowMs, clusterDomain }: SourceInputs, name: string): CertificateState {
  const secret = named.get<Secret>(SECRETS, { namespace: identity.namespace, name })
  if (secret.kind === 'absent') {
    const message = `there is no Secret "${name}" in the namespace; create it with the keys tls.crt, tls.key and ca.crt`
    return { kind: 'Refused', reason: 'SecretMissing', message }
  }
  if (secret.kind !== 'found') return { kind: 'Unknown' }
  const texts = {
    certificatePem: readSecretKey(secret.object, KEYS.certificate),
    keyPem: readSecretKey(secret.object, KEYS.key),
    authorityPem: readSecretKey(secret.object, KEYS.bundle),
  }
  const judged = judgeGiven(texts, { nowMs, dnsNames: requiredDnsNames(identity, clusterDomain) })
  if (judged.ok) return { kind: 'Given', secretName: name, given: judged.given }
  const message = `the certificate in Secret "${name}" cannot be used: ${judged.problem}; replace it there`
  return { kind: 'Refused', reason: 'CertificateInvalid', message }
}

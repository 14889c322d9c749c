import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { serverDnsNames } from '../certificates/dnsnames.ts'
import { ensureObject } from '../kube/apply.ts'
import type { NamedWatches } from '../kube/namedwatches.ts'
import { buildCertificate, CERTIFICATES } from '../resources/certificate.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { certificateName } from '../resources/names.ts'
import { type ApplyContext, FIELD_MANAGER, nameConflict } from './applyobjects.ts'
import type { Credentials } from './credentials.ts'

type Ordering = Readonly<{
  identity: StoreIdentity
  spec: EffectiveSpec
  credentials: Pick<Credentials, 'served'>
  clusterDomain: string
  named: Pick<NamedWatches, 'get'>
}>

/** Whether there is what pods mount: one that waits for it would only hide why it is not there. */
export async function ensureMaterial(context: ApplyContext, ordering: Ordering): Promise<boolean> {
  await orderCertificate(context, ordering)
  return ordering.spec.tlsMode === 'Disabled' || ordering.credentials.served !== undefined
}

/** Orders the certificate of a store from cert-manager; nothing where that is not asked for, or not there. */
async function orderCertificate(context: ApplyContext, ordering: Ordering): Promise<void> {
  const { identity, spec, clusterDomain, named } = ordering
  if (spec.tlsMode === 'Disabled' || spec.certificate.kind !== 'Issuer') return
  const ref = { namespace: identity.namespace, name: certificateName(identity) }
  const order = named.get(CERTIFICATES, ref)
  if (order.kind === 'unknown' || order.kind === 'unavailable') return
  const desired = buildCertificate(identity, spec.certificate, serverDnsNames(identity, clusterDomain))
  const { client, metrics, signal } = context
  const live = order.kind === 'found' ? order.object : undefined
  const options = { desired, live, ownerUid: identity.uid, fieldManager: FIELD_MANAGER, metrics, signal }
  const result = await ensureObject(client, CERTIFICATES, options)
  if (result.kind === 'nameConflict') throw nameConflict(desired)
}

import type { CertificateSource } from '../api/v1alpha1/effective.ts'
import type { DesiredObject, KubeObject, Resource } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { childMetadata } from './metadata.ts'
import { certificateName } from './names.ts'

/** A Certificate of cert-manager, as far as it is read here. */
export type Certificate = KubeObject &
  Readonly<{
    status?: Readonly<{
      conditions?: readonly Readonly<{ type: string; status: string; reason?: string; message?: string }>[]
    }>
  }>

/** The kind as the API paths know it. */
export const CERTIFICATES: Resource<Certificate> = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  plural: 'certificates',
  namespaced: true,
}

/** The order for a certificate, which cert-manager answers with a Secret of the same name. */
export function buildCertificate(
  store: StoreIdentity,
  issuer: Extract<CertificateSource, { kind: 'Issuer' }>,
  dnsNames: readonly string[],
): DesiredObject {
  return {
    apiVersion: CERTIFICATES.apiVersion,
    kind: CERTIFICATES.kind,
    metadata: childMetadata(store, certificateName(store)),
    spec: {
      secretName: certificateName(store),
      dnsNames,
      issuerRef: { name: issuer.name, kind: issuer.issuerKind, group: issuer.group },
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      usages: ['digital signature', 'server auth'],
    },
  }
}

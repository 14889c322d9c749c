import type { DesiredObject, ServiceAccount } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { childMetadata } from './metadata.ts'
import { serviceAccountName } from './names.ts'

/** The identity of the server pods: it has no rights and its token is not mounted. */
export function buildServiceAccount(store: StoreIdentity): DesiredObject {
  const object: ServiceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: childMetadata(store, serviceAccountName(store)),
    automountServiceAccountToken: false,
  }
  return object
}

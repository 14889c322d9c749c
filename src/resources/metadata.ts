import type { ObjectMeta } from '../kube/types.ts'
import { ownerReference, type StoreIdentity } from './identity.ts'
import { objectLabels } from './labels.ts'

/** Metadata of a child of a store: name, labels and the owner reference that deletes it with the store. */
export function childMetadata(store: StoreIdentity, name: string): ObjectMeta {
  return {
    name,
    namespace: store.namespace,
    labels: objectLabels(store),
    ownerReferences: [ownerReference('SessionStore', store)],
  }
}

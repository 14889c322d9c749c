import type { OwnerReference } from '../kube/types.ts'

/** What a builder needs to know of the object that owns its result. */
export type Identity = Readonly<{ name: string; namespace: string; uid: string; apiVersion: string }>

/** The SessionStore whose child is built. */
export type StoreIdentity = Identity

/** The SessionBinding whose child is built. */
export type BindingIdentity = Identity

/** Kinds of ours that own other objects. */
export type OwnerKind = 'SessionStore' | 'SessionBinding'

/** The reference that lets Kubernetes delete a child with its owner, and us tell our children from foreign objects. */
export function ownerReference(kind: OwnerKind, owner: Identity): OwnerReference {
  const { apiVersion, name, uid } = owner
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

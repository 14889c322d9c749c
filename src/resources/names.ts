import type { InternalUser } from '../redis/acl.ts'
import type { Identity } from './identity.ts'

/** The port of every server, with TLS and without. */
export const PORT = 6379

/** The Services of a store by purpose. */
export const SERVICE_ROLES = ['primary', 'replicas', 'nodes'] as const
export type ServiceRole = (typeof SERVICE_ROLES)[number]

/** Volume of a pod, and its claim template. */
export const CLAIM = 'data'

type Named = Readonly<{ name: string }>
type Placed = Pick<Identity, 'name' | 'namespace'>

/** StatefulSet of a store; also the prefix of its pods. */
export function statefulSetName(store: Named): string {
  return store.name
}

/** Pod of an ordinal. */
export function podName(store: Named, ordinal: number): string {
  return `${store.name}-${ordinal}`
}

/** Ordinal of a pod of this store; undefined for any other name, `shop-01` and `shop-x-1` included. */
export function podOrdinal(store: Named, pod: string): number | undefined {
  if (!pod.startsWith(`${store.name}-`)) return undefined
  const ordinal = pod.slice(store.name.length + 1)
  return /^(0|[1-9][0-9]{0,3})$/.test(ordinal) ? Number(ordinal) : undefined
}

/** PersistentVolumeClaim of the pod of an ordinal, as the StatefulSet controller names it. */
export function claimName(store: Named, ordinal: number): string {
  return `${CLAIM}-${podName(store, ordinal)}`
}

/** Ordinal of a claim of this store; undefined for any other name. */
export function claimOrdinal(store: Named, claim: string): number | undefined {
  return claim.startsWith(`${CLAIM}-`) ? podOrdinal(store, claim.slice(CLAIM.length + 1)) : undefined
}

/** `<store>-primary`, `<store>-replicas` or the headless `<store>-nodes`. */
export function serviceName(store: Named, role: ServiceRole): string {
  return `${store.name}-${role}`
}

/** ConfigMap with the servers' static configuration. */
export function configMapName(store: Named): string {
  return `${store.name}-config`
}

/** Secret with the ACL file: hashes only. */
export function usersSecretName(store: Named): string {
  return `${store.name}-users`
}

/** Secret with the password of one internal user. */
export function userSecretName(store: Named, user: InternalUser): string {
  return `${store.name}-user-${user}`
}

/** Secret with the served certificate, its key and the CA bundle. */
export function tlsSecretName(store: Named): string {
  return `${store.name}-tls`
}

/** Secret with the key of the store's own CA; never mounted. */
export function authoritySecretName(store: Named): string {
  return `${store.name}-ca`
}

/** Certificate that is ordered from cert-manager, and the Secret that answers it. */
export function certificateName(store: Named): string {
  return `${store.name}-certificate`
}

/** PodDisruptionBudget of a store. */
export function disruptionBudgetName(store: Named): string {
  return store.name
}

/** NetworkPolicy of a store. */
export function networkPolicyName(store: Named): string {
  return store.name
}

/** ServiceAccount of the server pods; never `default`, whatever the store is called. */
export function serviceAccountName(store: Named): string {
  return `${store.name}-server`
}

/** Secret that a SessionBinding hands to its application. */
export function bindingSecretName(binding: Named): string {
  return `${binding.name}-session-binding`
}

/** Address of a Service inside the cluster: in every pod's search path, whatever the cluster's domain is. */
export function serviceHost(store: Placed, role: ServiceRole): string {
  return `${serviceName(store, role)}.${store.namespace}.svc`
}

/**
 * Full name of a pod, as it announces itself to its primary (`replica-announce-ip`, `FAILOVER TO`).
 * `domain` is the cluster's, e.g. `cluster.local`.
 */
export function podHost(store: Placed, pod: string, domain: string): string {
  return `${pod}.${serviceHost(store, 'nodes')}.${domain}`
}

/** `podHost` with the trailing dot that keeps the resolver from trying the search path: the target of REPLICAOF. */
export function podHostAbsolute(store: Placed, pod: string, domain: string): string {
  return `${podHost(store, pod, domain)}.`
}

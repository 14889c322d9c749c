import type { NetworkPeer } from '../api/v1alpha1/effective.ts'
import type { DesiredObject } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { selectorLabels } from './labels.ts'
import { childMetadata } from './metadata.ts'
import { networkPolicyName, PORT } from './names.ts'
import { withoutEmptyLists } from './prune.ts'

/** Label that Kubernetes itself puts on every namespace. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name'

/** Who may open connections to the servers beside their own members. */
export type NetworkPolicyInput = Readonly<{
  /** Namespace of the operator's pods. */
  operatorNamespace: string
  /** Namespaces of the bindings of the store. */
  bindingNamespaces: readonly string[]
  /** Peers of the spec; absent: every pod of the namespace of the store. */
  allowFrom?: readonly NetworkPeer[]
}>

/**
 * Lets connections in to the port of the servers from those who need them, and from nobody else. Ingress only: what the
 * servers themselves reach is DNS and each other, and a rule that left out the port of some resolver would end replication.
 * The kubelet's probes come from the node of the pod, which a policy never shuts out.
 */
export function buildNetworkPolicy(store: StoreIdentity, input: NetworkPolicyInput): DesiredObject {
  const { operatorNamespace, bindingNamespaces, allowFrom } = input
  const others = bindingNamespaces.filter((name) => name !== store.namespace)
  const namespaces = [...new Set([operatorNamespace, ...others])].toSorted()
  const from = [
    { podSelector: { matchLabels: selectorLabels(store) } },
    ...namespaces.map((name) => ({ namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: name } } })),
    ...(allowFrom?.map(withoutEmptyLists) ?? [{ podSelector: {} }]),
  ]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMetadata(store, networkPolicyName(store)),
    spec: {
      podSelector: { matchLabels: selectorLabels(store) },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: PORT, protocol: 'TCP' }], from }],
    },
  }
}

import type {
  CoreV1Event,
  EventsV1Event,
  V1CustomResourceDefinition,
  V1Namespace,
  V1PersistentVolumeClaim,
  V1StorageClass,
} from '@kubernetes/client-node'
import type {
  ConfigMap,
  KubeNode,
  KubeObject,
  Lease,
  NetworkPolicy,
  Pod,
  PodDisruptionBudget,
  Resource,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  Wire,
} from './types.ts'

type Typed<T> = Omit<Wire<T>, 'metadata' | 'apiVersion' | 'kind'> & KubeObject

export type KubeEvent = Typed<EventsV1Event>
export type CoreEvent = Typed<CoreV1Event>
export type Namespace = Typed<V1Namespace>
export type PersistentVolumeClaim = Typed<V1PersistentVolumeClaim>
export type StorageClass = Typed<V1StorageClass>
export type CustomResourceDefinition = Typed<V1CustomResourceDefinition>

export const PODS: Resource<Pod> = namespaced('v1', 'Pod', 'pods')
export const SECRETS: Resource<Secret> = namespaced('v1', 'Secret', 'secrets')
export const CONFIG_MAPS: Resource<ConfigMap> = namespaced('v1', 'ConfigMap', 'configmaps')
export const SERVICES: Resource<Service> = namespaced('v1', 'Service', 'services')
export const SERVICE_ACCOUNTS: Resource<ServiceAccount> = namespaced('v1', 'ServiceAccount', 'serviceaccounts')
export const PERSISTENT_VOLUME_CLAIMS: Resource<PersistentVolumeClaim> = namespaced(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
)
export const STATEFUL_SETS: Resource<StatefulSet> = namespaced('apps/v1', 'StatefulSet', 'statefulsets')
export const POD_DISRUPTION_BUDGETS: Resource<PodDisruptionBudget> = namespaced(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
)
export const NETWORK_POLICIES: Resource<NetworkPolicy> = namespaced(
  'networking.k8s.io/v1',
  'NetworkPolicy',
  'networkpolicies',
)
export const LEASES: Resource<Lease> = namespaced('coordination.k8s.io/v1', 'Lease', 'leases')
export const EVENTS: Resource<KubeEvent> = namespaced('events.k8s.io/v1', 'Event', 'events')
/** The same objects in their older form, which can be selected by what they are about. */
export const CORE_EVENTS: Resource<CoreEvent> = namespaced('v1', 'Event', 'events')
export const NODES: Resource<KubeNode> = clusterScoped('v1', 'Node', 'nodes')
export const STORAGE_CLASSES: Resource<StorageClass> = clusterScoped(
  'storage.k8s.io/v1',
  'StorageClass',
  'storageclasses',
)
export const NAMESPACES: Resource<Namespace> = clusterScoped('v1', 'Namespace', 'namespaces')
export const CUSTOM_RESOURCE_DEFINITIONS: Resource<CustomResourceDefinition> = clusterScoped(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
)

/** A namespaced kind, for the kinds of other API groups (our own are beside their schema). */
export function namespaced<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Resource<T> {
  return Object.freeze({ apiVersion, kind, plural, namespaced: true })
}

/** A cluster-scoped kind. */
export function clusterScoped<T extends KubeObject>(apiVersion: string, kind: string, plural: string): Resource<T> {
  return Object.freeze({ apiVersion, kind, plural, namespaced: false })
}

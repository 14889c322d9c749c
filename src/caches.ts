import { SESSION_BINDINGS, type SessionBinding } from './api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES, type SessionStore } from './api/v1alpha1/sessionstore.ts'
import type { Log } from './kube/log.ts'
import type { KubeMetrics } from './kube/metrics.ts'
import { Reflector, type ReflectorClient } from './kube/reflector.ts'
import {
  CONFIG_MAPS,
  NAMESPACES,
  type Namespace,
  NETWORK_POLICIES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  type PersistentVolumeClaim,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
  STORAGE_CLASSES,
  type StorageClass,
} from './kube/resources.ts'
import { type IndexFunction, ObjectStore } from './kube/store.ts'
import {
  type ConfigMap,
  type KubeNode,
  type KubeObject,
  keyOf,
  type NetworkPolicy,
  type Pod,
  type PodDisruptionBudget,
  type Resource,
  type Secret,
  type Service,
  type ServiceAccount,
  type StatefulSet,
} from './kube/types.ts'
import { LABELS, MANAGED_BY, selectorText } from './resources/labels.ts'

/** Name of the index that finds children and bindings by the key of their store. */
export const BY_STORE = 'store'
/** Name of the index that finds the bindings of a namespace whose store is in another one. */
export const BY_NAMESPACE = 'namespace'
/** Name of the index that finds pods by their Node. */
export const BY_NODE = 'node'

/** What the operator knows of the cluster; filled by one reflector per kind, read by every reconcile. */
export type Caches = Readonly<{
  stores: ObjectStore<SessionStore>
  bindings: ObjectStore<SessionBinding>
  statefulSets: ObjectStore<StatefulSet>
  pods: ObjectStore<Pod>
  services: ObjectStore<Service>
  serviceAccounts: ObjectStore<ServiceAccount>
  configMaps: ObjectStore<ConfigMap>
  secrets: ObjectStore<Secret>
  disruptionBudgets: ObjectStore<PodDisruptionBudget>
  networkPolicies: ObjectStore<NetworkPolicy>
  volumeClaims: ObjectStore<PersistentVolumeClaim>
  nodes: ObjectStore<KubeNode>
  /** Empty where the operator may not read them. */
  namespaces: ObjectStore<Namespace>
  storageClasses: ObjectStore<StorageClass>
}>

export type CacheOptions = Readonly<{
  client: ReflectorClient
  metrics: KubeMetrics
  log: Log
  /** How soon an optional kind that may not be read is tried again. Default 60,000. */
  forbiddenRetryMs?: number
}>

/** Empty caches, and the reflectors that fill them: of child kinds only what carries our label is kept. */
export function createCaches(options: CacheOptions): Readonly<{ caches: Caches; reflectors: readonly Reflector[] }> {
  const byStore = { indexes: { [BY_STORE]: storeKeyOf } }
  const caches: Caches = {
    stores: new ObjectStore<SessionStore>(),
    bindings: new ObjectStore<SessionBinding>({
      indexes: { [BY_STORE]: (binding) => [storeKeyOfBinding(binding)], [BY_NAMESPACE]: foreignNamespaceOf },
    }),
    statefulSets: new ObjectStore<StatefulSet>(),
    pods: new ObjectStore<Pod>({ indexes: { [BY_STORE]: storeKeyOf, [BY_NODE]: nodeOf } }),
    services: new ObjectStore<Service>(),
    serviceAccounts: new ObjectStore<ServiceAccount>(),
    configMaps: new ObjectStore<ConfigMap>(),
    secrets: new ObjectStore<Secret>(byStore),
    disruptionBudgets: new ObjectStore<PodDisruptionBudget>(),
    networkPolicies: new ObjectStore<NetworkPolicy>(),
    volumeClaims: new ObjectStore<PersistentVolumeClaim>(byStore),
    nodes: new ObjectStore<KubeNode>(),
    namespaces: new ObjectStore<Namespace>(),
    storageClasses: new ObjectStore<StorageClass>(),
  }
  const ours = selectorText({ [LABELS.managedBy]: MANAGED_BY })
  function reflect<T extends KubeObject>(resource: Resource<T>, store: ObjectStore<T>, more: object = {}): Reflector {
    return new Reflector<T>({ ...options, resource, store, ...more }) as unknown as Reflector
  }
  const reflectors = [
    reflect(SESSION_STORES, caches.stores),
    reflect(SESSION_BINDINGS, caches.bindings),
    reflect(STATEFUL_SETS, caches.statefulSets, { labelSelector: ours }),
    reflect(PODS, caches.pods, { labelSelector: ours }),
    reflect(SERVICES, caches.services, { labelSelector: ours }),
    reflect(SERVICE_ACCOUNTS, caches.serviceAccounts, { labelSelector: ours }),
    reflect(CONFIG_MAPS, caches.configMaps, { labelSelector: ours }),
    reflect(SECRETS, caches.secrets, { labelSelector: ours }),
    reflect(POD_DISRUPTION_BUDGETS, caches.disruptionBudgets, { labelSelector: ours }),
    reflect(NETWORK_POLICIES, caches.networkPolicies, { labelSelector: ours }),
    reflect(PERSISTENT_VOLUME_CLAIMS, caches.volumeClaims, { labelSelector: ours }),
    // Cluster-scoped, so optional: without Nodes a dead machine is told from a silent one by quorum only.
    reflect(NODES, caches.nodes, { isOptional: true, prune: pruneNode }),
    // Without Namespaces no selector can be asked: `from: Selector` admits nobody new.
    reflect(NAMESPACES, caches.namespaces, { isOptional: true, prune: pruneNamespace }),
    // Without them the API server chooses the default, and only a try shows whether volumes can grow.
    reflect(STORAGE_CLASSES, caches.storageClasses, { isOptional: true }),
  ]
  return { caches, reflectors }
}

const storeKeyOf: IndexFunction<KubeObject> = ({ metadata }) => {
  const name = metadata.labels?.[LABELS.store]
  return name ? [keyOf({ metadata: { ...(metadata.namespace && { namespace: metadata.namespace }), name } })] : []
}

/** The key of the store that a binding names. */
export function storeKeyOfBinding({ metadata, spec: { storeRef } }: SessionBinding): string {
  const namespace = storeRef.namespace ?? metadata.namespace
  return keyOf({ metadata: { ...(namespace && { namespace }), name: storeRef.name } })
}

const foreignNamespaceOf: IndexFunction<SessionBinding> = ({ metadata: { namespace }, spec: { storeRef } }) =>
  namespace && storeRef.namespace && storeRef.namespace !== namespace ? [namespace] : []

/** The keys of the stores of other namespaces that bindings of a namespace name. */
export function foreignStoresOf({ bindings }: Pick<Caches, 'bindings'>, namespace: string): readonly string[] {
  return [...new Set(bindings.byIndex(BY_NAMESPACE, namespace).map(storeKeyOfBinding))]
}

const nodeOf: IndexFunction<Pod> = ({ spec }) => (spec?.nodeName ? [spec.nodeName] : [])

/** A Node's status holds long lists of images, and its heartbeat changes it often. */
function pruneNode(node: KubeNode): KubeNode {
  const ready = node.status?.conditions?.filter(({ type }) => type === 'Ready') ?? []
  return {
    apiVersion: node.apiVersion,
    kind: node.kind,
    metadata: node.metadata,
    ...(node.spec?.taints && { spec: { taints: node.spec.taints } }),
    status: { conditions: ready },
  }
}

/** Only the labels are asked for. */
function pruneNamespace({ apiVersion, kind, metadata }: Namespace): Namespace {
  const { name, uid, resourceVersion, labels } = metadata
  const kept = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }), ...(labels && { labels }) }
  return { apiVersion, kind, metadata: { name, ...kept } }
}

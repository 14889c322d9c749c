import type {
  V1ConfigMap,
  V1LabelSelector,
  V1Lease,
  V1NetworkPolicy,
  V1Node,
  V1Pod,
  V1PodDisruptionBudget,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node'

/**
 * The JSON form of a generated Kubernetes type, deeply readonly: timestamps are RFC 3339 strings, never Date
 * (client-node gives Date on LIST and string on WATCH; ours are what the wire carries).
 */
export type Wire<T> = T extends Date
  ? string
  : T extends (...args: never[]) => unknown
    ? never
    : T extends readonly (infer Item)[]
      ? readonly Wire<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]: Wire<T[Key]> }
        : T

export type OwnerReference = Readonly<{
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}>

/** What every stored object carries; managedFields are dropped when an object enters the process. */
export type ObjectMeta = Readonly<{
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Readonly<Record<string, string>>
  annotations?: Readonly<Record<string, string>>
  ownerReferences?: readonly OwnerReference[]
  finalizers?: readonly string[]
}>

/** Any Kubernetes object as the API server sends it. */
export type KubeObject = Readonly<{ apiVersion: string; kind: string; metadata: ObjectMeta }>

type Typed<T> = Omit<Wire<T>, 'metadata' | 'apiVersion' | 'kind'> & KubeObject

export type Pod = Typed<V1Pod>
export type Secret = Typed<V1Secret>
export type ConfigMap = Typed<V1ConfigMap>
export type Service = Typed<V1Service>
export type ServiceAccount = Typed<V1ServiceAccount>
export type StatefulSet = Typed<V1StatefulSet>
export type PodDisruptionBudget = Typed<V1PodDisruptionBudget>
export type NetworkPolicy = Typed<V1NetworkPolicy>
export type KubeNode = Typed<V1Node>
export type Lease = Typed<V1Lease>
export type LabelSelector = Wire<V1LabelSelector>

/** A kind as the API paths know it. */
export type Resource<T extends KubeObject = KubeObject> = Readonly<{
  /** `v1`, `apps/v1`, … */
  apiVersion: string
  kind: string
  plural: string
  namespaced: boolean
  /** Carries the object type through the client's methods; never present at run time. */
  readonly type?: T
}>

/** A declared object for server-side apply: identity plus exactly the fields we own. */
export type DesiredObject = KubeObject & Readonly<Record<string, unknown>>

/** A condition of a status, as every kind of ours and of Kubernetes' newer kinds has it. */
export type Condition = Readonly<{
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  observedGeneration?: number
  /** RFC 3339; moves only when `status` does. */
  lastTransitionTime: string
}>

/** `namespace/name`, or `name` alone for a cluster-scoped object. */
export function keyOf(object: Readonly<{ metadata: Readonly<{ namespace?: string; name: string }> }>): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name}` : name
}

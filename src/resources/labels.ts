import { API_GROUP } from '../api/v1alpha1/group.ts'
import type { StoreIdentity } from './identity.ts'

/** Every label of ours, and the shared ones that we set. */
export const LABELS = {
  /** Name of the store; on all of its objects and pods. */
  store: `${API_GROUP}/store`,
  /** Namespace of the store; on the Secret of a binding in another namespace. */
  storeNamespace: `${API_GROUP}/store-namespace`,
  /** Name of the binding; on its Secret. */
  binding: `${API_GROUP}/binding`,
  /** `primary` or `replica`; on pods only, set and removed by the operator, never by a template. */
  role: `${API_GROUP}/role`,
  /** `true` while a replica's link is up; on pods only. */
  readable: `${API_GROUP}/readable`,
  /** UID of the store that a volume belongs to; on PersistentVolumeClaims only. */
  storeUid: `${API_GROUP}/store-uid`,
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  managedBy: 'app.kubernetes.io/managed-by',
} as const

/** Every annotation of ours. */
export const ANNOTATIONS = {
  /** On the StatefulSet: the mark `{bootstrapped, epoch, n, w}`; written by a precondition, never by a builder. */
  mark: `${API_GROUP}/mark`,
  /** On the pod template: hash of what a running server cannot change. */
  configHash: `${API_GROUP}/config-hash`,
  /** On the StatefulSet: values that a later policy or a newer operator must not move under a running store. */
  engine: `${API_GROUP}/engine`,
  image: `${API_GROUP}/image`,
  tlsMode: `${API_GROUP}/tls-mode`,
  /** On pods of a store with `podTemplate.metadata`: which of their labels and annotations are from there. */
  podMetadata: `${API_GROUP}/pod-metadata`,
  /** On the StatefulSet of a store with `config`: which parameters are in force, and what they were before. */
  config: `${API_GROUP}/config`,
  /** Absent: None. */
  persistence: `${API_GROUP}/persistence`,
  storageClass: `${API_GROUP}/storage-class`,
  /** On the StatefulSet and on volumes: the store whose UID the records in the data carry; another one after an adoption. */
  dataUid: `${API_GROUP}/data-uid`,
  /** On the StatefulSet: the pods that were let take part; written by a precondition, never by a builder. */
  runs: `${API_GROUP}/runs`,
  /** On the StatefulSet: what it was last made from. */
  inForce: `${API_GROUP}/in-force`,
  /** On the StatefulSet of a Shared store: who may have a login, as it is in force. */
  bindings: `${API_GROUP}/bindings`,
  /** On the Secret of a binding: `Withdrawn` while its login does not exist on the servers. */
  login: `${API_GROUP}/login`,
  /** On the StatefulSet: when its controller was last asked to try again to make a missing pod. */
  retriedAt: `${API_GROUP}/retried-at`,
  /** On a SessionStore, by a person: the epoch at which data that only missing members hold may be lost. */
  acceptDataLoss: `${API_GROUP}/accept-data-loss`,
  /** On volumes: their store is gone, and somebody was told. */
  retained: `${API_GROUP}/retained`,
  /** On the ConfigMap: what is kept of a StatefulSet while it is replaced. */
  replaced: `${API_GROUP}/replaced-statefulset`,
  /** On the TLS Secret: since when a change of trust is being spread; empty: none is under way. */
  trustSince: `${API_GROUP}/trust-since`,
  /** On the TLS Secret: what the servers ask of their clients now. */
  clientAuth: `${API_GROUP}/client-auth`,
} as const

/** Pod condition, and readiness gate, that says the member follows the primary of the epoch, or is it. */
export const JOINED_CONDITION = `${API_GROUP}/Joined`

/** Value of `app.kubernetes.io/managed-by`: what the reflectors of child kinds select. */
export const MANAGED_BY = 'sessionstore-operator'

/** Values of the role label. */
export const ROLES = { primary: 'primary', replica: 'replica' } as const

/** Value of the readable label. */
export const READABLE = 'true'

type Labels = Readonly<Record<string, string>>

/** Labels that select the server pods of a store; immutable in a StatefulSet, so never add to them. */
export function selectorLabels(store: Pick<StoreIdentity, 'name'>): Labels {
  return { [LABELS.store]: store.name, [LABELS.component]: 'server' }
}

/** Labels of every object that a store becomes, and of its pods. */
export function objectLabels(store: Pick<StoreIdentity, 'name'>): Labels {
  return {
    ...selectorLabels(store),
    [LABELS.name]: 'sessionstore',
    [LABELS.instance]: store.name,
    [LABELS.managedBy]: MANAGED_BY,
  }
}

/** Value of the annotation `login` on a Secret whose login is dead. */
export const WITHDRAWN = 'Withdrawn'

type Placed = Pick<StoreIdentity, 'name' | 'namespace'>

/** Labels of what a binding becomes. */
export function bindingLabels(binding: Placed, store: Placed): Labels {
  return {
    [LABELS.binding]: binding.name,
    [LABELS.store]: store.name,
    ...(store.namespace !== binding.namespace && { [LABELS.storeNamespace]: store.namespace }),
    [LABELS.name]: 'sessionstore',
    [LABELS.instance]: store.name,
    [LABELS.component]: 'binding',
    [LABELS.managedBy]: MANAGED_BY,
  }
}

/** A selector as the API's query string takes it: `a=b,c=d`. */
export function selectorText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

import { DEFAULTS } from '../../api/v1alpha1/defaults.ts'
import type { EffectiveSpec } from '../../api/v1alpha1/effective.ts'
import { API_VERSION } from '../../api/v1alpha1/group.ts'
import type { DesiredObject, StatefulSet } from '../../kube/types.ts'
import { liveClaimTemplate, type VolumeInput } from '../../resources/claims.ts'
import { buildConfigMap } from '../../resources/configmap.ts'
import { ownerReference, type StoreIdentity } from '../../resources/identity.ts'
import { buildNetworkPolicy } from '../../resources/networkpolicy.ts'
import { buildDisruptionBudget } from '../../resources/pdb.ts'
import { buildUsersSecret } from '../../resources/secrets.ts'
import { buildServiceAccount } from '../../resources/serviceaccount.ts'
import { buildServices } from '../../resources/services.ts'
import type { Sizing } from '../../resources/sizing.ts'
import { buildStatefulSet, type StatefulSetOptions } from '../../resources/statefulset.ts'

/** What the objects of a store are made from; texts and hashes are rendered outside, where hashing is allowed. */
export type ObjectInputs = Readonly<{
  identity: StoreIdentity
  spec: EffectiveSpec
  sizing: Sizing
  /** `.spec.replicas` of the StatefulSet now. */
  replicas: number
  clusterDomain: string
  configText: string
  staticConfigHash: string
  /** Annotation that says what the StatefulSet is made from. */
  inForce: string
  aclFile: string
  /** What is in force of `spec.config`, for the StatefulSet. */
  config?: StatefulSetOptions['config']
  /** Only with persistence. */
  volumes?: VolumeInput
  /** The live one: what it cannot change is kept. */
  statefulSet?: StatefulSet
  /** Namespace of the operator's own pods; absent: it does not run in one. */
  operatorNamespace?: string
  /** Namespaces of the bindings of the store. */
  bindingNamespaces: readonly string[]
}>

/** The declared objects in waves: those of a later one need those of an earlier one to exist. */
export type ObjectWaves = readonly (readonly DesiredObject[])[]

/** Everything a store becomes but its generated Secrets. */
export function planObjects(inputs: ObjectInputs): ObjectWaves {
  const policy = networkPolicyOf(inputs)
  const { identity, spec, sizing, replicas, clusterDomain, configText, staticConfigHash, inForce, aclFile } = inputs
  const budget = buildDisruptionBudget(identity, spec.replicas)
  const first = [
    buildServiceAccount(identity),
    ...buildServices(identity, spec),
    buildConfigMap(identity, configText),
    buildUsersSecret(identity, aclFile),
    ...(budget ? [budget] : []),
    ...(policy ? [policy] : []),
  ]
  const { volumes, statefulSet } = inputs
  const claimTemplate = liveClaimTemplate(statefulSet)
  const options = {
    statefulSetReplicas: replicas,
    sizing,
    staticConfigHash,
    clusterDomain,
    inForce,
    ...(inputs.config && { config: inputs.config }),
    ...(volumes && { volumes }),
    ...(claimTemplate && { claimTemplate }),
  }
  return [first, [buildStatefulSet(identity, spec, options)]]
}

/** None by an operator outside the cluster: its own connections have no namespace, and it would shut itself out. */
function networkPolicyOf(inputs: ObjectInputs): DesiredObject | undefined {
  const { identity, spec, operatorNamespace, bindingNamespaces } = inputs
  const { mode, allowFrom } = spec.networkPolicy
  if (mode === 'None' || operatorNamespace === undefined) return undefined
  return buildNetworkPolicy(identity, { operatorNamespace, bindingNamespaces, ...(allowFrom && { allowFrom }) })
}

/** The login every store gives by itself: made once, and then its owner's. */
export function buildDefaultBinding(identity: StoreIdentity): DesiredObject {
  return {
    apiVersion: API_VERSION,
    kind: 'SessionBinding',
    metadata: {
      name: identity.name,
      namespace: identity.namespace,
      ownerReferences: [ownerReference('SessionStore', identity)],
    },
    spec: { storeRef: { name: identity.name }, framework: DEFAULTS.framework, keyPrefix: DEFAULTS.keyPrefix },
  }
}

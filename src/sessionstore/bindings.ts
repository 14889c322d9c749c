import { type BindingPolicy, effectiveSpec } from '../api/v1alpha1/effective.ts'
import type { SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import { BY_STORE, type Caches, storeKeyOfBinding } from '../caches.ts'
import { keyOf } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { readPolicyPin } from '../resources/policypin.ts'
import { rawSpecInForce } from './inforce.ts'
import type { BindingObstacles } from './plan/bindingobstacles.ts'
import { type BindingVerdict, decidePolicy, judgeBindings, type LabelsOf } from './plan/bindings.ts'
import { readStatefulSet } from './replaced.ts'

/** The bindings of a store and what becomes of each; the store's pass and the binding's both decide by it. */
export type StoreBindings = BindingObstacles &
  Readonly<{
    /** Not being deleted, of every namespace. */
    bindings: readonly SessionBinding[]
    /** By key of the binding. */
    verdicts: ReadonlyMap<string, BindingVerdict>
    /** Of those that are granted. */
    namespaces: readonly string[]
    policy: BindingPolicy
    /** There is, or will be, a login of the store's own name. */
    hasDefault: boolean
  }>

/** Reads and judges the bindings of a store. */
export function readBindings(caches: Caches, store: SessionStore): StoreBindings {
  const { namespace = '', uid = '' } = store.metadata
  const isEnding = (binding: SessionBinding): boolean => binding.metadata.deletionTimestamp !== undefined
  const bindings = caches.bindings.byIndex(BY_STORE, keyOf(store)).filter((binding) => !isEnding(binding))
  const { statefulSet: set } = readStatefulSet(caches, {
    ...store.metadata,
    namespace,
    uid,
    apiVersion: store.apiVersion,
  })
  const pinned = readPolicyPin(set?.metadata.annotations?.[ANNOTATIONS.bindings])
  const wanted = effectiveSpec(rawSpecInForce(store, set)).bindings
  const labelsOf = labelsIn(caches)
  const named = caches.bindings.get(keyOf(store))
  const isNamed = named !== undefined && storeKeyOfBinding(named) === keyOf(store)
  const inputs = { wanted, pinned, storeNamespace: namespace, bindings, ...(labelsOf && { labelsOf }) }
  const { admission, usedBy } = decidePolicy(inputs)
  const verdicts = judgeBindings(bindings, admission)
  const granted = bindings.filter((binding) => verdicts.get(keyOf(binding))?.kind === 'granted')
  return {
    bindings,
    verdicts,
    namespaces: [...new Set(granted.map(({ metadata }) => metadata.namespace ?? ''))].sort(),
    policy: admission.policy,
    usedBy,
    isNameTaken: admission.policy.defaultBinding === 'Ensure' && named !== undefined && !isNamed,
    hasDefault: isNamed || (admission.policy.defaultBinding === 'Ensure' && named === undefined),
    isBlind: admission.policy.from === 'Selector' && !labelsOf,
  }
}

/** No cluster is without namespaces: an empty list is not to be believed. */
function labelsIn({ namespaces }: Caches): LabelsOf | undefined {
  if (namespaces.isUnavailable || namespaces.size === 0) return undefined
  return (name) => {
    const namespace = namespaces.get(name)
    return namespace && (namespace.metadata.labels ?? {})
  }
}

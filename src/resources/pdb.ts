import type { DesiredObject, PodDisruptionBudget } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { selectorLabels } from './labels.ts'
import { childMetadata } from './metadata.ts'
import { disruptionBudgetName } from './names.ts'

/**
 * Lets one member at a time be evicted; undefined for a single member, which a budget could only keep from ever
 * being drained. A pod that is not ready may always go: it is what a drain of a broken node needs.
 */
export function buildDisruptionBudget(store: StoreIdentity, statefulSetReplicas: number): DesiredObject | undefined {
  if (statefulSetReplicas < 2) return undefined
  const object: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: childMetadata(store, disruptionBudgetName(store)),
    spec: {
      maxUnavailable: 1,
      selector: { matchLabels: selectorLabels(store) },
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    },
  }
  return object
}

import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { DesiredObject, StatefulSet } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { ANNOTATIONS, objectLabels, selectorLabels } from './labels.ts'
import { childMetadata } from './metadata.ts'
import { serviceName, statefulSetName } from './names.ts'
import { buildPodSpec } from './pod.ts'
import type { Sizing } from './sizing.ts'

/** What a StatefulSet needs besides the spec. */
export type StatefulSetOptions = Readonly<{
  /** The number of pods in force, which follows the spec one member at a time. */
  statefulSetReplicas: number
  /** Dimensions of each server; a change of its limit changes the template. */
  sizing: Sizing
  /** Hash of what only a restart can change; a parameter that can be set live must not be in it. */
  staticConfigHash: string
  /** The cluster's DNS domain, e.g. `cluster.local`. */
  clusterDomain: string
}>

/**
 * The StatefulSet of a store. OnDelete: the operator orders every roll. The template never carries the role label,
 * and the mark is not declared here, as it is written under a precondition of its own.
 */
export function buildStatefulSet(
  store: StoreIdentity,
  spec: Pick<EffectiveSpec, 'engine' | 'image' | 'tlsMode'>,
  options: StatefulSetOptions,
): DesiredObject {
  const { engine, image, tlsMode } = spec
  const { statefulSetReplicas, sizing, staticConfigHash, clusterDomain } = options
  const object: StatefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      ...childMetadata(store, statefulSetName(store)),
      annotations: {
        [ANNOTATIONS.engine]: engine,
        [ANNOTATIONS.image]: image,
        [ANNOTATIONS.tlsMode]: tlsMode,
      },
    },
    spec: {
      serviceName: serviceName(store, 'nodes'),
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      replicas: statefulSetReplicas,
      selector: { matchLabels: selectorLabels(store) },
      template: {
        metadata: {
          labels: objectLabels(store),
          annotations: { [ANNOTATIONS.configHash]: staticConfigHash },
        },
        spec: buildPodSpec(store, { engine, image, tlsMode, sizing, clusterDomain }),
      },
    },
  }
  return object
}

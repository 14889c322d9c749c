import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { DesiredObject, StatefulSet } from '../kube/types.ts'
import { buildClaimTemplate, type ClaimTemplate, claimRetention, type VolumeInput } from './claims.ts'
import type { StoreIdentity } from './identity.ts'
import { ANNOTATIONS, objectLabels, selectorLabels } from './labels.ts'
import { childMetadata } from './metadata.ts'
import { serviceName, statefulSetName } from './names.ts'
import { buildPodSpec } from './pod.ts'
import { metadataOfPods } from './podtemplate.ts'
import { pinPolicy } from './policypin.ts'
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
  /** What is in force of `spec.config`, for the annotation; and the part of it that is on the command line. */
  config?: Readonly<{ annotation?: string; parameters: Readonly<Record<string, string>> }>
  /** Only with persistence. */
  volumes?: VolumeInput
  /** What the live StatefulSet has instead, if there is one. */
  claimTemplate?: ClaimTemplate
  /** Text of the annotation that says what this is made from. */
  inForce: string
}>

/**
 * The StatefulSet of a store. OnDelete: the operator orders every roll. The template never carries the role label,
 * and the mark is not declared here, as it is written under a precondition of its own.
 */
export function buildStatefulSet(
  store: StoreIdentity,
  spec: Pick<EffectiveSpec, 'engine' | 'image' | 'tlsMode' | 'clientAuth' | 'persistence' | 'bindings' | 'podTemplate'>,
  options: StatefulSetOptions,
): DesiredObject {
  const { engine, image, tlsMode, clientAuth, persistence, bindings } = spec
  const { statefulSetReplicas, sizing, staticConfigHash, clusterDomain, inForce } = options
  const added = metadataOfPods(spec)
  const object: StatefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      ...childMetadata(store, statefulSetName(store)),
      annotations: {
        [ANNOTATIONS.engine]: engine,
        [ANNOTATIONS.image]: image,
        [ANNOTATIONS.tlsMode]: tlsMode,
        ...pins(spec, options),
        [ANNOTATIONS.inForce]: inForce,
        ...(bindings.tenancy === 'Shared' && { [ANNOTATIONS.bindings]: pinPolicy(bindings) }),
        ...(options.config?.annotation !== undefined && { [ANNOTATIONS.config]: options.config.annotation }),
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
          labels: { ...added.labels, ...objectLabels(store) },
          annotations: { ...added.annotations, [ANNOTATIONS.configHash]: staticConfigHash },
        },
        spec: buildPodSpec(store, {
          engine,
          image,
          tlsMode,
          clientAuth,
          persistence,
          sizing,
          clusterDomain,
          ...(spec.podTemplate && { podTemplate: spec.podTemplate }),
          ...(options.config && { parameters: options.config.parameters }),
        }),
      },
      ...claims(store, spec, options),
    },
  }
  return object
}

type Volumes = Pick<StatefulSetOptions, 'volumes' | 'claimTemplate'>
type Persistent = Pick<EffectiveSpec, 'persistence'>

function pins({ persistence }: Persistent, { volumes }: Volumes): Readonly<Record<string, string>> {
  if (persistence.mode === 'None' || !volumes) return {}
  const { storageClassName, dataUid } = volumes
  return {
    [ANNOTATIONS.persistence]: persistence.mode,
    ...(storageClassName !== undefined && { [ANNOTATIONS.storageClass]: storageClassName }),
    [ANNOTATIONS.dataUid]: dataUid,
  }
}

function claims(
  store: StoreIdentity,
  { persistence }: Persistent,
  { volumes, claimTemplate }: Volumes,
): Pick<NonNullable<StatefulSet['spec']>, 'volumeClaimTemplates' | 'persistentVolumeClaimRetentionPolicy'> {
  if (persistence.mode === 'None' || !volumes) return {}
  return {
    volumeClaimTemplates: [claimTemplate ?? buildClaimTemplate(store, volumes)],
    persistentVolumeClaimRetentionPolicy: claimRetention(persistence.retain),
  }
}

import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { parseQuantity } from '../api/v1alpha1/quantity.ts'
import { BY_STORE, type Caches } from '../caches.ts'
import type { PersistentVolumeClaim, StorageClass } from '../kube/resources.ts'
import { keyOf, type StatefulSet } from '../kube/types.ts'
import { liveClaimTemplate, requestedBytes } from '../resources/claims.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { ANNOTATIONS, LABELS } from '../resources/labels.ts'
import { claimOrdinal } from '../resources/names.ts'
import { type Sizing, volumeBytes } from '../resources/sizing.ts'
import type { StoreMemory } from './memory.ts'
import { type ClaimFacts, type ClassFacts, goalBytes, type VolumeFacts } from './plan/volumes.ts'

const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class'

type Inputs = Readonly<{
  caches: Caches
  memory: StoreMemory
  identity: StoreIdentity
  sizing: Sizing
  /** The live one, or what is kept of it while it is being replaced. */
  statefulSet: StatefulSet | undefined
  nowMs: number
}>

/** What is known of the volumes of a store; undefined where it has none. */
export function readVolumes({ persistence }: EffectiveSpec, inputs: Inputs): VolumeFacts | undefined {
  if (persistence.mode === 'None') return undefined
  const { caches, memory, identity, sizing, statefulSet, nowMs } = inputs
  const { sizeBytes, storageClassName, adoptVolumes } = persistence
  const dataUid = statefulSet?.metadata.annotations?.[ANNOTATIONS.dataUid]
  const facts: VolumeFacts = {
    storeUid: identity.uid,
    ...(sizeBytes !== undefined && { wantedBytes: sizeBytes }),
    defaultBytes: volumeBytes(persistence.mode, sizing.maxMemoryBytes),
    memoryBytes: sizing.maxMemoryBytes,
    ...(storageClassName !== undefined && { storageClassName }),
    adoptVolumes,
    ...(statefulSet && {
      set: {
        templateBytes: requestedBytes(liveClaimTemplate(statefulSet)),
        replicas: statefulSet.spec?.replicas ?? 0,
        ...(dataUid !== undefined && { dataUid }),
      },
    }),
    claims: claimsOf(caches, identity),
    classes: caches.storageClasses.isUnavailable ? 'unknown' : caches.storageClasses.list().map(readClass),
  }
  // Under the size that was asked for, which one volume that somebody made larger decides for all.
  const expansionRefused = memory.expansionRefusal(goalBytes(facts), nowMs)
  return expansionRefused === undefined ? facts : { ...facts, expansionRefused }
}

function claimsOf(caches: Caches, identity: StoreIdentity): readonly ClaimFacts[] {
  return caches.volumeClaims
    .byIndex(BY_STORE, keyOf({ metadata: identity }))
    .flatMap((claim) => readClaim(claim, identity) ?? [])
    .toSorted((a, b) => a.ordinal - b.ordinal)
}

function readClaim(claim: PersistentVolumeClaim, identity: StoreIdentity): ClaimFacts | undefined {
  const { metadata, spec, status } = claim
  const ordinal = claimOrdinal(identity, metadata.name)
  if (ordinal === undefined) return undefined
  const storeUid = metadata.labels?.[LABELS.storeUid] ?? ''
  const capacity = parseQuantity(status?.capacity?.['storage'] ?? '0')
  return {
    name: metadata.name,
    ordinal,
    isOwn: storeUid === identity.uid,
    dataUid: metadata.annotations?.[ANNOTATIONS.dataUid] ?? storeUid,
    requestedBytes: requestedBytes(claim),
    capacityBytes: capacity.ok ? Number(capacity.value) : 0,
    isBound: status?.phase === 'Bound',
    isTerminating: metadata.deletionTimestamp !== undefined,
    ...(spec?.storageClassName && { storageClassName: spec.storageClassName }),
  }
}

function readClass({ metadata, allowVolumeExpansion = false }: StorageClass): ClassFacts {
  return {
    name: metadata.name,
    isDefault: metadata.annotations?.[IS_DEFAULT] === 'true',
    canExpand: allowVolumeExpansion,
    createdMs: Date.parse(metadata.creationTimestamp ?? '') || 0,
  }
}

import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { StatefulSet } from '../kube/types.ts'
import { liveClaimTemplate, requestedBytes, type VolumeInput } from '../resources/claims.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { type Sizing, volumeBytes } from '../resources/sizing.ts'

type Live = Readonly<{ identity: StoreIdentity; sizing: Sizing; statefulSet: StatefulSet | undefined }>

/** What the volumes of a store are made from; undefined where it has none. */
export function volumesInForce({ persistence }: EffectiveSpec, live: Live): VolumeInput | undefined {
  if (persistence.mode === 'None') return undefined
  const { identity, sizing, statefulSet } = live
  const given = requestedBytes(liveClaimTemplate(statefulSet))
  const { storageClassName } = persistence
  return {
    sizeBytes: given || (persistence.sizeBytes ?? volumeBytes(persistence.mode, sizing.maxMemoryBytes)),
    ...(storageClassName !== undefined && { storageClassName }),
    dataUid: statefulSet?.metadata.annotations?.[ANNOTATIONS.dataUid] ?? identity.uid,
  }
}

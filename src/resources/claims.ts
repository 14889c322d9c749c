import type { RetainPolicy } from '../api/v1alpha1/defaults.ts'
import { formatBytes, parseQuantity } from '../api/v1alpha1/quantity.ts'
import type { StatefulSet } from '../kube/types.ts'
import type { StoreIdentity } from './identity.ts'
import { ANNOTATIONS, LABELS, objectLabels } from './labels.ts'
import { CLAIM } from './names.ts'

type StatefulSetSpec = NonNullable<StatefulSet['spec']>
export type ClaimTemplate = NonNullable<StatefulSetSpec['volumeClaimTemplates']>[number]
export type ClaimRetention = NonNullable<StatefulSetSpec['persistentVolumeClaimRetentionPolicy']>

/** The volumes of a store, as a StatefulSet declares them. */
export type VolumeInput = Readonly<{
  sizeBytes: number
  /** Absent only where StorageClasses may not be read: the API server then fills in the default. */
  storageClassName?: string
  /** UID in the records of the data: the store's own, or that of the store whose volumes it adopted. */
  dataUid: string
}>

/** The claim that each pod gets a copy of; immutable in a StatefulSet, so never to be changed under a live one. */
export function buildClaimTemplate(store: StoreIdentity, input: VolumeInput): ClaimTemplate {
  const { sizeBytes, storageClassName, dataUid } = input
  return {
    metadata: {
      name: CLAIM,
      labels: { ...objectLabels(store), [LABELS.storeUid]: store.uid },
      annotations: { [ANNOTATIONS.dataUid]: dataUid },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: formatBytes(sizeBytes) } },
      ...(storageClassName !== undefined && { storageClassName }),
    },
  }
}

/** What a live StatefulSet declares, without what the API server filled in; a newer operator's labels must not differ. */
export function liveClaimTemplate(statefulSet: StatefulSet | undefined): ClaimTemplate | undefined {
  const live = statefulSet?.spec?.volumeClaimTemplates?.find(({ metadata }) => metadata?.name === CLAIM)
  if (!live?.metadata) return undefined
  const { name, labels, annotations } = live.metadata
  const { accessModes, resources, storageClassName } = live.spec ?? {}
  return {
    metadata: { ...(name && { name }), ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: {
      ...(accessModes && { accessModes }),
      ...(resources && { resources }),
      ...(storageClassName && { storageClassName }),
    },
  }
}

/** Bytes that a claim, or its template, asks for; 0 where it says nothing. */
export function requestedBytes(claim: Readonly<{ spec?: ClaimTemplate['spec'] }> | undefined): number {
  const storage = claim?.spec?.resources?.requests?.['storage']
  const parsed = storage === undefined ? undefined : parseQuantity(storage)
  return parsed?.ok ? Number(parsed.value) : 0
}

/** A pod that was scaled away has nothing that its place could need again. */
export function claimRetention(retain: RetainPolicy): ClaimRetention {
  return { whenDeleted: retain, whenScaled: 'Delete' }
}

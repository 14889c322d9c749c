import { BY_STORE, type Caches } from '../caches.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import type { EventSink } from '../kube/events.ts'
import { PERSISTENT_VOLUME_CLAIMS, type PersistentVolumeClaim, PODS } from '../kube/resources.ts'
import { ANNOTATIONS, LABELS } from '../resources/labels.ts'

const FIELD_MANAGER = 'sessionstore-operator-volumes'

export type RetainedContext = Readonly<{
  client: Pick<KubeClient, 'patch' | 'delete'>
  caches: Caches
  events: EventSink
  nowMs: () => number
  signal: AbortSignal
}>

/**
 * What a store that is gone left behind: each of its volumes is told of, once, which an annotation remembers. Pods that a
 * replacement of their StatefulSet had just set free have nobody else who would end them.
 */
export async function tellRetained(context: RetainedContext, key: string): Promise<void> {
  const { caches } = context
  const claims = caches.volumeClaims.byIndex(BY_STORE, key).filter(isRetained)
  const pods = caches.pods.byIndex(BY_STORE, key).filter(({ metadata }) => {
    return metadata.deletionTimestamp === undefined && (metadata.ownerReferences ?? []).length === 0
  })
  await Promise.all([
    ...claims.map((claim) => tell(context, claim)),
    ...pods.map(({ metadata }) =>
      ignoreGone(
        context.client.delete(PODS, metadata, { ...(metadata.uid && { uid: metadata.uid }), signal: context.signal }),
      ),
    ),
  ])
}

/** One that has an owner goes with it. */
function isRetained({ metadata }: PersistentVolumeClaim): boolean {
  const { deletionTimestamp, annotations = {}, labels = {}, ownerReferences = [] } = metadata
  const isTold = annotations[ANNOTATIONS.retained] !== undefined
  return !isTold && !deletionTimestamp && ownerReferences.length === 0 && labels[LABELS.storeUid] !== undefined
}

async function tell(context: RetainedContext, claim: PersistentVolumeClaim): Promise<void> {
  const { client, caches, events, nowMs, signal } = context
  const { name, namespace, uid, labels } = claim.metadata
  const body = { metadata: { uid, annotations: { [ANNOTATIONS.retained]: new Date(nowMs()).toISOString() } } }
  const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal } as const
  const told = await ignoreGone(
    client.patch(PERSISTENT_VOLUME_CLAIMS, { ...(namespace && { namespace }), name }, options),
  )
  if (!told) return
  caches.volumeClaims.upsert(told)
  events.record({
    regarding: claim,
    type: 'Normal',
    reason: 'VolumeRetained',
    action: 'DeleteStore',
    note: `SessionStore "${labels?.[LABELS.store]}" is deleted and this volume keeps its sessions; delete it, or create the SessionStore again with persistence.adoptVolumes: true`,
  })
}

async function ignoreGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (hasCode(error, 'NotFound', 'Conflict')) return undefined
    throw error
  }
}

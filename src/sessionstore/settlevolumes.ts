import { formatBytes } from '../api/v1alpha1/quantity.ts'
import type { Caches } from '../caches.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode, OperatorError } from '../kube/errors.ts'
import { PERSISTENT_VOLUME_CLAIMS, type PersistentVolumeClaim } from '../kube/resources.ts'
import { keyOf } from '../kube/types.ts'
import { ANNOTATIONS, LABELS } from '../resources/labels.ts'
import { claimName } from '../resources/names.ts'
import type { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import { claimsToExpand, goalBytes, judgeForeign, lacksClass, newOrdinals } from './plan/volumes.ts'

const FIELD_MANAGER = 'sessionstore-operator-volumes'

export type VolumeContext = Readonly<{
  client: Pick<KubeClient, 'get' | 'patch'>
  caches: Caches
  memory: StoreMemory
  signal: AbortSignal
}>

/** `ready`: pods may be made up to `replicas`. `refused`: no further ones, and why. `changed`: look again. */
export type Settled =
  | Readonly<{ kind: 'ready' }>
  | Readonly<{ kind: 'changed' }>
  | Readonly<{ kind: 'refused'; failure: OperatorError }>

/** Before a pod is made: nothing may lie under the name of its volume that is not this store's. */
export async function settleVolumes(context: VolumeContext, snapshot: Snapshot, replicas: number): Promise<Settled> {
  const { volumeFacts: facts, identity } = snapshot
  if (!facts) return { kind: 'ready' }
  const strangers = await findStrangers(context, snapshot, replicas)
  const verdict = judgeForeign(facts, replicas, strangers)
  if (verdict.kind === 'refuse')
    return { kind: 'refused', failure: new OperatorError('ForeignVolume', verdict.message) }
  if (verdict.kind === 'adopt') {
    for (const { name, dataUid } of verdict.claims) {
      const labels = { [LABELS.storeUid]: identity.uid }
      const annotations = { [ANNOTATIONS.dataUid]: dataUid, [ANNOTATIONS.retained]: null }
      await patchClaim(context, { namespace: identity.namespace, name }, { metadata: { labels, annotations } })
    }
    return { kind: 'changed' }
  }
  if (!lacksClass(facts)) return { kind: 'ready' }
  const message = `Cannot create volumes: spec.persistence.storageClassName is not set and no StorageClass is the default; mark one as the default, or create the SessionStore anew with storageClassName`
  return { kind: 'refused', failure: new OperatorError('NoDefaultStorageClass', message) }
}

/** Claims without our labels are in no cache: asked for once, before a pod of that ordinal is made. */
async function findStrangers(
  { client, signal }: VolumeContext,
  { volumeFacts: facts, identity }: Snapshot,
  replicas: number,
): Promise<readonly string[]> {
  if (!facts) return []
  const known = new Set(facts.claims.map(({ ordinal }) => ordinal))
  const names = newOrdinals(facts, replicas)
    .filter((ordinal) => !known.has(ordinal))
    .map((ordinal) => claimName(identity, ordinal))
  const found = await Promise.all(
    names.map(async (name) => {
      try {
        const claim = await client.get(PERSISTENT_VOLUME_CLAIMS, { namespace: identity.namespace, name }, { signal })
        return claim.metadata.labels?.[LABELS.storeUid] === identity.uid ? [] : [name]
      } catch (error) {
        if (hasCode(error, 'NotFound')) return []
        throw error
      }
    }),
  )
  return found.flat()
}

/** Asks for larger volumes, one after another. What is refused is remembered: nothing is tried again at once. */
export async function expandVolumes(context: VolumeContext, snapshot: Snapshot): Promise<void> {
  const { volumeFacts: facts, identity, nowMs } = snapshot
  if (!facts) return
  const sizeBytes = goalBytes(facts)
  const body = { spec: { resources: { requests: { storage: formatBytes(sizeBytes) } } } }
  for (const { name } of claimsToExpand(facts)) {
    try {
      await patchClaim(context, { namespace: identity.namespace, name }, body)
    } catch (error) {
      if (!(error instanceof OperatorError) || !hasCode(error, 'Forbidden', 'Invalid')) throw error
      context.memory.noteExpansionRefused({ sizeBytes, nowMs, message: error.message })
      return
    }
  }
}

type Ref = Readonly<{ namespace: string; name: string }>
type Change = Readonly<{ metadata?: object; spec?: object }>

/** Only the very claim that was looked at: one made anew under the name is another volume. */
async function patchClaim({ client, caches, signal }: VolumeContext, ref: Ref, change: Change): Promise<void> {
  const uid = caches.volumeClaims.get(keyOf({ metadata: ref }))?.metadata.uid
  const body = { ...change, metadata: { ...change.metadata, uid } }
  const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal } as const
  caches.volumeClaims.upsert(await client.patch<PersistentVolumeClaim>(PERSISTENT_VOLUME_CLAIMS, ref, options))
}

import type { Caches } from '../caches.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import { CONFIG_MAPS, STATEFUL_SETS } from '../kube/resources.ts'
import { keyOf, type StatefulSet } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { configMapName, statefulSetName } from '../resources/names.ts'
import type { Snapshot } from './observe.ts'
import type { TopologyPlan } from './plan/topology.ts'
import { isTemplateBehind } from './plan/volumes.ts'
import { type Kept, keptOf } from './replaced.ts'

const FIELD_MANAGER = 'sessionstore-operator-topology'

export type ReplaceContext = Readonly<{
  client: Pick<KubeClient, 'get' | 'patch' | 'delete'>
  caches: Caches
  signal: AbortSignal
}>

/**
 * Replaces a StatefulSet whose claim template is too small, and no pod: what must outlive it is kept on the ConfigMap, it is
 * deleted without its pods, made anew by the pass that misses it, and its pods are adopted. Each call does one of these
 * acts, so that a process that ends anywhere leaves something the next one goes on from. True: look again.
 */
export async function replaceStatefulSet(
  context: ReplaceContext,
  snapshot: Snapshot,
  plan: TopologyPlan,
): Promise<boolean> {
  const { volumeFacts, kept, identity } = snapshot
  const metadata = { namespace: identity.namespace, name: statefulSetName(identity) }
  const live = context.caches.statefulSets.get(keyOf({ metadata }))
  if (!volumeFacts || !live) return false
  const isDue = isTemplateBehind(volumeFacts) && isQuiet(snapshot, plan)
  if (!kept) return isDue && !isLeaving(live) && keep(context, snapshot, keptOf(live))
  if (live.metadata.uid !== kept.uid) return finish(context, snapshot, live, kept)
  // A failover may have moved the mark since, on an object that is already leaving.
  if (JSON.stringify(keptOf(live)) !== JSON.stringify(kept)) return keep(context, snapshot, keptOf(live))
  if (isLeaving(live)) return false
  if (!isDue) return keep(context, snapshot, undefined)
  return remove(context, live)
}

function isLeaving({ metadata }: StatefulSet): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** Nothing else is on its way: what the StatefulSet controller would do meanwhile waits. */
function isQuiet({ facts, pods, statefulSet }: Snapshot, { step, primary, replicas }: TopologyPlan): boolean {
  const isWhole = pods.length === replicas && pods.every(({ metadata }) => metadata.deletionTimestamp === undefined)
  return (
    step.kind === 'none' &&
    primary !== undefined &&
    facts.intent === undefined &&
    facts.statefulSetReplicas === replicas &&
    isWhole &&
    statefulSet?.status?.observedGeneration === statefulSet?.metadata.generation
  )
}

async function keep({ client, caches, signal }: ReplaceContext, { identity }: Snapshot, kept: Kept | undefined) {
  const ref = { namespace: identity.namespace, name: configMapName(identity) }
  const uid = caches.configMaps.get(keyOf({ metadata: ref }))?.metadata.uid
  const annotations = { [ANNOTATIONS.replaced]: kept ? JSON.stringify(kept) : null }
  const body = { metadata: { uid, annotations } }
  const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal } as const
  caches.configMaps.upsert(await client.patch(CONFIG_MAPS, ref, options))
  return true
}

/** Only the very object whose copy was kept; what changed it meanwhile is kept first. */
async function remove({ client, caches, signal }: ReplaceContext, live: StatefulSet): Promise<boolean> {
  const { uid, resourceVersion } = live.metadata
  const only = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) }
  try {
    await client.delete(STATEFUL_SETS, live.metadata, { ...only, propagationPolicy: 'Orphan', signal })
  } catch (error) {
    if (hasCode(error, 'NotFound')) return false
    if (!hasCode(error, 'Conflict')) throw error
    caches.statefulSets.upsert(await client.get(STATEFUL_SETS, live.metadata, { signal }))
    return true
  }
  // The watch tells of its end, which is the next reason to look.
  return false
}

/** What no declaration has: steps of the topology write it. */
const WRITTEN_BY_STEPS = [ANNOTATIONS.mark, ANNOTATIONS.runs] as const

/** The new one gets the mark, then its controller the pods, and then nothing needs to be kept. */
async function finish(
  { client, caches, signal }: ReplaceContext,
  snapshot: Snapshot,
  live: StatefulSet,
  kept: Kept,
): Promise<boolean> {
  const { annotations: has = {}, resourceVersion } = live.metadata
  const lacking = WRITTEN_BY_STEPS.filter((name) => kept.annotations[name] !== undefined && has[name] === undefined)
  if (lacking.length > 0) {
    const annotations = Object.fromEntries(lacking.map((name) => [name, kept.annotations[name]]))
    const body = { metadata: { resourceVersion, annotations } }
    const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal } as const
    caches.statefulSets.upsert(await client.patch(STATEFUL_SETS, live.metadata, options))
    return true
  }
  const isAdopted = snapshot.pods.every(({ metadata }) =>
    metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === live.metadata.uid),
  )
  return isAdopted && keep({ client, caches, signal }, snapshot, undefined)
}

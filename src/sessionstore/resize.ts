import { formatBytes } from '../api/v1alpha1/quantity.ts'
import type { Caches } from '../caches.ts'
import { applyPart } from '../kube/apply.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import type { Log } from '../kube/log.ts'
import { PODS } from '../kube/resources.ts'
import type { Pod } from '../kube/types.ts'
import type { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import { limitBytesOf } from './podmemory.ts'

const FIELD_MANAGER = 'sessionstore-operator-topology'

export type ResizeContext = Readonly<{
  client: Pick<KubeClient, 'patch'>
  caches: Caches
  memory: StoreMemory
  log: Log
  signal: AbortSignal
}>

/**
 * Pods whose memory limit is not the goal: changed in place, without a restart. Up at once; down only when every server
 * was told of the smaller maxmemory before.
 */
export function podsToResize({ pods, sizing, facts }: Pick<Snapshot, 'pods' | 'sizing' | 'facts'>): readonly Pod[] {
  const isShrunk = facts.members.every(
    ({ probe }) => probe.kind === 'reached' && probe.maxMemoryBytes <= sizing.maxMemoryBytes,
  )
  return pods.filter((pod) => {
    const limitBytes = limitBytesOf(pod)
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase !== 'Running') return false
    return limitBytes < sizing.limitBytes || (isShrunk && limitBytes > sizing.limitBytes)
  })
}

/** Gives pods the memory they should have. A Node that cannot, or a rule of the namespace, refuses: asked once, maxmemory then stays. */
export async function resizePods(context: ResizeContext, snapshot: Snapshot): Promise<void> {
  const { limitBytes } = snapshot.sizing
  const pods = podsToResize(snapshot).filter((pod) => !context.memory.isResizeRefused(pod, limitBytes))
  await Promise.all(pods.map((pod) => resizePod(context, pod, limitBytes)))
}

async function resizePod({ client, caches, memory, log, signal }: ResizeContext, pod: Pod, limitBytes: number) {
  const bytes = formatBytes(limitBytes)
  const resources = { requests: { memory: bytes }, limits: { memory: bytes } }
  const part = { fields: { spec: { containers: [{ name: 'server', resources }] } }, subresource: 'resize' } as const
  try {
    caches.pods.upsert(await applyPart(client, PODS, pod, { ...part, fieldManager: FIELD_MANAGER, signal }))
  } catch (error) {
    if (hasCode(error, 'NotFound')) return
    if (!hasCode(error, 'Invalid', 'Forbidden')) throw error
    memory.noteResizeRefused(pod, limitBytes)
    log.warn({ pod: pod.metadata.name, err: error }, 'Pod cannot be resized in place')
  }
}

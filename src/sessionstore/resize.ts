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
import type { Obstacle } from './plan/obstacles.ts'
import { readRefusal } from './plan/refusals.ts'
import { limitBytesOf } from './podmemory.ts'

const RETRY_MS = 60_000
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

/** Gives pods the memory they should have. A rule of the namespace may refuse: maxmemory then stays, and it is asked seldom. */
export async function resizePods(context: ResizeContext, snapshot: Snapshot): Promise<void> {
  const { limitBytes } = snapshot.sizing
  const pods = podsToResize(snapshot)
  const refused = context.memory.refusedResizes(pods, limitBytes)
  const waiting = new Set(refused.filter(({ atMs }) => snapshot.nowMs - atMs < RETRY_MS).map(({ pod }) => pod))
  const due = pods.filter(({ metadata }) => !waiting.has(metadata.name))
  await Promise.all(due.map((pod) => resizePod(context, pod, { limitBytes, nowMs: snapshot.nowMs })))
}

/** Why pods may not have the memory they should have, and when it is tried again. */
export function readRefusedResize(
  memory: StoreMemory,
  snapshot: Snapshot,
): Readonly<{ obstacle: Obstacle; dueMs: number }> | undefined {
  const [refused] = memory.refusedResizes(podsToResize(snapshot), snapshot.sizing.limitBytes)
  if (!refused) return undefined
  const { pod, error, atMs } = refused
  const { message } = error
  const what = `more memory for pod "${pod}"`
  const infeasible = {
    reason: 'ResizeInfeasible',
    message: `${what} cannot be given in place: ${message}; lower spec.capacity, or delete pod ${pod}, replicas first, which comes back with it`,
  } as const
  return { obstacle: readRefusal({ what, message }) ?? infeasible, dueMs: atMs + RETRY_MS }
}

type Size = Readonly<{ limitBytes: number; nowMs: number }>

async function resizePod(context: ResizeContext, pod: Pod, { limitBytes, nowMs }: Size): Promise<void> {
  const { client, caches, memory, log, signal } = context
  const bytes = formatBytes(limitBytes)
  const resources = { requests: { memory: bytes }, limits: { memory: bytes } }
  const part = { fields: { spec: { containers: [{ name: 'server', resources }] } }, subresource: 'resize' } as const
  try {
    caches.pods.upsert(await applyPart(client, PODS, pod, { ...part, fieldManager: FIELD_MANAGER, signal }))
    memory.noteResized(pod)
  } catch (error) {
    if (hasCode(error, 'NotFound')) return
    if (!hasCode(error, 'Invalid', 'Forbidden')) throw error
    const isNew = memory.refusedResizes([pod], limitBytes).length === 0
    memory.noteResizeRefused(pod, { limitBytes, atMs: nowMs, error })
    if (isNew) log.warn({ pod: pod.metadata.name, err: error }, 'Pod cannot be resized in place')
  }
}

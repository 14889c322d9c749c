import { clip } from '../clip.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import type { Log } from '../kube/log.ts'
import { CORE_EVENTS, STATEFUL_SETS } from '../kube/resources.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import type { Snapshot } from './observe.ts'
import type { Obstacle } from './plan/obstacles.ts'
import { readRefusal } from './plan/refusals.ts'

/** A controller makes a missing pod within moments. */
const MISSING_GRACE_MS = 5000
const FIRST_AGAIN_MS = 15_000
const LONGEST_AGAIN_MS = 300_000
/** The recorder of a controller folds repetitions and tells them up to five minutes late. */
const EVENT_VALID_MS = 600_000
const MANAGER = 'sessionstore-operator-topology'
const MAX_MESSAGE_LENGTH = 400

export type RefusedPodsContext = Readonly<{
  client: Pick<KubeClient, 'list' | 'patch'>
  refusedPods: RefusedPods
  log: Log
  signal: AbortSignal
}>

/** What is known of pods that a StatefulSet should have and has not. */
export class RefusedPods {
  #missing: Readonly<{ sinceMs: number; dueMs: number; againMs: number }> | undefined
  obstacle: Obstacle | undefined

  /** Whether the reason should be looked up now. */
  note(isMissing: boolean, nowMs: number): boolean {
    if (!isMissing) {
      this.#missing = undefined
      this.obstacle = undefined
      return false
    }
    this.#missing ??= { sinceMs: nowMs, dueMs: nowMs + MISSING_GRACE_MS, againMs: FIRST_AGAIN_MS }
    const { sinceMs, dueMs, againMs } = this.#missing
    if (nowMs < dueMs) return false
    this.#missing = { sinceMs, dueMs: nowMs + againMs, againMs: Math.min(2 * againMs, LONGEST_AGAIN_MS) }
    return true
  }
}

/** Names of the pods that the StatefulSet should have and has not. */
export function missingPods({ statefulSet, facts }: Pick<Snapshot, 'statefulSet' | 'facts'>): readonly string[] {
  const size = statefulSet?.spec?.replicas ?? 0
  return facts.members.filter(({ ordinal, pod }) => ordinal < size && !pod).map(({ name }) => name)
}

/**
 * Finds out why pods are missing. Only the controller of StatefulSets is told, and it tells by Events: they are read, not
 * watched, and ever more seldom. It tries again by itself after up to 17 minutes; a changed annotation has it try now.
 */
export async function lookUpRefusedPods(context: RefusedPodsContext, snapshot: Snapshot): Promise<void> {
  const { client, refusedPods, log, signal } = context
  const { statefulSet, nowMs } = snapshot
  const missing = missingPods(snapshot)
  if (!refusedPods.note(missing.length > 0, nowMs) || !statefulSet) return
  const { metadata } = statefulSet
  try {
    if (refusedPods.obstacle) await nudge(context, snapshot)
    const fieldSelector = `involvedObject.uid=${metadata.uid},reason=FailedCreate`
    const { items } = await client.list(CORE_EVENTS, { namespace: metadata.namespace, fieldSelector, signal })
    const last = items
      .map((event) => ({ message: event.message ?? '', atMs: lastMs(event) }))
      .filter(({ message, atMs }) => nowMs - atMs < EVENT_VALID_MS && missing.some((name) => message.includes(name)))
      .toSorted((a, b) => b.atMs - a.atMs)[0]
    refusedPods.obstacle = last && toObstacle(last.message)
  } catch (error) {
    // What keeps the pods away is told less well; the store itself is no worse off.
    if (signal.aborted) throw error
    log.info({ statefulSet: metadata.name, err: error }, 'Cannot find out why pods are missing')
  }
}

async function nudge({ client, signal }: RefusedPodsContext, { statefulSet, nowMs }: Snapshot): Promise<void> {
  if (!statefulSet) return
  const body = { metadata: { annotations: { [ANNOTATIONS.retriedAt]: new Date(nowMs).toISOString() } } }
  try {
    await client.patch(STATEFUL_SETS, statefulSet.metadata, { kind: 'merge', body, fieldManager: MANAGER, signal })
  } catch (error) {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error
  }
}

/** `create Pod s-0 in StatefulSet s failed error: pods "s-0" is forbidden: …` */
function toObstacle(message: string): Obstacle {
  const [, pod = ''] = /create Pod (\S+) in StatefulSet/i.exec(message) ?? []
  const what = pod ? `pod "${pod}"` : 'a pod'
  const cause = message.replace(/^.*?failed error: /, '')
  return (
    readRefusal({ what, message }) ?? {
      reason: 'AdmissionRefused',
      message: `${what} cannot be made: ${clip(cause, MAX_MESSAGE_LENGTH)}`,
    }
  )
}

function lastMs(event: Readonly<Record<string, unknown>>): number {
  const { series, lastTimestamp, eventTime, metadata } = event as Readonly<{
    series?: Readonly<{ lastObservedTime?: string }>
    lastTimestamp?: string
    eventTime?: string
    metadata?: Readonly<{ creationTimestamp?: string }>
  }>
  return Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '')
}

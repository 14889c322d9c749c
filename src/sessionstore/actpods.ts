import type { Caches } from '../caches.ts'
import { applyPart } from '../kube/apply.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import { PODS, STATEFUL_SETS } from '../kube/resources.ts'
import type { Pod } from '../kube/types.ts'
import { ANNOTATIONS, JOINED_CONDITION, LABELS, READABLE, ROLES } from '../resources/labels.ts'
import type { Snapshot } from './observe.ts'
import type { PodChange, TopologyStep } from './plan/facts.ts'

/**
 * Never the manager of the declared objects: what that one does not declare in its next apply is removed, and the mark
 * would be gone.
 */
const FIELD_MANAGER = 'sessionstore-operator-topology'

export type ApiContext = Readonly<{
  client: Pick<KubeClient, 'get' | 'patch' | 'delete'>
  caches: Caches
  snapshot: Snapshot
  signal: AbortSignal
  nowMs: () => number
}>

type Step<K extends TopologyStep['kind']> = Extract<TopologyStep, { kind: K }>

/** Off the old, acknowledged, then on the new: never two labelled pods. */
export async function actLabel(context: ApiContext, step: Step<'label'>): Promise<void> {
  for (const name of step.off) await patchLabels(context, name, { [LABELS.role]: null })
  if (step.on === undefined) return
  const labels = { [LABELS.role]: ROLES.primary, [LABELS.readable]: null }
  await patchLabels(context, step.on, labels)
}

/** Writes role, readable and the Joined condition of members; one request for each of labels and status that differs. */
export async function actDescribePods(context: ApiContext, step: Step<'describePods'>): Promise<void> {
  await Promise.all(step.pods.map((change) => describePod(context, change)))
}

async function describePod(context: ApiContext, change: PodChange): Promise<void> {
  const { name, role, isReadable, isJoined } = change
  if (isJoined !== undefined) await patchJoined(context, name, isJoined)
  if (role === undefined && isReadable === undefined) return
  await patchLabels(context, name, {
    ...(role && { [LABELS.role]: role }),
    ...(isReadable !== undefined && { [LABELS.readable]: isReadable ? READABLE : null }),
  })
}

async function patchLabels(
  context: ApiContext,
  name: string,
  labels: Readonly<Record<string, string | null>>,
): Promise<void> {
  const { client, signal } = context
  const pod = podOf(context, name)
  if (!pod) return
  // The UID is a precondition: a pod made anew under the name is another member.
  const body = { metadata: { uid: pod.metadata.uid, labels } }
  await keep(context, client.patch(PODS, pod.metadata, { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal }))
}

async function patchJoined(context: ApiContext, name: string, isJoined: boolean): Promise<void> {
  const { client, signal, nowMs } = context
  const pod = podOf(context, name)
  if (!pod) return
  const condition = {
    type: JOINED_CONDITION,
    status: isJoined ? 'True' : 'False',
    reason: isJoined ? 'FollowsPrimary' : 'NotFollowing',
    lastTransitionTime: new Date(nowMs()).toISOString(),
  }
  // By type, not by index: the kubelet moves the conditions of others to the front.
  const part = { fields: { status: { conditions: [condition] } }, subresource: 'status' } as const
  await keep(context, applyPart(client, PODS, pod, { ...part, fieldManager: FIELD_MANAGER, signal }))
}

async function keep({ caches }: ApiContext, patched: Promise<Pod>): Promise<void> {
  try {
    caches.pods.upsert(await patched)
  } catch (error) {
    // A pod that is gone carries no label any more.
    if (!hasCode(error, 'NotFound')) throw error
  }
}

/** Written only over the version it was decided on, before the servers are told of a lower w or another n. */
export function actMark(context: ApiContext, { mark }: Step<'mark'>): Promise<void> {
  return annotate(context, { [ANNOTATIONS.mark]: JSON.stringify(mark) })
}

/** Written before the pods take part, over the list it was decided on. */
export function actNoteRuns(context: ApiContext, { runs }: Step<'noteRuns'>): Promise<void> {
  return annotate(context, { [ANNOTATIONS.runs]: JSON.stringify(runs) })
}

type Annotations = Readonly<Record<string, string>>

async function annotate({ client, caches, snapshot, signal }: ApiContext, annotations: Annotations): Promise<void> {
  const { statefulSet } = snapshot
  if (!statefulSet) return
  const { resourceVersion } = statefulSet.metadata
  const body = { metadata: { resourceVersion, annotations } }
  const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal } as const
  try {
    caches.statefulSets.upsert(await client.patch(STATEFUL_SETS, statefulSet.metadata, options))
  } catch (error) {
    if (!hasCode(error, 'Conflict')) throw error
    // Its controller writes the status at just these moments; the next round decides anew from what is there now.
    caches.statefulSets.upsert(await client.get(STATEFUL_SETS, statefulSet.metadata, { signal }))
  }
}

export async function actRestart({ client, snapshot, signal }: ApiContext, step: Step<'restart'>): Promise<void> {
  const { pod: name, uid, gracePeriodSeconds } = step
  const { namespace } = snapshot.identity
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }
  try {
    await client.delete(PODS, { namespace, name }, { uid, ...grace, signal })
  } catch (error) {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error
  }
}

function podOf({ snapshot }: ApiContext, name: string): Pod | undefined {
  return snapshot.pods.find((pod) => pod.metadata.name === name)
}

import { API_VERSION } from '../../../src/api/v1alpha1/group.ts'
import { SESSION_STORES, type SessionStore, type SessionStoreSpec } from '../../../src/api/v1alpha1/sessionstore.ts'
import { PODS, SECRETS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { LABELS, ROLES } from '../../../src/resources/labels.ts'
import { until } from '../until.ts'
import { applyObject, getObject, listObjects } from './api.ts'
import { onEngineOfRun } from './engine.ts'

/** A store of a test. */
export type StoreRef = Readonly<{ namespace: string; name: string }>

/** What names one run of one container: a changed value means that the pod or its container was started anew. */
export type PodRuns = Readonly<Record<string, string>>

/** Applies a SessionStore as `kubectl apply --server-side` does, on the engine of the run where the spec names none. */
export function applyStore(ref: StoreRef, spec: SessionStoreSpec = {}): Promise<SessionStore> {
  const store = { apiVersion: API_VERSION, kind: 'SessionStore', metadata: { ...ref }, spec: onEngineOfRun(spec) }
  return applyObject(SESSION_STORES, store)
}

export function readStore(ref: StoreRef): Promise<SessionStore> {
  return getObject(SESSION_STORES, ref)
}

/** The server pods of a store, in the order of their names. */
export async function serverPods(ref: StoreRef): Promise<readonly Pod[]> {
  const { namespace, name } = ref
  const labelSelector = `${LABELS.store}=${name},${LABELS.component}=server`
  const pods = await listObjects(PODS, { namespace, labelSelector })
  return pods.toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name))
}

/** One server pod of the store. */
export function podNamed(ref: StoreRef, name: string): Promise<Pod> {
  return getObject(PODS, { namespace: ref.namespace, name })
}

/** The pods that carry the label primary; more than one is never right. */
export async function labelledPrimaries(ref: StoreRef): Promise<readonly Pod[]> {
  return (await serverPods(ref)).filter((pod) => pod.metadata.labels?.[LABELS.role] === ROLES.primary)
}

/** The one labelled primary; waits for it. */
export function primaryPod(ref: StoreRef): Promise<Pod> {
  return until(
    async (see) => {
      const pods = await labelledPrimaries(ref)
      see(pods.map((pod) => pod.metadata.name))
      return pods.length === 1 ? pods[0] : undefined
    },
    { what: `one labelled primary of ${ref.name}`, deadlineMs: 60_000 },
  )
}

/** Waits until the label primary is on another pod than the given one. */
export async function untilAnotherPrimary(ref: StoreRef, old: Pod, deadlineMs = 60_000): Promise<void> {
  await until(
    async (see) => {
      const names = (await labelledPrimaries(ref)).map((pod) => pod.metadata.name)
      see(names)
      return names.length === 1 && names[0] !== old.metadata.name
    },
    { what: `another primary than ${old.metadata.name}`, deadlineMs, everyMs: 50 },
  )
}

/** Status of a condition, or undefined while it is missing or describes an older spec. */
export function conditionOf(store: SessionStore, type: string): string | undefined {
  const condition = store.status?.conditions?.find((each) => each.type === type)
  const observed = condition?.observedGeneration ?? store.status?.observedGeneration
  return observed === store.metadata.generation ? condition?.status : undefined
}

/**
 * Ready for the spec of now, with every member serving and nothing left to do. `after` is the epoch that must be past:
 * a status from before a fault looks just as settled.
 */
export function isSettled(store: SessionStore, afterEpoch = -1): boolean {
  const { status, spec } = store
  const members = status?.members ?? []
  return (
    conditionOf(store, 'Ready') === 'True' &&
    conditionOf(store, 'Reconciling') === 'False' &&
    members.length === (spec.replicas ?? 3) &&
    members.every((member) => member.ready === true) &&
    members.filter((member) => member.role === 'Primary').length === 1 &&
    status?.operation === undefined &&
    (status?.epoch ?? 0) > afterEpoch
  )
}

/** Waits until the store is settled, and gives it. */
export function untilSettled(
  ref: StoreRef,
  options: Readonly<{ deadlineMs?: number; afterEpoch?: number; what?: string }> = {},
): Promise<SessionStore> {
  return until(
    async (see) => {
      const store = await readStore(ref)
      see(store.status)
      return isSettled(store, options.afterEpoch) ? store : undefined
    },
    {
      what: options.what ?? `SessionStore ${ref.namespace}/${ref.name} to settle`,
      deadlineMs: options.deadlineMs ?? 180_000,
    },
  )
}

/** Which run of which pod serves now. */
export async function podRuns(ref: StoreRef): Promise<PodRuns> {
  const pods = await serverPods(ref)
  return Object.fromEntries(pods.map((pod) => [pod.metadata.name, runOf(pod)]))
}

/** UID of the pod and restarts of its containers. */
export function runOf(pod: Pod): string {
  const restarts = (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
  return `${pod.metadata.uid} restarts=${restarts}`
}

/** One entry of a Secret as text; waits for the Secret. */
export function secretEntry(namespace: string, name: string, key: string): Promise<string> {
  return until(
    async () => {
      const secret = await getObject(SECRETS, { namespace, name })
      const value = secret.data?.[key]
      return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8')
    },
    { what: `entry ${key} of Secret ${namespace}/${name}`, deadlineMs: 60_000 },
  )
}

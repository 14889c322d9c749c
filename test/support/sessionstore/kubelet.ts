import type { KubeClient } from '../../../src/kube/client.ts'
import { hasCode } from '../../../src/kube/errors.ts'
import { NODES, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { KubeNode, KubeObject, Pod, StatefulSet } from '../../../src/kube/types.ts'
import { TEST_MANAGER } from '../kube.ts'
import { until } from '../until.ts'
import type { FakeServers } from './fakeservers.ts'

type Ref = Readonly<{ namespace: string; name: string }>

/** Stands for the controller of StatefulSets and the kubelets: makes the pods that are missing and says that they run. */
export async function runPods(client: KubeClient, ref: Ref, { canResize = true } = {}): Promise<void> {
  const set = await until(() => findSet(client, ref), { what: `StatefulSet ${ref.name}`, deadlineMs: 10_000 })
  const there = new Set(
    (await client.list(PODS, { namespace: ref.namespace })).items.map(({ metadata }) => metadata.name),
  )
  const names = Array.from({ length: set.spec?.replicas ?? 0 }, (_, ordinal) => `${ref.name}-${ordinal}`)
  const body = { status: { observedGeneration: set.metadata.generation, replicas: names.length } }
  await client.patch(STATEFUL_SETS, ref, { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER })
  await Promise.all(names.map((name) => runNode(client, `node-${name.slice(ref.name.length + 1)}`)))
  await Promise.all(names.filter((name) => !there.has(name)).map((name) => runPod(client, set, { name, canResize })))
  if (canResize) await Promise.all(names.map((name) => grantMemory(client, { namespace: ref.namespace, name })))
}

async function findSet(client: KubeClient, ref: Ref): Promise<StatefulSet | undefined> {
  try {
    return await client.get(STATEFUL_SETS, ref)
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined
    throw error
  }
}

/** A pod ends as a kubelet reports it: its container first, then the object. */
export async function endPod(client: KubeClient, servers: FakeServers, ref: Ref): Promise<void> {
  const { metadata } = await client.get(PODS, ref)
  servers.end(metadata.uid ?? '')
  const terminated = { exitCode: 0, reason: 'Completed' }
  const containerStatuses = [
    { name: 'server', ready: false, restartCount: 0, image: 'x', imageID: 'x', state: { terminated } },
  ]
  const body = { status: { containerStatuses } }
  await client.patch(PODS, ref, { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER })
  await client.delete(PODS, ref, { gracePeriodSeconds: 0 })
}

/** Says that the container has what its spec asks for now. */
export async function grantMemory(client: KubeClient, ref: Ref): Promise<void> {
  const { spec, status } = await client.get(PODS, ref)
  const resources = spec?.containers[0]?.resources
  const containerStatuses = status?.containerStatuses?.map((each) => ({ ...each, resources }))
  const body = { status: { containerStatuses } }
  await client.patch(PODS, ref, { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER })
}

/** A Node that is ready; all stores of a run share them. */
export async function runNode(client: KubeClient, name: string): Promise<void> {
  const node: KubeNode = { apiVersion: 'v1', kind: 'Node', metadata: { name } }
  try {
    await client.create(NODES, node, { fieldManager: TEST_MANAGER })
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error
  }
  const resources = { cpu: '64', memory: '256Gi', pods: '100' }
  const status = { capacity: resources, allocatable: resources, conditions: [{ type: 'Ready', status: 'True' }] }
  const options = { kind: 'merge', body: { status }, subresource: 'status', fieldManager: TEST_MANAGER } as const
  await client.patch(NODES, { name }, options)
}

/** `ip` where members are told apart by it; by default all stores share those of their ordinals. */
type Seat = Readonly<{ name: string; canResize: boolean; ip?: string }>

/** The volumes of a pod: a claim for each template, made where it is missing, and granted what it asks for. */
async function bindClaims(client: KubeClient, set: StatefulSet, ordinal: number): Promise<readonly object[]> {
  const { namespace = '', name: owner } = set.metadata
  const templates = set.spec?.volumeClaimTemplates ?? []
  return Promise.all(
    templates.map(async ({ metadata, spec }) => {
      const ref = { namespace, name: `${metadata?.name}-${owner}-${ordinal}` }
      const claim = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { ...ref, labels: metadata?.labels, annotations: metadata?.annotations },
        spec,
      }
      try {
        await client.create(PERSISTENT_VOLUME_CLAIMS, claim as KubeObject, { fieldManager: TEST_MANAGER })
      } catch (error) {
        if (!hasCode(error, 'AlreadyExists')) throw error
      }
      const body = { status: { phase: 'Bound', capacity: spec?.resources?.requests } }
      const options = { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER } as const
      await client.patch(PERSISTENT_VOLUME_CLAIMS, ref, options)
      return { name: metadata?.name, persistentVolumeClaim: { claimName: ref.name } }
    }),
  )
}

/** Lets go of every claim of a namespace, as the controller does that keeps those in use from being deleted. */
export async function releaseClaims(client: KubeClient, namespace: string): Promise<void> {
  const { items } = await client.list(PERSISTENT_VOLUME_CLAIMS, { namespace })
  const body = { metadata: { finalizers: null } }
  const options = { kind: 'merge', body, fieldManager: TEST_MANAGER } as const
  await Promise.all(items.map(({ metadata }) => client.patch(PERSISTENT_VOLUME_CLAIMS, metadata, options)))
}

/** Makes one pod of a StatefulSet and says that it runs. */
export async function runPod(client: KubeClient, set: StatefulSet, seat: Seat): Promise<void> {
  const { name, canResize } = seat
  const { namespace = '', uid = '', name: owner } = set.metadata
  const ordinal = Number(name.slice(owner.length + 1))
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      labels: set.spec?.template.metadata?.labels,
      annotations: set.spec?.template.metadata?.annotations,
      ownerReferences: [{ apiVersion: set.apiVersion, kind: set.kind, name: owner, uid, controller: true }],
    },
    spec: {
      ...set.spec?.template.spec,
      nodeName: `node-${ordinal}`,
      volumes: [...(set.spec?.template.spec?.volumes ?? []), ...(await bindClaims(client, set, ordinal))],
    },
  } as Pod
  await client.create(PODS, pod, { fieldManager: TEST_MANAGER })
  const ip = seat.ip ?? `127.0.0.${ordinal + 10}`
  const startedAt = '2026-01-01T00:00:00Z'
  const resources = set.spec?.template.spec?.containers[0]?.resources
  const server = {
    name: 'server',
    ready: true,
    restartCount: 0,
    image: 'x',
    imageID: 'x',
    state: { running: { startedAt } },
  }
  const status = {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: [{ type: 'Ready', status: 'True' }],
    // Without these the API server takes the Node for one that cannot resize.
    containerStatuses: [{ ...server, ...(canResize && { resources }) }],
  }
  const options = { kind: 'merge', body: { status }, subresource: 'status', fieldManager: TEST_MANAGER } as const
  await client.patch(PODS, { namespace, name }, options)
}

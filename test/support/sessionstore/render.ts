import type { KubeClient } from '../../../src/kube/client.ts'
import { STORAGE_CLASSES, type StorageClass } from '../../../src/kube/resources.ts'
import type { DesiredObject, Resource } from '../../../src/kube/types.ts'
import { MemoryApi } from '../memory-api.ts'
import type { Applied } from '../samples.ts'
import { FakeServers } from './fakeservers.ts'
import { startRig } from './rig.ts'

/** The manager of every object that the operator declares. */
const OPERATOR = 'sessionstore-operator'

/** As most clusters have one. */
const DEFAULT_CLASS: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'example.com/any',
}

/**
 * Runs the real controllers over what was applied until they are quiet, and gives what they declared last of each object.
 * No pods run: what is rendered does not depend on them.
 */
export async function renderObjects(namespace: string, applied: readonly Applied[]): Promise<readonly DesiredObject[]> {
  const api = new MemoryApi()
  const declared = new Map<string, DesiredObject>()
  const rig = await startRig({ client: recording(api.client, declared), namespace, servers: new FakeServers() })
  try {
    await api.client.create(STORAGE_CLASSES, DEFAULT_CLASS, { fieldManager: 'person' })
    for (const { resource, object } of applied) {
      const metadata = { ...object.metadata, namespace }
      await api.client.create(resource, { ...object, metadata }, { fieldManager: 'person' })
    }
    await rig.settle()
    return [...declared].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
  } finally {
    await rig.stop()
  }
}

/** The same client, each object that the operator creates or applies noted; its uid is a precondition, not declared. */
function recording(client: KubeClient, declared: Map<string, DesiredObject>): KubeClient {
  const note = ({ kind }: Resource, body: unknown): void => {
    const { metadata, ...rest } = body as DesiredObject
    const { uid: _, ...identity } = metadata
    declared.set(`${kind} ${metadata.namespace}/${metadata.name}`, { ...rest, metadata: identity } as DesiredObject)
  }
  const calls: Pick<KubeClient, 'create' | 'patch'> = {
    create: (resource, object, options) => {
      if (options.fieldManager === OPERATOR) note(resource, object)
      return client.create(resource, object, options)
    },
    patch: (resource, ref, options) => {
      const isWhole = options.kind === 'apply' && options.subresource === undefined
      if (isWhole && options.fieldManager === OPERATOR) note(resource, options.body)
      return client.patch(resource, ref, options)
    },
  }
  return { ...client, ...calls } as KubeClient
}

import type { KubeClient } from '../../../src/kube/client.ts'
import {
  PERSISTENT_VOLUME_CLAIMS,
  type PersistentVolumeClaim,
  PODS,
  STATEFUL_SETS,
  STORAGE_CLASSES,
  type StorageClass,
} from '../../../src/kube/resources.ts'
import { TEST_MANAGER } from '../kube.ts'

const PROVISIONER = 'example.com/nobody'

type Ref = Readonly<{ namespace: string; name: string }>
type ClassOptions = Readonly<{ isDefault?: boolean; canExpand?: boolean }>

/** A StorageClass whose volumes nobody makes: claims are bound by `grantClaim`, and for pods by `runPods`. */
export async function createClass(client: KubeClient, name: string, options: ClassOptions = {}): Promise<void> {
  const { isDefault = false, canExpand = false } = options
  const storageClass: StorageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': `${isDefault}` } },
    provisioner: PROVISIONER,
    allowVolumeExpansion: canExpand,
  }
  await client.create(STORAGE_CLASSES, storageClass, { fieldManager: TEST_MANAGER })
}

/** Removes every class of `createClass`, also those that an earlier run left. */
export async function dropClasses(client: KubeClient): Promise<void> {
  const { items } = await client.list(STORAGE_CLASSES)
  for (const { metadata, provisioner } of items)
    if (provisioner === PROVISIONER) await client.delete(STORAGE_CLASSES, { name: metadata.name })
}

/** Says that the volume of a claim has the size that is asked for. */
export async function grantClaim(client: KubeClient, ref: Ref): Promise<void> {
  const { spec } = await client.get(PERSISTENT_VOLUME_CLAIMS, ref)
  const storage = spec?.resources?.requests?.['storage']
  const body = { status: { phase: 'Bound', accessModes: spec?.accessModes, capacity: { storage } } }
  const options = { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER } as const
  await client.patch(PERSISTENT_VOLUME_CLAIMS, ref, options)
}

/** A claim as a deleted store, or somebody else, leaves it. */
export async function leaveClaim(client: KubeClient, ref: Ref, metadata: object = {}): Promise<void> {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...ref, ...metadata },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: 'volume-left' },
  } as PersistentVolumeClaim
  await client.create(PERSISTENT_VOLUME_CLAIMS, claim, { fieldManager: TEST_MANAGER })
  await grantClaim(client, ref)
}

/** Stands for the garbage collector: a StatefulSet that is deleted without its pods lets them go, and ends. */
export async function orphanPods(client: KubeClient, ref: Ref): Promise<void> {
  const { metadata } = await client.get(STATEFUL_SETS, ref)
  const { items } = await client.list(PODS, { namespace: ref.namespace })
  for (const pod of items) {
    if (!pod.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid)) continue
    const body = { metadata: { uid: pod.metadata.uid, ownerReferences: null } }
    await client.patch(PODS, pod.metadata, { kind: 'merge', body, fieldManager: TEST_MANAGER })
  }
  const body = { metadata: { uid: metadata.uid, finalizers: null } }
  await client.patch(STATEFUL_SETS, ref, { kind: 'merge', body, fieldManager: TEST_MANAGER })
}

/** Stands for the controller of StatefulSets: takes over pods of its name that nobody owns. */
export async function adoptPods(client: KubeClient, ref: Ref): Promise<void> {
  const { apiVersion, kind, metadata, spec } = await client.get(STATEFUL_SETS, ref)
  const { name, uid = '', generation } = metadata
  const { items } = await client.list(PODS, { namespace: ref.namespace })
  for (const pod of items) {
    if (!pod.metadata.name.startsWith(`${name}-`) || pod.metadata.ownerReferences) continue
    const ownerReferences = [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }]
    const body = { metadata: { uid: pod.metadata.uid, ownerReferences } }
    await client.patch(PODS, pod.metadata, { kind: 'merge', body, fieldManager: TEST_MANAGER })
  }
  const body = { status: { observedGeneration: generation, replicas: spec?.replicas } }
  await client.patch(STATEFUL_SETS, ref, { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER })
}

import { expect } from 'chai'
import { clusterScoped, STORAGE_CLASSES, type StorageClass } from '../../src/kube/resources.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { applyObject, deleteObject, listObjects, mergePatch } from '../support/cluster/api.ts'
import { docker, kubectl, tryKubectl } from '../support/cluster/command.ts'
import { signalKubelet } from '../support/cluster/faults.ts'
import { useNamespace } from '../support/cluster/namespace.ts'
import { untilHealed, untilStalled } from '../support/cluster/stalled.ts'
import { applyStore, podRuns, readStore, type StoreRef, serverPods, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

const VOLUMES = clusterScoped('v1', 'PersistentVolume', 'persistentvolumes')
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'
const AOF = { mode: 'AOF', size: '1Gi' } as const

function classOf(name: string, provisioner: string): StorageClass {
  const volumeBindingMode = 'WaitForFirstConsumer'
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner,
    volumeBindingMode,
  } as StorageClass
}

async function defaultClass(): Promise<StorageClass> {
  const classes = await listObjects(STORAGE_CLASSES)
  const found = classes.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
  if (!found) throw new Error('Cannot test volumes: no StorageClass is the default')
  return found
}

function markDefault({ metadata }: StorageClass, value: 'true' | 'false'): Promise<unknown> {
  const body = { metadata: { annotations: { [DEFAULT_CLASS]: value } } }
  return mergePatch(STORAGE_CLASSES, { name: metadata.name }, { body })
}

describe('the StorageClass of a store', function () {
  this.timeout(300_000)
  const namespace = useNamespace('storage')
  const name = namespace
  let usual: StorageClass
  before(async () => {
    usual = await defaultClass()
  })
  after(async () => {
    await markDefault(usual, 'true')
    await deleteObject(STORAGE_CLASSES, { name })
  })

  it('that does not exist is named, and waited for', async () => {
    const ref = { namespace, name: 'missing' }
    await applyStore(ref, { replicas: 1, persistence: { ...AOF, storageClassName: name } })
    const { message } = await untilStalled(ref, 'StorageClassMissing')

    await applyObject(STORAGE_CLASSES, classOf(name, usual.provisioner))
    await untilHealed(ref)
    expect(message).to.contain(`wait for StorageClass "${name}", which does not exist; create it`)
  })

  it('that is nobody’s default is asked for, and taken when there is one', async () => {
    const ref = { namespace, name: 'undecided' }
    await markDefault(usual, 'false')
    await applyStore(ref, { replicas: 1, persistence: AOF })
    const { message } = await untilStalled(ref, 'NoDefaultStorageClass')
    expect(await serverPods(ref)).to.deep.equal([])

    await markDefault(usual, 'true')
    await untilHealed(ref)
    expect(message).to.contain('mark one as the default')
  })
})

describe('a volume that is full', function () {
  this.timeout(300_000)
  const namespace = useNamespace('full')
  const ref: StoreRef = { namespace, name: 'shop' }
  const path = `/var/lib/${namespace}`
  let node: string

  /** A volume of 48 MiB that says it has 1Gi: a disk in the memory of one node. */
  before(async () => {
    const nodes = (await docker(['ps', '--format', '{{.Names}}'])).split('\n')
    node = nodes.find((each) => each.endsWith('-worker')) ?? ''
    if (node === '') throw new Error(`Cannot mount a volume: no node is a worker, there are ${nodes.join(', ')}`)
    await docker(['exec', node, 'sh', '-c', 'mkdir -p "$1" && mount -t tmpfs -o size=48m tmpfs "$1"', 'sh', path])
    await applyObject(STORAGE_CLASSES, classOf(namespace, 'kubernetes.io/no-provisioner'))
    const match = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
    const volume = {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: namespace,
        persistentVolumeReclaimPolicy: 'Retain',
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [match] }] } },
      },
    }
    await applyObject(VOLUMES, volume as KubeObject)
  })

  after(async () => {
    await deleteObject(VOLUMES, { name: namespace })
    await deleteObject(STORAGE_CLASSES, { name: namespace })
    // The pods of the namespace are still ending: the disk goes when the last of them has let go of it.
    await docker(['exec', node, 'umount', '-l', path])
  })

  it('is named, its store refuses writes, and goes on by itself when there is room', async () => {
    await applyStore(ref, { replicas: 1, persistence: { ...AOF, storageClassName: namespace } })
    await untilSettled(ref)
    const before = await podRuns(ref)
    const fill = ['dd', 'if=/dev/zero', 'of=/data/fill', 'bs=1M', 'count=100']
    expect((await tryKubectl(['exec', '-n', namespace, 'shop-0', '--', ...fill])).stderr).to.contain('No space left')
    const { message } = await untilStalled(ref, 'VolumeFull')
    // Told by the next write of the operator's own, which is tried every ten seconds.
    const ready = await until(
      async () => {
        const found = (await readStore(ref)).status?.conditions?.find(({ type }) => type === 'Ready')
        return found?.status === 'False' && found
      },
      { what: 'the store not to be Ready', deadlineMs: 60_000 },
    )

    await kubectl(['exec', '-n', namespace, 'shop-0', '--', 'rm', '/data/fill'])
    await untilHealed(ref)
    expect(message).to.contain('shop-0 (log)').and.contain('set spec.persistence.size to more than 1Gi')
    expect(ready.message).to.contain('MISCONF')
    expect(await podRuns(ref)).to.deep.equal(before)
  })
})

describe('a Node whose kubelet is silent', function () {
  this.timeout(300_000)
  const namespace = useNamespace('silent')
  const ref: StoreRef = { namespace, name: 'shop' }
  let node = ''
  after(async () => {
    if (node !== '') await signalKubelet(node, 'CONT')
  })

  it('is named, moves nobody while its pods run, and is forgotten when it is back', async () => {
    await applyStore(ref, { replicas: 3 })
    const { status } = await untilSettled(ref)
    const before = await podRuns(ref)
    const pods = await serverPods(ref)
    const replica = pods.find(({ metadata }) => metadata.name !== status?.primary)
    node = replica?.spec?.nodeName ?? ''

    await signalKubelet(node, 'STOP')
    const { message } = await untilStalled(ref, 'NodeNotReady')
    await signalKubelet(node, 'CONT')
    await untilHealed(ref)

    expect(message).to.contain(`Node ${node} of pod ${replica?.metadata.name}`)
    expect((await readStore(ref)).status).to.include({ primary: status?.primary, epoch: status?.epoch })
    // Its own pod the cluster has marked for deletion meanwhile, where it does not wait for minutes.
    const moved = replica?.metadata.name ?? ''
    const others = Object.entries(await podRuns(ref)).filter(([name]) => name !== moved)
    expect(others).to.deep.equal(Object.entries(before).filter(([name]) => name !== moved))
  })
})

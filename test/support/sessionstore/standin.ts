import { setTimeout as delay } from 'node:timers/promises'
import { BY_STORE, type Caches } from '../../../src/caches.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { toOperatorError } from '../../../src/kube/errors.ts'
import { type PersistentVolumeClaim, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import { keyOf, type Pod, type StatefulSet } from '../../../src/kube/types.ts'
import { TEST_MANAGER } from '../kube.ts'
import type { FakeServers } from './fakeservers.ts'
import { endPod, grantMemory, runNode, runPod } from './kubelet.ts'
import { adoptPods, grantClaim, orphanPods } from './volumes.ts'

const LOOK_EVERY_MS = 50

export type StandInOptions = Readonly<{
  client: KubeClient
  servers: FakeServers
  caches: () => Caches
  /** Default: 50. */
  lookEveryMs?: number
  /** Address of a pod. Default: one that all stores share. */
  ipOf?: (pod: string) => string
}>

/**
 * Stands for the controller of StatefulSets and the kubelets of every store that the caches show, until it is stopped:
 * makes pods that are missing, ends those that are deleted or too many, grants memory and larger volumes. Reads caches only.
 */
export class StandIn {
  readonly #options: StandInOptions
  readonly #nodes = new Set<string>()
  readonly #stop = new AbortController()
  readonly #work: Promise<void>

  constructor(options: StandInOptions) {
    this.#options = options
    this.#work = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await Promise.all(
        this.#options
          .caches()
          .statefulSets.list()
          .map((set) => this.#tend(set)),
      )
      await delay(this.#options.lookEveryMs ?? LOOK_EVERY_MS)
    }
  }

  async #tend(set: StatefulSet): Promise<void> {
    try {
      if (set.metadata.deletionTimestamp === undefined) await this.#follow(set)
      else await orphanPods(this.#options.client, refOf(set))
    } catch (error) {
      // The caches are behind, or the server has too much to do: the next look knows more.
      if (['Bug', 'Terminal'].includes(toOperatorError(error).retry)) throw error
    }
  }

  async #follow(set: StatefulSet): Promise<void> {
    const { client, servers, caches } = this.#options
    const size = set.spec?.replicas ?? 0
    if (hasOrphans(caches(), set)) await adoptPods(client, refOf(set))
    await this.#observe(set, size)
    const names = Array.from({ length: size }, (_, ordinal) => `${set.metadata.name}-${ordinal}`)
    const pods = podsOf(caches(), set)
    const isToEnd = ({ metadata }: Pod): boolean =>
      metadata.deletionTimestamp !== undefined || !names.includes(metadata.name)
    const { namespace = '' } = set.metadata
    for (const { metadata } of pods.filter(isToEnd)) await endPod(client, servers, { namespace, name: metadata.name })
    for (const name of names) {
      const pod = pods.find(({ metadata }) => metadata.name === name)
      if (!pod) await this.#start(set, name)
      else if (isMemoryDue(pod)) await grantMemory(client, { namespace, name })
    }
    const claims = caches().volumeClaims.byIndex(BY_STORE, keyOf(set))
    for (const claim of claims.filter(isGrowthDue)) await grantClaim(client, { namespace, name: claim.metadata.name })
  }

  async #start(set: StatefulSet, name: string): Promise<void> {
    const node = `node-${name.slice(set.metadata.name.length + 1)}`
    if (!this.#nodes.has(node)) await runNode(this.#options.client, node)
    this.#nodes.add(node)
    const ip = this.#options.ipOf?.(name)
    await runPod(this.#options.client, set, { name, canResize: true, ...(ip !== undefined && { ip }) })
  }

  async #observe(set: StatefulSet, replicas: number): Promise<void> {
    const { generation } = set.metadata
    if (set.status?.observedGeneration === generation && set.status?.replicas === replicas) return
    const body = { status: { observedGeneration: generation, replicas } }
    const options = { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER } as const
    await this.#options.client.patch(STATEFUL_SETS, set.metadata, options)
  }
}

function refOf({ metadata: { namespace = '', name } }: StatefulSet): Readonly<{ namespace: string; name: string }> {
  return { namespace, name }
}

/** Pods that a StatefulSet of the name, deleted without them, has left. */
function hasOrphans(caches: Caches, set: StatefulSet): boolean {
  return caches.pods.byIndex(BY_STORE, keyOf(set)).some(({ metadata }) => metadata.ownerReferences === undefined)
}

function podsOf(caches: Caches, set: StatefulSet): readonly Pod[] {
  const isOwned = ({ metadata }: Pod): boolean =>
    metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid) ?? false
  return caches.pods.byIndex(BY_STORE, keyOf(set)).filter(isOwned)
}

function isGrowthDue({ spec, status }: PersistentVolumeClaim): boolean {
  const wanted = spec?.resources?.requests?.['storage']
  return status?.phase === 'Bound' && status.capacity?.['storage'] !== wanted
}

function isMemoryDue({ spec, status }: Pod): boolean {
  const wanted = JSON.stringify(spec?.containers[0]?.resources)
  return status?.containerStatuses !== undefined && wanted !== JSON.stringify(status.containerStatuses[0]?.resources)
}

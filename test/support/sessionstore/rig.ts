import { type Caches, createCaches } from '../../../src/caches.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { EventRecord } from '../../../src/kube/events.ts'
import { type KubeMetrics, noMetrics } from '../../../src/kube/metrics.ts'
import type { ListOptions, WatchOptions } from '../../../src/kube/requests.ts'
import type { KubeObject, Resource } from '../../../src/kube/types.ts'
import { createBindingController } from '../../../src/sessionbinding/controller.ts'
import { createStoreController } from '../../../src/sessionstore/controller.ts'
import { recordingLog } from '../recording-log.ts'
import { until } from '../until.ts'
import { FakeRuntime, type FakeServers } from './fakeservers.ts'
import { readingWithin, type Scope } from './scope.ts'

/** A running operator that sees the namespaces of its scope; all but its servers is real. */
export type Rig = Readonly<{
  caches: Caches
  /** Every request of the operator but lists and watches, as `verb Kind[/subresource] name`. */
  requests: string[]
  /** Lists and watches, as `verb Kind`. */
  reads: string[]
  events: EventRecord[]
  runtimes: Map<string, FakeRuntime>
  /** Lines of its log. */
  log: ReturnType<typeof recordingLog>
  /** Asks for a reconcile of a store or binding and resolves when nothing is left to do. */
  settle(): Promise<void>
  wake(key: string): void
  stop(): Promise<void>
}>

export type RigOptions = Scope &
  Readonly<{
    client: KubeClient
    servers: FakeServers
    /** Default: nothing is counted. */
    metrics?: KubeMetrics
    /** How soon a kind that may not be read is tried again. Default: as in production. */
    forbiddenRetryMs?: number
  }>

/** Starts both controllers on the API server, over fake servers. */
export async function startRig(options: RigOptions): Promise<Rig> {
  const { client, servers, metrics = noMetrics, forbiddenRetryMs, ...scope } = options
  const requests: string[] = []
  const reads: string[] = []
  const events: EventRecord[] = []
  const log = recordingLog()
  const counted = countingClient(client, scope, { requests, reads })
  const retry = forbiddenRetryMs === undefined ? {} : { forbiddenRetryMs }
  const { caches, reflectors } = createCaches({ ...retry, client: counted, metrics, log })
  const runtimes = new Map<string, FakeRuntime>()
  const common = {
    client: counted,
    caches,
    log,
    metrics,
    nowMs: () => Date.now(),
    steadyMs: () => performance.now(),
    workers: 2,
  }
  const stores = createStoreController({
    ...common,
    events: { record: (event) => events.push(event) },
    clusterDomain: 'cluster.local',
    operatorNamespace: 'sessionstore-system',
    wakeBindings: (keys) => {
      for (const key of keys) bindings.queue.add(key)
    },
    createRuntime: (options) => {
      const runtime = new FakeRuntime(servers, options)
      runtimes.set('last', runtime)
      return runtime
    },
  })
  const bindings = createBindingController({
    ...common,
    isApplied: (key, binding) => stores.runtimes.get(key)?.memory.applied?.has(binding),
  })
  const [stopCaches, stop] = [new AbortController(), new AbortController()]
  for (const reflector of reflectors) void reflector.start(stopCaches.signal)
  await Promise.all(reflectors.map(({ synced }) => synced))
  const signals = { stop: stop.signal, abort: stop.signal }
  const work = Promise.all([stores.controller.run(signals), bindings.run(signals)])

  async function settle(): Promise<void> {
    // Quiet for two looks in a row: the watch brings back what was written, which is one more pass.
    let seen = -1
    let quiet = 0
    await until(
      () => {
        const queues = [stores.controller.queue, bindings.queue]
        // On a busy machine making a certificate takes longer than the looks are apart.
        const isIdle = queues.every((queue) => queue.length + queue.inWork === 0)
        quiet = isIdle && requests.length === seen ? quiet + 1 : 0
        seen = requests.length
        return quiet >= 3
      },
      { what: 'the operator to be quiet', deadlineMs: 20_000, everyMs: 200 },
    )
  }
  return {
    caches,
    requests,
    reads,
    events,
    runtimes,
    log,
    settle,
    wake: (key) => {
      stores.controller.queue.add(key)
      bindings.queue.add(key)
    },
    async stop() {
      stop.abort()
      await work
      stores.close()
      stopCaches.abort()
    },
  }
}

type Counts = Readonly<{ requests: string[]; reads: string[] }>

function countingClient(client: KubeClient, scope: Scope, { requests, reads }: Counts): KubeClient {
  type Ref = Readonly<{ name: string }>
  type Options = Readonly<{ subresource?: string }>
  function count(verb: string, resource: Resource, { name }: Ref, { subresource }: Options = {}): void {
    requests.push(`${verb} ${resource.kind}${subresource ? `/${subresource}` : ''} ${name}`)
  }
  const reading = readingWithin(client, scope)
  const counting = {
    list: (resource: Resource, options: ListOptions) => {
      reads.push(`list ${resource.kind}`)
      return reading.list(resource, options)
    },
    watch: (resource: Resource, options: WatchOptions) => {
      reads.push(`watch ${resource.kind}`)
      return reading.watch(resource, options)
    },
    get: (resource: Resource, ref: Ref, options: object) => {
      count('get', resource, ref)
      return client.get(resource, ref, options)
    },
    create: (resource: Resource, object: KubeObject, options: Parameters<KubeClient['create']>[2]) => {
      count('create', resource, object.metadata)
      return client.create(resource, object, options)
    },
    patch: (resource: Resource, ref: Ref, options: Parameters<KubeClient['patch']>[2]) => {
      count('patch', resource, ref, options)
      return client.patch(resource, ref, options)
    },
    delete: (resource: Resource, ref: Ref, options: Parameters<KubeClient['delete']>[2]) => {
      count('delete', resource, ref, options)
      return client.delete(resource, ref, options)
    },
  }
  return counting as unknown as KubeClient
}

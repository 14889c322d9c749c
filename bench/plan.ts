/** What a look at a store costs: one pass, 1,000 stores that did not change, and how soon an event becomes a write. */
import { parseArgs } from 'node:util'
import { SESSION_STORES } from '../src/api/v1alpha1/sessionstore.ts'
import type { KubeClient } from '../src/kube/client.ts'
import { type KubeMetrics, noMetrics } from '../src/kube/metrics.ts'
import { MemoryApi } from '../test/support/memory-api.ts'
import { FakeServers } from '../test/support/sessionstore/fakeservers.ts'
import { runPods } from '../test/support/sessionstore/kubelet.ts'
import { type Rig, startRig } from '../test/support/sessionstore/rig.ts'
import { until } from '../test/support/until.ts'
import { percentile, round } from './support/percentiles.ts'
import { publish, type Row } from './support/publish.ts'

const { values } = parseArgs({
  options: {
    stores: { type: 'string', default: '1000' },
    plans: { type: 'string', default: '2000' },
    events: { type: 'string', default: '200' },
    note: { type: 'string', default: '' },
  },
})
const [stores, plans, events] = [Number(values.stores), Number(values.plans), Number(values.events)] as const
const NAMESPACE = 'bench'
const fieldManager = 'bench'

/** An operator over an API in memory and fake servers, with the marks of its passes and of its first write. */
type World = Readonly<{ rig: Rig; client: KubeClient; marks: Marks }>
type Marks = { ended: number; startedMs: number; readonly passMs: number[]; firstWriteAtMs: number | undefined }

async function openWorld(count: number): Promise<World> {
  const marks: Marks = { ended: 0, startedMs: 0, passMs: [], firstWriteAtMs: undefined }
  const metrics: KubeMetrics = {
    ...noMetrics,
    controller: (name, options) => ({
      ...noMetrics.controller(name, options),
      started: () => {
        if (name === 'sessionstore') marks.startedMs = performance.now()
      },
      ended: () => {
        if (name !== 'sessionstore') return
        marks.ended += 1
        marks.passMs.push(performance.now() - marks.startedMs)
      },
    }),
  }
  const api = new MemoryApi()
  const { client } = api
  const noted = notingClient(client, marks)
  const servers = new FakeServers()
  const rig = await startRig({ client: noted, namespace: NAMESPACE, servers, metrics })
  for (let index = 0; index < count; index += 1) {
    const { apiVersion, kind } = SESSION_STORES
    const store = { apiVersion, kind, metadata: { namespace: NAMESPACE, name: `store-${index}` }, spec: {} }
    await client.create(SESSION_STORES, store, { fieldManager })
    await runPods(client, store.metadata)
  }
  const isReady = () =>
    rig.caches.stores.list().every(({ status }) => {
      const of = (type: string) => status?.conditions?.find((condition) => condition.type === type)?.status
      return of('Ready') === 'True' && of('Reconciling') === 'False'
    })
  await until(isReady, { what: `${count} stores to be Ready`, deadlineMs: 900_000, everyMs: 500 })
  await rig.settle()
  return { rig, client, marks }
}

function notingClient(client: KubeClient, marks: Marks): KubeClient {
  const note = (): void => {
    marks.firstWriteAtMs ??= performance.now()
  }
  const { create, patch } = client
  const calls: Pick<KubeClient, 'create' | 'patch'> = {
    create: (...given) => {
      note()
      return create(...given)
    },
    patch: (...given) => {
      note()
      return patch(...given)
    },
  }
  return { ...client, ...calls } as KubeClient
}

/** One look at a store at rest after the other: the plan, and all that is compared around it. */
async function measurePasses({ rig, marks }: World): Promise<readonly number[]> {
  marks.passMs.length = 0
  for (let count = 0; count < plans; count += 1) {
    const before = marks.ended
    rig.wake(`${NAMESPACE}/store-0`)
    await until(() => marks.ended > before, { what: 'a pass', deadlineMs: 10_000, everyMs: 1 })
  }
  return [...marks.passMs]
}

/** Every store is looked at again, none has changed; CPU of all passes, skip rule and status among them. */
async function measureAll({ rig, marks }: World): Promise<Readonly<{ tookMs: number; requests: number }>> {
  const before = marks.ended
  rig.requests.splice(0)
  const startMs = cpuMs()
  for (const { metadata } of rig.caches.stores.list()) rig.wake(`${NAMESPACE}/${metadata.name}`)
  await until(() => marks.ended >= before + stores, { what: 'all passes', deadlineMs: 120_000, everyMs: 5 })
  return { tookMs: cpuMs() - startMs, requests: rig.requests.length }
}

/** From the change of a spec to the first request that it causes. */
async function measureEvents({ rig, client, marks }: World): Promise<readonly number[]> {
  const tookMs: number[] = []
  for (let count = 0; count < events; count += 1) {
    await rig.settle()
    marks.firstWriteAtMs = undefined
    const body = { spec: { eviction: count % 2 === 0 ? 'allkeys-lru' : 'volatile-ttl' } }
    const startMs = performance.now()
    await client.patch(SESSION_STORES, { namespace: NAMESPACE, name: 'store-0' }, { kind: 'merge', body, fieldManager })
    const atMs = await until(() => marks.firstWriteAtMs, { what: 'a write', deadlineMs: 10_000, everyMs: 1 })
    tookMs.push(atMs - startMs)
  }
  return tookMs
}

/** CPU of this thread so far: what else the machine does is not in it. Some kernels count it in ticks of 4 ms: for sums only. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

function summary(what: string, tookMs: readonly number[]): Row {
  const at = (share: number): number => round(percentile(tookMs, share))
  return { what, times: tookMs.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

const one = await openWorld(1)
await measurePasses(one)
const planned = await measurePasses(one)
const written = await measureEvents(one)
await one.rig.stop()
const many = await openWorld(stores)
await measureAll(many)
const all = await measureAll(many)
await many.rig.stop()

const [planP50, planP99, writeP50] = [percentile(planned, 0.5), percentile(planned, 0.99), percentile(written, 0.5)]
const missed = [
  ...(planP50 > 1 ? [`plan of one store p50 ≤ 1 ms: ${round(planP50)} ms`] : []),
  ...(planP99 > 3 ? [`plan of one store p99 ≤ 3 ms: ${round(planP99)} ms`] : []),
  ...(all.tookMs > 1.5 * stores ? [`${stores} unchanged stores in ${1.5 * stores} ms: ${round(all.tookMs)} ms`] : []),
  ...(all.requests > 0 ? [`no request for an unchanged store: ${all.requests}`] : []),
  ...(writeP50 > 10 ? [`event → first write p50 ≤ 10 ms: ${round(writeP50)} ms`] : []),
]
publish({
  bench: 'plan',
  parameters: { stores, plans, events, ...(values.note === '' ? {} : { note: values.note }) },
  rows: [
    summary('pass over one store, time', planned),
    { what: `${stores} unchanged stores`, cpuMs: round(all.tookMs, 0), requests: all.requests },
    summary('event → first write, time', written),
  ],
  missed,
})
process.exit(missed.length > 0 ? 1 : 0)

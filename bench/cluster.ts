/** Real stores on the local cluster: from apply to Ready, and what the operator asks of the API server for it. */
import { parseArgs } from 'node:util'
import { SESSION_STORES } from '../src/api/v1alpha1/sessionstore.ts'
import { NAMESPACES, PODS } from '../src/kube/resources.ts'
import { callText, createObject, deleteObject, listObjects, mergePatch } from '../test/support/cluster/api.ts'
import { type AuditMark, isQuiet, isWrite, markAudit, requestsBetween } from '../test/support/cluster/audit.ts'
import { kubectl } from '../test/support/cluster/command.ts'
import { leaderPod, OPERATOR } from '../test/support/cluster/operator.ts'
import { applyStore, isSettled, readStore, untilSettled } from '../test/support/cluster/store.ts'
import { until } from '../test/support/until.ts'
import { percentile } from './support/percentiles.ts'
import { publish, type Row } from './support/publish.ts'
import { type Cost, costOf, type Page, parsePage } from './support/scrape.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    sizes: { type: 'string', default: '1,3,5' },
    stores: { type: 'string', default: '50' },
    'rest-seconds': { type: 'string', default: '20' },
    note: { type: 'string', default: '' },
  },
})
const [rounds, many, restSeconds] = [values.rounds, values.stores, values['rest-seconds']].map(Number) as [
  number,
  number,
  number,
]
const sizes = values.sizes.split(',').map(Number)
const namespace = `bench-${process.pid}`
/** The least that a store can be made of. */
const SMALLEST = { replicas: 1, capacity: { maxMemory: '64Mi', connections: 100 } } as const
const CREATE_LIMIT_MS = 180_000

await createObject(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
try {
  const rows: Row[] = []
  for (const replicas of sizes) rows.push(...(await oneStore(replicas)))
  if (many > 0) rows.push(...(await manyStores()))
  const note = values.note === '' ? {} : { note: values.note }
  publish({ bench: 'cluster', parameters: { rounds, stores: many, restSeconds, ...note }, rows, missed: [] })
} finally {
  await kubectl(['delete', 'sess', '--all', '-n', namespace, '--wait', '--timeout=180s'])
  await deleteObject(NAMESPACES, { name: namespace })
}

type Phase = Readonly<{ ms: number; requests: number; writes: number }>

/** Does it and counts what the operator asked for meanwhile, watches and its Lease left out. */
async function phase(act: () => Promise<unknown>): Promise<Phase> {
  const from = await markAudit()
  const startedMs = performance.now()
  await act()
  const ms = Math.round(performance.now() - startedMs)
  return { ms, ...(await countSince(from)) }
}

async function countSince(from: AuditMark): Promise<Omit<Phase, 'ms'>> {
  const all = await requestsBetween(from, await markAudit(), OPERATOR.username)
  const asked = all.filter((request) => !isQuiet(request))
  return { requests: asked.length, writes: asked.filter(isWrite).length }
}

async function oneStore(replicas: number): Promise<readonly Row[]> {
  const created: Phase[] = []
  const changed: Phase[] = []
  const rested: Phase[] = []
  for (let round = 0; round < rounds; round += 1) {
    const ref = { namespace, name: `one-${replicas}-${round}` }
    created.push(await phase(() => applyStore(ref, { ...SMALLEST, replicas }).then(() => untilSettled(ref))))
    changed.push(
      await phase(async () => {
        await mergePatch(SESSION_STORES, ref, { body: { spec: { eviction: 'noeviction' } } })
        await until(async () => (await readStore(ref)).status?.effective?.eviction === 'noeviction', {
          what: 'the change',
          deadlineMs: 60_000,
        })
        await untilSettled(ref)
      }),
    )
    rested.push(await phase(() => rest()))
    await kubectl(['delete', 'sess', ref.name, '-n', namespace, '--wait', '--timeout=60s'])
    await untilGone(ref.name)
  }
  const name = `${replicas} ${replicas === 1 ? 'member' : 'members'}`
  return [
    row(`create, ${name}`, created),
    row(`change of the spec, ${name}`, changed),
    row(`rest of ${restSeconds} s, ${name}`, rested),
  ]
}

/** As many of the smallest stores as become Ready in the time there is. */
async function manyStores(): Promise<readonly Row[]> {
  const names = Array.from({ length: many }, (_, index) => `many-${index}`)
  const ready = new Set<string>()
  const costs: Row[] = []
  const note = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    const before = await page()
    const counted = await phase(act)
    const { reconcileP50Ms, reconcileP99Ms, rssMiB, heapMiB }: Cost = costOf(before, await page())
    costs.push({ ...row(what, [counted]), reconcileP50Ms, reconcileP99Ms, rssMiB, heapMiB })
  }
  await note(`create ${many} stores of one member at once`, async () => {
    await Promise.all(names.map((name) => applyStore({ namespace, name }, SMALLEST)))
    const endMs = performance.now() + CREATE_LIMIT_MS
    await until(
      async () => {
        for (const store of await listObjects(SESSION_STORES, { namespace }))
          if (isSettled(store)) ready.add(store.metadata.name)
        return ready.size === many || performance.now() > endMs
      },
      { what: 'the stores', deadlineMs: CREATE_LIMIT_MS + 30_000, everyMs: 1000 },
    )
  })
  await note(`rest of ${restSeconds} s, ${ready.size} of ${many} Ready`, () => rest())
  return costs
}

async function page(): Promise<Page> {
  const { metadata } = await leaderPod()
  return parsePage(await callText(`/api/v1/namespaces/${OPERATOR.namespace}/pods/${metadata.name}:8080/proxy/metrics`))
}

function row(what: string, phases: readonly Phase[]): Row {
  const of = (pick: (phase: Phase) => number, share: number): number => percentile(phases.map(pick), share)
  return {
    phase: what,
    rounds: phases.length,
    p50Ms: of(({ ms }) => ms, 0.5),
    maxMs: of(({ ms }) => ms, 1),
    requestsP50: of(({ requests }) => requests, 0.5),
    requestsMax: of(({ requests }) => requests, 1),
    writesMax: of(({ writes }) => writes, 1),
  }
}

async function rest(): Promise<void> {
  const endMs = performance.now() + restSeconds * 1000
  await until(() => performance.now() >= endMs, { what: 'the rest', deadlineMs: (restSeconds + 10) * 1000 })
}

async function untilGone(store: string): Promise<void> {
  const labelSelector = `sessionstore.dev/store=${store}`
  await until(async () => (await listObjects(PODS, { namespace, labelSelector })).length === 0, {
    what: `no pod of ${store}`,
    deadlineMs: 120_000,
  })
}

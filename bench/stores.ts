/** The operator, as a process of its own, over many stores whose servers are stand-ins: memory, reconciles, requests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repoDir } from '../hack/paths.ts'
import { runCommand } from '../hack/processes.ts'
import { SESSION_STORES } from '../src/api/v1alpha1/sessionstore.ts'
import type { KubeClient } from '../src/kube/client.ts'
import { until } from '../test/support/until.ts'
import { withApiServer } from './support/apiserver.ts'
import { publish, type Row } from './support/publish.ts'
import { type Cost, costOf, type Page, scrape } from './support/scrape.ts'
import { Stand } from './support/stand.ts'

const { values } = parseArgs({
  options: {
    stores: { type: 'string', default: '300' },
    replicas: { type: 'string', default: '3' },
    'rest-seconds': { type: 'string', default: '60' },
    port: { type: 'string' },
    'metrics-port': { type: 'string', default: '28080' },
    note: { type: 'string', default: '' },
  },
})
const [count, replicas, restSeconds] = [values.stores, values.replicas, values['rest-seconds']].map(Number) as [
  number,
  number,
  number,
]
const METRICS = `http://127.0.0.1:${values['metrics-port']}/metrics`
const BUDGET_IDLE_MIB = 110
const BUDGET_MIB = 220
const NAMESPACE = 'bench'
/** What Node allows itself in the container of the chart, whose limit is 512 Mi. */
const HEAP = '--max-old-space-size=256'
let isStopping = false

await withApiServer(
  values.port === undefined ? {} : { port: Number(values.port) },
  async ({ kubeconfig, dir: state, port }) => {
    const stand = await Stand.open(kubeconfig, NAMESPACE)
    const dir = await build()
    putServiceAccount(dir, { kubeconfig, state })
    let operator = await startOperator(dir, port)
    try {
      const rows: Row[] = []
      const note = async (phase: string, act: () => Promise<void>, from?: Page): Promise<Cost> => {
        const before = from ?? (await scrape(METRICS))
        const startedMs = performance.now()
        await act()
        const cost = costOf(before, await scrape(METRICS))
        rows.push({ phase, seconds: Math.round((performance.now() - startedMs) / 1000), ...cost })
        console.log(rows.at(-1))
        return cost
      }
      const idle = await note('started, no store', async () => undefined, new Map())
      await note(`create ${count} stores until Ready`, () => createAll(stand.client))
      await note(`rest of ${restSeconds} s`, () => rest())
      await note('change of the spec of each', () => changeAll(stand.client))
      const used = await note(`rest of ${restSeconds} s after it`, () => rest())
      isStopping = true
      operator.kill('SIGTERM')
      await until(() => operator.exitCode !== null, { what: 'the end of the operator', deadlineMs: 30_000 })
      isStopping = false
      operator = await startOperator(dir, port)
      await note('restart, until every store was looked at', () => looked(), new Map())
      const missed = [
        ...(idle.rssMiB > BUDGET_IDLE_MIB ? [`memory idle ≤ ${BUDGET_IDLE_MIB} MiB: ${idle.rssMiB}`] : []),
        ...(used.rssMiB > BUDGET_MIB ? [`memory with ${count} stores ≤ ${BUDGET_MIB} MiB: ${used.rssMiB}`] : []),
      ]
      const more = values.note === '' ? {} : { note: values.note }
      publish({ bench: 'stores', parameters: { stores: count, replicas, restSeconds, ...more }, rows, missed })
      process.exitCode = missed.length > 0 ? 1 : 0
    } finally {
      isStopping = true
      operator.kill('SIGKILL')
      await stand.close()
    }
  },
)

/** The operator as its image has it: compiled, so that nothing that strips types is part of its memory. */
async function build(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-stores-'))
  const compiler = join(repoDir, 'node_modules', '.bin', 'tsc')
  await runCommand([compiler, '-p', join(repoDir, 'tsconfig.build.json'), '--outDir', join(dir, 'dist')], {
    cwd: repoDir,
  })
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  symlinkSync(join(repoDir, 'node_modules'), join(dir, 'node_modules'))
  return dir
}

/** What a kubelet mounts: the token of the administrator, and the authority of the API server. */
function putServiceAccount(dir: string, server: Readonly<{ kubeconfig: string; state: string }>): void {
  const { users } = JSON.parse(readFileSync(server.kubeconfig, 'utf8')) as Readonly<{
    users: readonly Readonly<{ user: Readonly<{ token: string }> }>[]
  }>
  writeFileSync(join(dir, 'token'), users[0]?.user.token ?? '', { mode: 0o600 })
  copyFileSync(join(server.state, 'tls', 'apiserver.crt'), join(dir, 'ca.crt'))
}

async function startOperator(dir: string, port: number): Promise<ChildProcess> {
  const flags = ['--lease-namespace', NAMESPACE, '--cluster-domain', 'cluster.local']
  const addresses = ['--metrics-address', `127.0.0.1:${values['metrics-port']}`, '--health-address', '127.0.0.1:0']
  const loader = join(import.meta.dirname, 'support', 'in-cluster.mjs')
  const program = [HEAP, '--import', loader, join(dir, 'dist', 'main.js')]
  const log = openSync(join(dir, 'operator.log'), 'a')
  console.log(`the operator's log is ${dir}/operator.log`)
  const words = [...program, 'operator', 'run', ...flags, ...addresses, '--log-level', 'warn']
  const address = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: String(port) }
  const env = { ...process.env, ...address, NODE_ENV: 'production', BENCH_SERVICE_ACCOUNT: dir }
  const child = spawn(process.execPath, words, { stdio: ['ignore', log, log], env })
  child.once('exit', (code) => {
    if (isStopping) return
    console.error(`Cannot go on: the operator ended with ${code}, its log is ${dir}/operator.log`)
    process.kill(process.pid, 'SIGINT')
  })
  const isLeading = async (): Promise<boolean> =>
    (await scrape(METRICS)).get('leader_election_master_status{name="sessionstore-operator"}') === 1
  await until(isLeading, { what: 'an operator that leads', deadlineMs: 60_000 })
  return child
}

async function createAll(client: KubeClient): Promise<void> {
  const { apiVersion, kind } = SESSION_STORES
  for (let index = 0; index < count; index += 1) {
    const metadata = { namespace: NAMESPACE, name: `store-${index}` }
    await client.create(SESSION_STORES, { apiVersion, kind, metadata, spec: { replicas } } as never, {
      fieldManager: 'bench',
    })
  }
  await untilAll(client, ({ status }) => isTrue(status, 'Ready'), 'to be Ready')
}

async function changeAll(client: KubeClient): Promise<void> {
  const change = { kind: 'merge', body: { spec: { eviction: 'noeviction' } }, fieldManager: 'bench' } as const
  for (let index = 0; index < count; index += 1)
    await client.patch(SESSION_STORES, { namespace: NAMESPACE, name: `store-${index}` }, change)
  await untilAll(client, ({ status }) => status?.effective?.eviction === 'noeviction', 'to follow')
}

type Store = Awaited<ReturnType<typeof storesOf>>[number]

async function storesOf(client: KubeClient) {
  return (await client.list(SESSION_STORES, { namespace: NAMESPACE, resourceVersion: '0' })).items
}

function untilAll(client: KubeClient, is: (store: Store) => boolean, what: string): Promise<unknown> {
  return until(
    async (see) => {
      const stores = await storesOf(client)
      const left = stores.filter((store) => !is(store))
      see(`${left.length} of ${stores.length} are not: ${JSON.stringify(left[0]?.status?.conditions)}`)
      return left.length === 0
    },
    { what: `${count} stores ${what}`, deadlineMs: 900_000, everyMs: 1000 },
  )
}

function isTrue(status: Store['status'], type: string): boolean {
  return status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false
}

async function rest(): Promise<void> {
  const endMs = performance.now() + restSeconds * 1000
  await until(() => performance.now() >= endMs, { what: 'the rest', deadlineMs: (restSeconds + 10) * 1000 })
}

/** No look of the data plane is awaited by a number: the reconciles of a fresh process are counted. */
async function looked(): Promise<void> {
  await until(async () => costOf(new Map(), await scrape(METRICS)).reconciles >= count * 2, {
    what: 'two reconciles of each store',
    deadlineMs: 120_000,
    everyMs: 1000,
  })
  await rest()
}

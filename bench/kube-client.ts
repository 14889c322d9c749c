/** Ours and plain @kubernetes/client-node side by side: requests, connections, CPU, memory, and recovery after a reset. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { KubeClient } from '../src/kube/client.ts'
import { CONFIG_MAPS, NAMESPACES } from '../src/kube/resources.ts'
import { adminAccess, adminClient, configMap, newNamespace, TEST_MANAGER, throughPort } from '../test/support/kube.ts'
import { inParallel } from '../test/support/parallel.ts'
import { startTcpProxy, type TcpProxy } from '../test/support/tcp-proxy.ts'
import { withApiServer } from './support/apiserver.ts'
import { AUDIT_ARGUMENTS, auditLog, writeAuditPolicy } from './support/audit.ts'
import { round } from './support/percentiles.ts'
import { publish, type Row } from './support/publish.ts'
import { type SideKind, type SideProcess, startSide } from './support/sideprocess.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000' },
    objects: { type: 'string', default: '10000' },
    /** How long a recovery is waited for. */
    patience: { type: 'string', default: '30' },
    port: { type: 'string' },
    note: { type: 'string', default: '' },
  },
})
const [requests, objects, patienceMs] = [
  Number(values.requests),
  Number(values.objects),
  Number(values.patience) * 1000,
] as const

type Bench = Readonly<{ admin: KubeClient; kubeconfig: string; dir: string; namespace: string }>
type Measured = Readonly<{ kind: SideKind; task: string }>

await writeAuditPolicy()
const port = values.port === undefined ? {} : { port: Number(values.port) }
await withApiServer({ ...port, args: AUDIT_ARGUMENTS }, async ({ kubeconfig, dir }) => {
  const admin = await adminClient(kubeconfig)
  const namespace = await newNamespace(admin)
  const names = Array.from({ length: objects }, (_, index) => `object-${index}`)
  await inParallel(names, (name) =>
    admin.create(CONFIG_MAPS, configMap({ namespace, name }, { text: 'x'.repeat(500) }), {
      fieldManager: TEST_MANAGER,
    }),
  )
  const bench = { admin, kubeconfig, dir, namespace }
  const rows: Row[] = []
  for (const task of ['idle', 'read', 'apply'] as const)
    for (const kind of ['ours', 'client-node'] as const) rows.push(await measureCalls(bench, { kind, task }))
  for (const kind of ['ours', 'client-node'] as const) rows.push(await measureInformer(bench, kind))
  for (const kind of ['ours', 'client-node', 'client-node, restarted'] as const)
    rows.push(await measureRecovery(bench, kind))
  await admin.delete(NAMESPACES, { name: namespace })
  await admin.close()
  const note = values.note === '' ? {} : { note: values.note }
  publish({ bench: 'kube-client', parameters: { requests, objects, inFlight: 16, ...note }, rows, missed: [] })
})

/** A side behind a proxy of its own, which counts its connections. */
async function withSide(
  { kubeconfig, dir, namespace }: Bench,
  { kind, task }: Measured,
  act: (side: SideProcess, proxy: TcpProxy) => Promise<Row>,
): Promise<Row> {
  const access = await adminAccess(kubeconfig)
  const proxy = await startTcpProxy(Number(new URL(access.server).port))
  const through = throughPort(access, proxy.port)
  const path = join(dir, 'kubeconfig-through-proxy')
  await writeFile(path, (await readFile(kubeconfig, 'utf8')).replaceAll(access.server, through.server), { mode: 0o600 })
  const count = task === 'follow' ? 0 : requests
  const audited = await auditLog()
  const side = startSide({ kind, task, namespace, count, kubeconfig: path, access: through })
  try {
    const row = await act(side, proxy)
    return { side: kind, ...row, requests: await audited.since(side.userAgents), connections: proxy.accepted() }
  } finally {
    side.kill()
    await proxy.close()
  }
}

function measureCalls(bench: Bench, what: Measured): Promise<Row> {
  return withSide(bench, what, async (side) => {
    const { tookMs, cpuMs, rssKiB } = await side.step('done', 300_000)
    const task = what.task === 'idle' ? 'imported, idle' : `${requests} ${what.task === 'read' ? 'reads' : 'applies'}`
    return { task, tookMs: round(tookMs, 0), cpuMs: round(cpuMs, 0), peakRssMiB: round(rssKiB / 1024, 0) }
  })
}

function measureInformer(bench: Bench, kind: SideKind): Promise<Row> {
  return withSide(bench, { kind, task: 'follow' }, async (side) => {
    const { tookMs, cpuMs, size } = await side.step('synced', 120_000)
    if (size !== objects) throw new Error(`Cannot compare: ${kind} holds ${size} objects, must be ${objects}`)
    const { rssKiB } = await side.end()
    const task = `informer over ${objects}`
    return { task, tookMs: round(tookMs, 0), cpuMs: round(cpuMs, 0), peakRssMiB: round(rssKiB / 1024, 0) }
  })
}

/** Every connection is reset, and an object is created: how long until it is seen. */
function measureRecovery(bench: Bench, kind: SideKind): Promise<Row> {
  return withSide(bench, { kind, task: 'follow' }, async (side, proxy) => {
    await side.step('synced', 120_000)
    // Seen by the watch: it is open then, and can be broken.
    const first = `before-reset-${Date.now()}`
    await create(bench, first)
    if (!(await side.hasSeen(first, 60_000))) throw new Error(`Cannot compare: ${kind} does not watch`)
    const name = `after-reset-${Date.now()}`
    const startMs = performance.now()
    proxy.cut()
    await create(bench, name)
    const isSeen = await side.hasSeen(name, patienceMs)
    const tookMs = isSeen ? round(performance.now() - startMs, 0) : `not within ${patienceMs / 1000} s`
    const { cpuMs, rssKiB } = await side.end()
    return { task: 'recovery', tookMs, cpuMs: round(cpuMs, 0), peakRssMiB: round(rssKiB / 1024, 0) }
  })
}

async function create({ admin, namespace }: Bench, name: string): Promise<void> {
  await admin.create(CONFIG_MAPS, configMap({ namespace, name }), { fieldManager: TEST_MANAGER })
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { KubeClient } from '../../../src/kube/client.ts'
import { hasCode } from '../../../src/kube/errors.ts'
import { CONFIG_MAPS, NAMESPACES } from '../../../src/kube/resources.ts'
import { CHILD, PARENT } from '../copy-operator.ts'
import { adminAccess, adminClient, configMap, newNamespace, TEST_MANAGER, throughPort } from '../kube.ts'
import { inParallel } from '../parallel.ts'
import { startTcpProxy } from '../tcp-proxy.ts'
import { type Random, randomOf } from '../topology/world/random.ts'
import { until } from '../until.ts'
import type { ChurnOrder, ChurnReport } from './program.ts'

export type ChurnOptions = Readonly<{
  kubeconfig: string
  /** How long objects are changed. */
  forMs: number
  /** Parents and their children, together. */
  objects: number
  changesPerSecond: number
  /** Every connection of the operator is reset this often. */
  cutEveryMs: number
  sampleEveryMs: number
  seed: number
  /** Told of each sample as it is taken. */
  onSample?: (sample: ChurnReport, elapsedMs: number) => void
}>

export type ChurnResult = Readonly<{
  samples: readonly ChurnReport[]
  changes: number
  cuts: number
  /** Children that do not say what their parent says, once all is quiet. */
  wrong: readonly string[]
  exitCode: number | null
}>

const fieldManager = TEST_MANAGER

/** Changes objects under an operator in a process of its own, cuts its connections, and looks at it all the while. */
export async function runChurn(options: ChurnOptions): Promise<ChurnResult> {
  const admin = await adminClient(options.kubeconfig)
  const access = await adminAccess(options.kubeconfig)
  const namespace = await newNamespace(admin)
  const proxy = await startTcpProxy(Number(new URL(access.server).port))
  const program = startProgram()
  try {
    const names = Array.from({ length: options.objects / 2 }, (_, index) => `parent-${index}`)
    await inParallel(names, (name) => put(admin, { namespace, name }, 'first'))
    program.tell({ kind: 'start', access: throughPort(access, proxy.port), namespace })
    await settled(program, options.objects)
    const world = { admin, namespace, names, program, cut: proxy.cut }
    const { samples, changes, cuts } = await disturb(world, options)
    const wrong = await lastingly(() => wrongChildren(admin, namespace))
    const last = await settled(program, options.objects)
    program.tell({ kind: 'stop' })
    return { samples: [...samples, last], changes, cuts, wrong, exitCode: await program.exit }
  } finally {
    program.kill()
    await proxy.close()
    await admin.delete(NAMESPACES, { name: namespace })
    await admin.close()
  }
}

type World = Readonly<{
  admin: KubeClient
  namespace: string
  names: readonly string[]
  program: Program
  cut: () => void
}>

async function disturb(world: World, options: ChurnOptions): Promise<Omit<ChurnResult, 'wrong' | 'exitCode'>> {
  const { admin, namespace, program, cut } = world
  const random = randomOf(options.seed)
  const samples: ChurnReport[] = []
  const startMs = performance.now()
  let [changes, cuts] = [0, 0]
  for (let elapsedMs = 0; elapsedMs < options.forMs; elapsedMs = performance.now() - startMs) {
    const owed = Math.floor((elapsedMs / 1000) * options.changesPerSecond) - changes
    for (let change = 0; change < owed; change += 1) await changeOne(world, random)
    changes += Math.max(0, owed)
    if (elapsedMs >= (cuts + 1) * options.cutEveryMs) {
      cut()
      cuts += 1
    }
    if (elapsedMs >= (samples.length + 1) * options.sampleEveryMs) {
      const sample = await program.sample()
      samples.push(sample)
      options.onSample?.(sample, elapsedMs)
      await wrongChildren(admin, namespace)
    }
    await delay(20)
  }
  return { samples, changes, cuts }
}

/** One of: a new value, a spoilt child, a lost child, a parent that goes and comes back. */
async function changeOne({ admin, namespace, names }: World, random: Random): Promise<void> {
  const name = random.pick(names) ?? ''
  const value = `v${random.below(1e9)}`
  const child = { namespace, name: `${name}-child` }
  const dice = random.below(100)
  if (dice < 80) await put(admin, { namespace, name }, value)
  else if (dice < 90) await patch(admin, child, 'spoilt')
  else await remove(admin, child)
  if (dice < 95) return
  await remove(admin, { namespace, name })
  await put(admin, { namespace, name }, value)
}

type Ref = Readonly<{ namespace: string; name: string }>

async function put(admin: KubeClient, ref: Ref, key: string): Promise<void> {
  if (await patch(admin, ref, key)) return
  await admin.create(CONFIG_MAPS, configMap({ ...ref, labels: PARENT }, { key }), { fieldManager })
}

/** False when there is no such object. */
async function patch(admin: KubeClient, ref: Ref, key: string): Promise<boolean> {
  try {
    await admin.patch(CONFIG_MAPS, ref, { kind: 'merge', body: { data: { key } }, fieldManager })
    return true
  } catch (error) {
    if (hasCode(error, 'NotFound')) return false
    throw error
  }
}

async function remove(admin: KubeClient, ref: Ref): Promise<void> {
  await admin.delete(CONFIG_MAPS, ref).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound')) throw error
  })
}

/** Ends the children of parents that are gone, as no garbage collector runs here, and names those that do not follow. */
async function wrongChildren(admin: KubeClient, namespace: string): Promise<readonly string[]> {
  const list = async (role: string) =>
    (await admin.list(CONFIG_MAPS, { namespace, labelSelector: `role=${role}` })).items
  const [children, parents] = [await list(CHILD.role), await list(PARENT.role)]
  const uids = new Set(parents.map(({ metadata }) => metadata.uid))
  const orphans = children.filter(({ metadata }) => !uids.has(metadata.ownerReferences?.[0]?.uid))
  await inParallel(orphans, ({ metadata }) => remove(admin, { namespace, name: metadata.name }))
  const said = new Map(children.map(({ metadata, data }) => [metadata.name, data?.['key']]))
  return parents
    .filter(({ metadata, data }) => said.get(`${metadata.name}-child`) !== data?.['key']?.toUpperCase())
    .map(({ metadata }) => metadata.name)
}

/** What is still wrong after half a minute; a child may be seconds behind. */
async function lastingly(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  let wrong: readonly string[] = []
  const isRight = async (): Promise<boolean> => {
    wrong = await look()
    return wrong.length === 0
  }
  await until(isRight, { what: 'children that follow', deadlineMs: 30_000, everyMs: 500 }).catch(() => false)
  return wrong
}

type Program = ReturnType<typeof startProgram>

function startProgram() {
  const file = new URL('./program.ts', import.meta.url).pathname
  const child: ChildProcess = fork(file, { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exit = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  const tell = (order: ChurnOrder): void => {
    child.send(order)
  }
  return {
    tell,
    exit,
    kill: () => child.kill('SIGKILL'),
    sample: async (): Promise<ChurnReport> => {
      const answer = once(child, 'message')
      tell({ kind: 'sample' })
      const [report] = await Promise.race([answer, exit.then((code) => Promise.reject(ended(code)))])
      return report as ChurnReport
    },
  }
}

function ended(code: number | null): Error {
  return new Error(`Cannot sample the operator: it ended with ${code}`)
}

function settled(program: Program, objects: number): Promise<ChurnReport> {
  return until(
    async (see) => {
      const sample = await program.sample()
      see(sample)
      return sample.objects === objects && sample.queued === 0 && sample
    },
    { what: 'a quiet operator with every object in its cache', deadlineMs: 120_000, everyMs: 500 },
  )
}

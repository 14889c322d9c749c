import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from './apiserver.ts'
import { buildSteps } from './cluster/builds.ts'
import { clusterEnvironment } from './cluster/environment.ts'
import { setUpCluster } from './cluster/prepare.ts'
import { programPath } from './paths.ts'
import { runMain, runSteps, type Step, say } from './steps.ts'
import { parseTestArguments, type TestArguments, testedEngines } from './test/arguments.ts'
import { saveClusterState } from './test/artifacts.ts'
import { printReport } from './test/report.ts'
import { failedTier, type RunOptions, runTier, type TierResult } from './test/run.ts'
import { setUpLimitMinutes, type TierName, tiers, totalLimitMinutes } from './test/tiers.ts'

const usage = `Usage: npm test [-- [unit] [contract] [cluster] [chaos] [--engines all] [arguments of mocha, as --grep WORD]]
Runs the tests tier by tier (all of them by default); what the later ones need is built meanwhile.
--engines all runs cluster and chaos once on each of ${testedEngines.join(', ')}, instead of once on the default of the
operator; some of them are named with commas, as "Redis 8.0,Redis 7.0".`

const startedMs = Date.now()

type SetUp = Readonly<{
  /** Resolves when etcd and kube-apiserver are there. */
  apiserver: Promise<void>
  /** Resolves with the environment of the cluster, when it stands with the operator in it. */
  cluster: Promise<NodeJS.ProcessEnv>
  tookMs: () => number
}>

/** Starts whatever the tiers need, in the background. */
function startSetUp(wanted: readonly TierName[]): SetUp {
  let tookMs = 0
  const apiserver = Promise.withResolvers<void>()
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Error(`Cannot set up the cluster: it took more than ${setUpLimitMinutes} minutes`)),
    setUpLimitMinutes * 60_000,
  )
  const cluster = Promise.race([prepare(wanted, apiserver.resolve), late.promise]).finally(() => {
    clearTimeout(timer)
    tookMs = Date.now() - startedMs
  })
  cluster.then(() => apiserver.resolve(), apiserver.reject)
  // Whoever awaits it gets the error; until then it must not end the process.
  apiserver.promise.catch(() => undefined)
  return { apiserver: apiserver.promise, cluster, tookMs: () => tookMs }
}

async function prepare(wanted: readonly TierName[], tellApiserver: () => void): Promise<NodeJS.ProcessEnv> {
  const needs = new Set(wanted.map((tier) => tiers[tier].needs))
  if (needs.has('cluster')) {
    const machine = await setUpCluster((steps) => announced(steps, tellApiserver))
    return clusterEnvironment(machine.way)
  }
  if (needs.has('apiserver')) await runSteps(buildSteps(['kube-apiserver', 'etcd', 'kubectl']))
  return {}
}

/** The steps, of which the one that builds kubectl also tells that it is done: the programs of the contract tests come before it. */
function announced(steps: readonly Step[], tell: () => void): readonly Step[] {
  if (!steps.some((step) => step.name === 'build etcd')) return steps
  return steps.map((step) => {
    if (step.name !== 'build kubectl') return step
    return {
      ...step,
      run: async (log) => {
        const note = await step.run(log)
        tell()
        return note
      },
    }
  })
}

async function runContract(setUp: SetUp, options: RunOptions): Promise<TierResult> {
  await setUp.apiserver
  if (!existsSync(programPath('kube-apiserver'))) return runTier('contract', await setUp.cluster, options)
  const server = await startApiServer({ dir: join(tmpdir(), `sessionstore-contract-${process.pid}`) })
  // Ctrl-C ends this process before a finally block: the two programs would stay.
  const interrupted = () => void server.stop().then(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
  try {
    return await runTier('contract', { ...clusterEnvironment('packages'), KUBECONFIG: server.kubeconfig }, options)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
    await server.stop()
  }
}

async function runOnCluster(tier: TierName, setUp: SetUp, options: RunOptions): Promise<TierResult> {
  const { engine } = options
  const env = { ...(await setUp.cluster), ...(engine && { SESSIONSTORE_ENGINE: engine }) }
  const result = await runTier(tier, env, options)
  if (result.failed.length > 0) say(`the state of the cluster is saved in ${await saveClusterState(tier, env)}`)
  return result
}

/** Runs one tier, on an engine if one is named; what it needs and does not get is a failure of the tier. */
async function runOne({ tier, engine }: Run, setUp: SetUp, mochaArguments: readonly string[]): Promise<TierResult> {
  const tierStartedMs = Date.now()
  // A run on engines of one's own choice is long, and nobody's CI ends it.
  const leftMinutes = engine ? Number.POSITIVE_INFINITY : totalLimitMinutes - (tierStartedMs - startedMs) / 60_000
  const limitMinutes = Math.max(1, Math.min(tiers[tier].limitMinutes, leftMinutes))
  const options: RunOptions = { mochaArguments, limitMinutes, ...(engine && { engine }) }
  say(`tier ${tier}${engine ? ` on ${engine}` : ''}: budget ${tiers[tier].budgetMinutes} min`)
  try {
    if (tiers[tier].needs === 'nothing') return await runTier(tier, process.env, options)
    if (tiers[tier].needs === 'apiserver') return await runContract(setUp, options)
    return await runOnCluster(tier, setUp, options)
  } catch (error) {
    return failedTier(tier, error instanceof Error ? error.message : String(error), tierStartedMs)
  }
}

type Run = Readonly<{ tier: TierName; engine?: string }>

/** Only what stores run on a cluster differs between engines. */
function runsOf({ tiers: wanted, engines }: TestArguments): readonly Run[] {
  return wanted.flatMap((tier): readonly Run[] =>
    engines.length > 0 && tiers[tier].needs === 'cluster' ? engines.map((engine) => ({ tier, engine })) : [{ tier }],
  )
}

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  if (words.includes('--help')) {
    console.log(usage)
    return
  }
  const parsed = parseTestArguments(words)
  const setUp = startSetUp(parsed.tiers)
  const results: TierResult[] = []
  for (const run of runsOf(parsed)) results.push(await runOne(run, setUp, parsed.mochaArguments))
  printReport(results, setUp.tookMs(), Date.now() - startedMs)
  // A set-up that hangs must not keep the process alive.
  process.exit(results.some((result) => result.failed.length > 0) ? 1 : 0)
}

await runMain(main)

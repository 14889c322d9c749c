import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from './apiserver.ts'
import { buildSteps } from './cluster/builds.ts'
import { clusterEnvironment } from './cluster/environment.ts'
import { planCluster } from './cluster/plan.ts'
import { prepareMachine } from './cluster/prepare.ts'
import { runMain, runSteps, type Step, say } from './steps.ts'
import { saveClusterState } from './test/artifacts.ts'
import { printReport } from './test/report.ts'
import { failedTier, runTier, type TierResult } from './test/run.ts'
import { type TierName, tierNames, tiers } from './test/tiers.ts'

const usage = `Usage: npm test [-- [unit] [contract] [cluster] [chaos] [mocha's arguments, as --grep WORD]]
Runs the tests tier by tier (all of them by default); what the later ones need is built meanwhile.`

type SetUp = Readonly<{
  /** Resolves when etcd and kube-apiserver are there. */
  apiserver: Promise<void>
  /** Resolves with the environment of the cluster, when it stands with the operator in it. */
  cluster: Promise<NodeJS.ProcessEnv>
  tookMs: () => number
}>

/** Starts whatever the tiers need, in the background. */
function startSetUp(wanted: readonly TierName[]): SetUp {
  const startedMs = Date.now()
  let tookMs = 0
  const apiserver = Promise.withResolvers<void>()
  async function build(): Promise<NodeJS.ProcessEnv> {
    const needs = new Set(wanted.map((tier) => tiers[tier].needs))
    if (needs.has('cluster')) {
      const machine = await prepareMachine()
      await runSteps(announced(planCluster(machine), apiserver.resolve))
      return clusterEnvironment(machine.way)
    }
    if (needs.has('apiserver'))
      await runSteps(announced(buildSteps(['kube-apiserver', 'etcd', 'kubectl']), apiserver.resolve))
    return {}
  }
  const cluster = build().finally(() => {
    tookMs = Date.now() - startedMs
  })
  cluster.catch(apiserver.reject)
  // Whoever awaits it gets the error; until then it must not end the process.
  apiserver.promise.catch(() => undefined)
  return { apiserver: apiserver.promise, cluster, tookMs: () => tookMs }
}

/** The steps, of which the one that builds kubectl also tells that it is done: the programs of the contract tests come before it. */
function announced(steps: readonly Step[], tell: () => void): readonly Step[] {
  return steps.map((step) => {
    if (step.name !== 'build kubectl') return step
    return { ...step, run: (log) => step.run(log).finally(tell) }
  })
}

async function runContract(setUp: SetUp, mochaArguments: readonly string[]): Promise<TierResult> {
  await setUp.apiserver
  const server = await startApiServer({ dir: join(tmpdir(), `sessionstore-contract-${process.pid}`) })
  try {
    return await runTier(
      'contract',
      { ...clusterEnvironment('packages'), KUBECONFIG: server.kubeconfig },
      { mochaArguments },
    )
  } finally {
    await server.stop()
  }
}

async function runOnCluster(tier: TierName, setUp: SetUp, mochaArguments: readonly string[]): Promise<TierResult> {
  const env = await setUp.cluster
  const result = await runTier(tier, env, { mochaArguments })
  if (result.failed.length > 0) say(`the state of the cluster is saved in ${await saveClusterState(tier, env)}`)
  return result
}

/** Runs one tier; what it needs and does not get is a failure of the tier. */
async function runOne(tier: TierName, setUp: SetUp, mochaArguments: readonly string[]): Promise<TierResult> {
  const startedMs = Date.now()
  say(`tier ${tier}: budget ${tiers[tier].budgetMinutes} min`)
  try {
    if (tiers[tier].needs === 'nothing') return await runTier(tier, process.env, { mochaArguments })
    if (tiers[tier].needs === 'apiserver') return await runContract(setUp, mochaArguments)
    return await runOnCluster(tier, setUp, mochaArguments)
  } catch (error) {
    return failedTier(tier, error instanceof Error ? error.message : String(error), startedMs)
  }
}

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  if (words.includes('--help')) {
    console.log(usage)
    return
  }
  const startedMs = Date.now()
  const isTier = (word: string): word is TierName => tierNames.some((name) => name === word)
  const first = words.findIndex((word) => !isTier(word))
  const named = words.slice(0, first === -1 ? undefined : first).filter(isTier)
  const mochaArguments = first === -1 ? [] : words.slice(first)
  const wanted = named.length > 0 ? tierNames.filter((tier) => named.includes(tier)) : tierNames
  const setUp = startSetUp(wanted)
  const results: TierResult[] = []
  for (const tier of wanted) results.push(await runOne(tier, setUp, mochaArguments))
  printReport(results, setUp.tookMs(), Date.now() - startedMs)
  if (results.some((result) => result.failed.length > 0)) process.exitCode = 1
}

await runMain(main)

import { clusterEnvironment } from './cluster/environment.ts'
import { planCluster } from './cluster/plan.ts'
import { prepareMachine } from './cluster/prepare.ts'
import { runMain, runSteps, say } from './steps.ts'
import { saveClusterState } from './test/artifacts.ts'
import { printReport } from './test/report.ts'
import { runTier } from './test/run.ts'

/** How many times more rounds than in `npm test`; `npm run chaos -- FACTOR` sets another. */
const defaultFactor = 10

async function main(): Promise<void> {
  const [factor = String(defaultFactor), ...mochaArguments] = process.argv.slice(2)
  if (!(Number(factor) > 0)) throw new Error(`Cannot run chaos: the factor is ${factor}, must be a number above 0`)
  const startedMs = Date.now()
  const machine = await prepareMachine()
  await runSteps(planCluster(machine))
  const setUpMs = Date.now() - startedMs
  const env = { ...clusterEnvironment(machine.way), SESSIONSTORE_CHAOS_FACTOR: factor }
  const result = await runTier('chaos', env, { mochaArguments, limitFactor: Number(factor) })
  if (result.failed.length > 0) say(`the state of the cluster is saved in ${await saveClusterState('chaos', env)}`)
  printReport([result], setUpMs, Date.now() - startedMs)
  if (result.failed.length > 0) process.exitCode = 1
}

await runMain(main)

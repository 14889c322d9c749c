import { clusterEnvironment } from './cluster/environment.ts'
import { setUpCluster } from './cluster/prepare.ts'
import { runMain, say } from './steps.ts'
import { saveClusterState } from './test/artifacts.ts'
import { printReport } from './test/report.ts'
import { runTier } from './test/run.ts'
import { tiers } from './test/tiers.ts'

/** How many times more rounds than in `npm test`; `npm run chaos -- FACTOR` sets another. */
const defaultFactor = 10

async function main(): Promise<void> {
  const [factor = String(defaultFactor), ...mochaArguments] = process.argv.slice(2)
  if (!(Number(factor) > 0)) throw new Error(`Cannot run chaos: the factor is ${factor}, must be a number above 0`)
  const startedMs = Date.now()
  const machine = await setUpCluster()
  const setUpMs = Date.now() - startedMs
  const env = { ...clusterEnvironment(machine.way), SESSIONSTORE_CHAOS_FACTOR: factor }
  const result = await runTier('chaos', env, {
    mochaArguments,
    limitMinutes: tiers.chaos.limitMinutes * Number(factor),
  })
  if (result.failed.length > 0) say(`the state of the cluster is saved in ${await saveClusterState('chaos', env)}`)
  printReport([result], setUpMs, Date.now() - startedMs)
  if (result.failed.length > 0) process.exitCode = 1
}

await runMain(main)

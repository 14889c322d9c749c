import { existsSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { dropEngineData, stopEngine } from './cluster/engine.ts'
import { clusterEnvironment } from './cluster/environment.ts'
import { deleteCluster } from './cluster/kind.ts'
import { containerIds, findEngineProcesses } from './cluster/leftovers.ts'
import { withLock } from './cluster/lock.ts'
import { inspectMachine, type Machine } from './cluster/machine.ts'
import { unmountBelow } from './cluster/mounts.ts'
import { rootfsDir, stateDir } from './cluster/places.ts'
import { findDifferences, readKept, removeMadeFolders, type Snapshot } from './cluster/snapshot.ts'
import { cacheDir } from './paths.ts'
import { tryCommand, until } from './processes.ts'
import { runMain, runSteps, type Step, say } from './steps.ts'

const usage = `Usage: npm run down [-- --drop-cache]
Deletes the local cluster with its engine and network, and fails if anything is left that was not there before "npm run up".
  --drop-cache  also removes the downloads and builds in ${cacheDir}`

function downSteps(machine: Machine, before: Snapshot | undefined): readonly Step[] {
  const hint = 'run "npm run down" again; the log tells what could not be removed'
  const containers = containerIds()
  const isOwnEngine = machine.way === 'packages'
  const steps: Step[] = [
    {
      name: 'delete cluster',
      hint,
      run: async (log) => {
        // An engine that was killed has nobody to ask: its remains are removed one by one in the next step.
        if (
          isOwnEngine &&
          (await tryCommand(['docker', 'version'], { env: clusterEnvironment('packages'), timeoutMs: 10_000 })).code !==
            0
        ) {
          return 'the engine does not answer'
        }
        await deleteCluster(machine, log)
        return undefined
      },
    },
  ]
  if (isOwnEngine) steps.push({ name: 'stop engine', needs: ['delete cluster'], hint, run: stopOwnEngine })
  else steps.push({ name: 'remove network', needs: ['delete cluster'], hint, run: () => removeKindNetwork(before) })
  steps.push({
    name: 'compare with the list taken before',
    needs: [isOwnEngine ? 'stop engine' : 'remove network'],
    hint: 'look at what is named above; end or remove it by hand, then run "npm run down" again',
    run: () => compare(before, containers),
  })
  return steps
}

async function stopOwnEngine(): Promise<string> {
  const processes = findEngineProcesses().length
  await stopEngine()
  dropEngineData()
  return `${processes} processes ended`
}

/** kind leaves its network in the engine; one that was there before stays. */
async function removeKindNetwork(before: Snapshot | undefined): Promise<string> {
  const bridge = await tryCommand(['docker', 'network', 'inspect', 'kind', '--format', '{{slice .Id 0 12}}'])
  if (bridge.code !== 0 || before?.links.includes(`br-${bridge.stdout.trim()}`)) return 'kept'
  return (await tryCommand(['docker', 'network', 'rm', 'kind'])).code === 0 ? 'removed' : 'in use by other clusters'
}

async function compare(before: Snapshot | undefined, containers: readonly string[]): Promise<string> {
  if (!before) return 'there is no list of this boot of the machine'
  await removeMadeFolders(before)
  // The kernel takes namespaces, links and cgroups away a moment after their last user.
  const options = { timeoutMs: 15_000, everyMs: 500 }
  await until('nothing left', async () => (await findDifferences(before, containers)).length === 0, options).catch(
    () => undefined,
  )
  const left = await findDifferences(before, containers)
  if (left.length > 0)
    throw new Error(`Cannot end "down": ${left.length} things are left\n${left.map((line) => `  ${line}`).join('\n')}`)
  const { mounts, namespaces, links, routes, cgroups, processes } = before
  return `as before: ${mounts.length} mounts, ${namespaces.length} namespaces, ${links.length} links, ${routes.length} routes, ${cgroups.length} cgroups; ${processes.length} processes known, no stray one`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'drop-cache': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    console.log(usage)
    return
  }
  if (existsSync(stateDir)) {
    await withLock(async () => {
      await runSteps(downSteps(await inspectMachine(), readKept()))
      rmSync(stateDir, { recursive: true, force: true })
    })
  } else say('there is no cluster')
  if (values['drop-cache']) {
    await unmountBelow(rootfsDir)
    rmSync(cacheDir, { recursive: true, force: true })
    say(`removed ${cacheDir}`)
  }
}

await runMain(main)

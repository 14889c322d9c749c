import { delimiter } from 'node:path'
import { clusterEnvironment, ownProgramDirs } from './cluster/environment.ts'
import type { Machine } from './cluster/machine.ts'
import { engine, kubeconfigFile } from './cluster/places.ts'
import { setUpCluster } from './cluster/prepare.ts'
import { runDemonstration } from './demo.ts'
import { runMain, say } from './steps.ts'

/** How a person's shell gets at the cluster. */
function describeUse(machine: Machine): string {
  const lines = [
    `export KUBECONFIG=${kubeconfigFile}`,
    `export PATH=${ownProgramDirs(machine.way).join(delimiter)}:$PATH`,
    ...(machine.way === 'packages' ? [`export DOCKER_HOST=unix://${engine.socket}`] : []),
  ]
  return lines.join('\n')
}

async function main(): Promise<void> {
  const machine = await setUpCluster()
  await runDemonstration(clusterEnvironment(machine.way))
  say('the cluster is up; use it with')
  console.log(describeUse(machine))
  console.log('kubectl get sess -A')
}

await runMain(main)

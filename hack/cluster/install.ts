import { join } from 'node:path'
import { repoDir } from '../paths.ts'
import { runCommand, until } from '../processes.ts'
import { clusterEnvironment } from './environment.ts'
import type { Machine } from './machine.ts'
import { makeOperatorImage } from './ownimages.ts'

/** Release, chart and ServiceAccount of the operator. */
export const operatorName = 'sessionstore-operator'

/** Namespace that the operator is installed in. */
export const operatorNamespace = 'sessionstore-system'

/** Installs the chart, or upgrades what is there; new sources roll the pods, as their digest is an annotation of the pod. */
export async function installOperator(machine: Machine, logFile: string): Promise<string> {
  const env = clusterEnvironment(machine.way)
  const { key } = await makeOperatorImage(machine, logFile)
  const chart = join(repoDir, 'charts', operatorName)
  const place = ['--namespace', operatorNamespace, '--create-namespace']
  const settings = ['--set-string', `podAnnotations.sessionstore\\.dev/sources=${key}`]
  await runCommand(
    [
      'helm',
      'upgrade',
      '--install',
      operatorName,
      chart,
      ...place,
      ...settings,
      '--take-ownership',
      '--wait',
      '--timeout=180s',
    ],
    { env, logFile },
  )
  const leader = await findLeader(env)
  return `two replicas, ${leader} leads`
}

/** The pod that holds the operator's Lease. */
export function findLeader(env: NodeJS.ProcessEnv, not?: string): Promise<string> {
  const query = ['get', 'lease', operatorName, '--output=jsonpath={.spec.holderIdentity}']
  return until(
    'a leader of the operator',
    async () => {
      const holder = (await runCommand(['kubectl', '--namespace', operatorNamespace, ...query], { env })).trim()
      const names = await runCommand(['kubectl', '--namespace', operatorNamespace, 'get', 'pods', '--output=name'], {
        env,
      })
      const pods = names
        .trim()
        .split('\n')
        .map((line) => line.replace('pod/', ''))
      // An identity names the process; the pod's name is its beginning.
      return pods.find((pod) => pod !== not && pod !== '' && holder.startsWith(pod))
    },
    { timeoutMs: 60_000, everyMs: 200 },
  )
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryCommand } from '../processes.ts'
import { artifactsDir } from './run.ts'

/** Saves what tells why a tier on the cluster failed: every object but Secrets, events, logs of every container. */
export async function saveClusterState(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const dir = join(artifactsDir, `cluster-after-${name}`)
  mkdirSync(dir, { recursive: true })
  async function save(file: string, words: readonly string[]): Promise<string> {
    const { stdout, stderr } = await tryCommand(['kubectl', ...words], { env, timeoutMs: 60_000 })
    if (stdout !== '') writeFileSync(join(dir, file), stdout)
    return stdout || stderr
  }
  const kinds =
    'sessionstores,sessionbindings,statefulsets,deployments,pods,services,endpointslices,configmaps,leases,poddisruptionbudgets,persistentvolumeclaims'
  await save('objects.yaml', ['get', kinds, '--all-namespaces', '--output=yaml'])
  await save('nodes.txt', ['describe', 'nodes'])
  await save('events.txt', ['get', 'events', '--all-namespaces', '--sort-by=.metadata.creationTimestamp'])
  const template = '{range .items[*]}{.metadata.namespace} {.metadata.name}{"\\n"}{end}'
  const list = await save('pods.txt', ['get', 'pods', '--all-namespaces', `--output=jsonpath=${template}`])
  for (const line of list.trim().split('\n')) {
    const [namespace = '', pod = ''] = line.split(' ')
    if (pod === '') continue
    const words = ['logs', '--namespace', namespace, pod, '--all-containers', '--prefix', '--timestamps']
    await save(`${namespace}-${pod}.log`, words)
    await save(`${namespace}-${pod}-previous.log`, [...words, '--previous'])
  }
  return dir
}

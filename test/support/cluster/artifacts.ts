import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PODS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { callText, listObjects, pathOf } from './api.ts'
import { tryKubectl } from './command.ts'
import { OPERATOR } from './operator.ts'
import { artifactsDir } from './report.ts'

/** Every kind that a failure may show in; Secrets never. */
const KINDS = [
  'sessionstores',
  'sessionbindings',
  'statefulsets',
  'pods',
  'services',
  'endpointslices',
  'configmaps',
  'serviceaccounts',
  'poddisruptionbudgets',
  'leases',
  'deployments',
] as const

/** Log of a pod's containers; `previous` is that of the run before. Empty when there is none. */
export async function podLog(pod: Pod, options: Readonly<{ previous?: boolean }> = {}): Promise<string> {
  const { namespace = '', name } = pod.metadata
  const containers = pod.spec?.containers ?? []
  const logs = await Promise.all(
    containers.map((container) => {
      const query = { container: container.name, ...(options.previous ? { previous: 'true' } : {}) }
      return callText(pathOf(PODS, { namespace, name }, 'log'), { query }).catch(() => '')
    }),
  )
  return logs.join('\n')
}

/** YAML of everything in a namespace but Secrets, status included. */
export async function dumpNamespace(namespace: string): Promise<string> {
  return (await tryKubectl(['get', KINDS.join(','), '-n', namespace, '-o', 'yaml'])).stdout
}

export async function dumpEvents(namespace: string): Promise<string> {
  return (await tryKubectl(['get', 'events.events.k8s.io', '-n', namespace, '-o', 'yaml'])).stdout
}

/** Saves logs, events and objects of the test's namespace and of the operator's to artifacts/<test>/. */
export async function saveArtifacts(title: string, namespaces: readonly string[]): Promise<string> {
  const dir = join(artifactsDir, title.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 100))
  await mkdir(dir, { recursive: true })
  for (const namespace of new Set([...namespaces, OPERATOR.namespace])) {
    await writeFile(join(dir, `${namespace}.yaml`), await dumpNamespace(namespace))
    await writeFile(join(dir, `${namespace}-events.yaml`), await dumpEvents(namespace))
    for (const pod of await listObjects(PODS, { namespace }).catch(() => [])) {
      const file = join(dir, `${namespace}-${pod.metadata.name}`)
      await writeFile(`${file}.log`, await podLog(pod))
      const previous = await podLog(pod, { previous: true })
      if (previous !== '') await writeFile(`${file}-previous.log`, previous)
    }
  }
  await writeFile(join(dir, 'nodes.txt'), (await tryKubectl(['describe', 'nodes'])).stdout)
  return dir
}

import { randomBytes } from 'node:crypto'
import type { Access } from '../../src/kube/auth.ts'
import { createKubeClient, KubeClient } from '../../src/kube/client.ts'
import { kubeconfigAccess } from '../../src/kube/kubeconfig.ts'
import { type KubeMetrics, noMetrics } from '../../src/kube/metrics.ts'
import { pathOf } from '../../src/kube/requests.ts'
import { NAMESPACES } from '../../src/kube/resources.ts'
import { Transport, type TransportOptions } from '../../src/kube/transport.ts'
import type { ConfigMap, KubeObject, Resource } from '../../src/kube/types.ts'

/** Field manager of what tests write by hand. */
export const TEST_MANAGER = 'kube-contract'

/** The kubeconfig of the API server that the runner started. */
export function kubeconfigPath(): string {
  const path = process.env['KUBECONFIG']
  if (!path) throw new Error('Cannot run contract tests: KUBECONFIG is not set, must name a kubeconfig')
  return path
}

/** The administrator's access to the API server of the run. */
export async function adminAccess(path = kubeconfigPath()): Promise<Access> {
  return (await kubeconfigAccess({ path })).current()
}

/** The administrator's client, straight to the API server of the run. */
export function adminClient(path = kubeconfigPath()): Promise<KubeClient> {
  return createKubeClient({ kubeconfig: path })
}

/** A client with this access, which never changes. */
export function clientWith(
  access: Access,
  { metrics = noMetrics, ...options }: Partial<TransportOptions> & Readonly<{ metrics?: KubeMetrics }> = {},
): KubeClient {
  const source = { current: async () => access, refresh: async () => access }
  return new KubeClient(new Transport({ access: source, ...options }), { metrics })
}

/** The same access through a port of 127.0.0.1. */
export function throughPort(access: Access, port: number): Access {
  return { ...access, server: `https://127.0.0.1:${port}` }
}

/** A name that no other test has. */
export function newName(): string {
  return `kube-${randomBytes(4).toString('hex')}`
}

/** A namespace of its own for one test file. */
export async function newNamespace(client: KubeClient, name = newName()): Promise<string> {
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await client.create(NAMESPACES, namespace, { fieldManager: TEST_MANAGER })
  return name
}

/** A ConfigMap of a few bytes. */
export function configMap(
  ref: Readonly<{ namespace: string; name: string; labels?: Readonly<Record<string, string>> }>,
  data: Readonly<Record<string, string>> = { key: 'value' },
): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...ref }, data }
}

/** The error that `promise` rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('Expected a rejection, but the promise was resolved')
}

/** Deletes every object of the kinds in a namespace at once, as nobody collects garbage here; kinds that are not served have none. */
export async function deleteAll(access: Access, namespace: string, resources: readonly Resource[]): Promise<void> {
  const transport = new Transport({ access: { current: async () => access, refresh: async () => access } })
  try {
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 })
    const deletions = resources.map(async (resource) => {
      const call = { method: 'DELETE', path: pathOf(resource, { namespace }), contentType: 'application/json' } as const
      const { status, text } = await transport.request({ ...call, body, isIdempotent: true, timeoutMs: 30_000 })
      if (status !== 200 && status !== 404) throw new Error(`Cannot delete every ${resource.kind}: ${status} ${text}`)
    })
    await Promise.all(deletions)
  } finally {
    await transport.close()
  }
}

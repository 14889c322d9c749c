import { TEST_MANAGER } from '../../test/support/kube.ts'
import { inParallel } from '../../test/support/parallel.ts'
import type { Side } from './side.ts'

/** Our client, with the access that the parent read for it: in a cluster nobody reads a kubeconfig either. */
export async function createOurSide(width: number): Promise<Side> {
  const { KubeClient } = await import('../../src/kube/client.ts')
  const { Reflector } = await import('../../src/kube/reflector.ts')
  const { CONFIG_MAPS } = await import('../../src/kube/resources.ts')
  const { Transport } = await import('../../src/kube/transport.ts')
  const access = JSON.parse(process.env['BENCH_ACCESS'] ?? '{}')
  const client = new KubeClient(
    new Transport({ access: { current: async () => access, refresh: async () => access }, maxInFlight: width }),
  )
  return {
    read: (namespace, names) => inParallel(names, (name) => client.get(CONFIG_MAPS, { namespace, name }), { width }),
    apply: (namespace, names) =>
      inParallel(
        names,
        (name) => {
          const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { applied: name } }
          const how = { kind: 'apply', force: true, body, fieldManager: TEST_MANAGER } as const
          return client.patch(CONFIG_MAPS, { namespace, name }, how)
        },
        { width },
      ),
    async follow(namespace, seen) {
      const reflector = new Reflector({ client, resource: CONFIG_MAPS, namespace })
      void reflector.start(new AbortController().signal)
      await reflector.synced
      let isFirst = true
      reflector.store.onChange(({ object }) => {
        if (!isFirst) seen(object.metadata.name)
      })
      isFirst = false
      return { size: () => reflector.store.size }
    },
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import type { V1ConfigMap } from '@kubernetes/client-node'
import { inParallel } from '../../test/support/parallel.ts'
import type { Side } from './side.ts'

/** Plain @kubernetes/client-node, as its documentation shows; `restart`: its informer is started again 5 s after an error. */
export async function createClientNodeSide(options: Readonly<{ inFlight: number; restart: boolean }>): Promise<Side> {
  const { CoreV1Api, KubeConfig, makeInformer, PatchStrategy, setHeaderOptions } = await import(
    '@kubernetes/client-node'
  )
  const config = new KubeConfig()
  config.loadFromDefault()
  const api = config.makeApiClient(CoreV1Api)
  const width = options.inFlight
  return {
    read: (namespace, names) =>
      inParallel(names, (name) => api.readNamespacedConfigMap({ namespace, name }), { width }),
    apply: (namespace, names) =>
      inParallel(
        names,
        (name) => {
          const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { applied: name } }
          return api.patchNamespacedConfigMap(
            { namespace, name, body, fieldManager: 'bench', force: true },
            setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
          )
        },
        { width },
      ),
    async follow(namespace, seen) {
      const list = () => api.listNamespacedConfigMap({ namespace })
      const informer = makeInformer<V1ConfigMap>(config, `/api/v1/namespaces/${namespace}/configmaps`, list)
      let isFirst = true
      informer.on('add', ({ metadata }) => {
        if (!isFirst) seen(metadata?.name ?? '')
      })
      informer.on('error', () => {
        if (options.restart) void delay(5_000).then(() => informer.start())
      })
      await informer.start()
      isFirst = false
      return { size: () => informer.list(namespace).length }
    },
  }
}

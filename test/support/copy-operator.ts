import { ensureObject } from '../../src/kube/apply.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { Controller, type Result } from '../../src/kube/controller.ts'
import { LeaderElector, type LeaderElectorOptions } from '../../src/kube/lease.ts'
import { Manager } from '../../src/kube/manager.ts'
import { type KubeMetrics, noMetrics } from '../../src/kube/metrics.ts'
import { resourceVersionChanged } from '../../src/kube/predicates.ts'
import { Reflector } from '../../src/kube/reflector.ts'
import { CONFIG_MAPS } from '../../src/kube/resources.ts'
import { type ConfigMap, type DesiredObject, keyOf } from '../../src/kube/types.ts'
import { controllerOf, watches } from '../../src/kube/watches.ts'
import { TEST_MANAGER } from './kube.ts'

export const PARENT = { role: 'parent' }
export const CHILD = { role: 'child' }

/** The child of a parent: its data in capitals. */
function childOf(parent: ConfigMap): DesiredObject {
  const { namespace, name, uid = '' } = parent.metadata
  const data = Object.entries(parent.data ?? {}).map(([key, value]) => [key, value.toUpperCase()] as const)
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true, blockOwnerDeletion: true }
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-child`, labels: CHILD, ownerReferences: [owner], ...(namespace && { namespace }) },
    data: Object.fromEntries(data),
  }
}

export type CopyOperatorOptions = Readonly<{
  client: KubeClient
  /** Renewals have connections of their own. */
  electionClient: KubeClient
  namespace: string
  identity: string
  /** Called as each reconcile begins. */
  before?: (key: string) => Promise<void>
  /** Periods of the Lease. Default: those of production. */
  lease?: Pick<LeaderElectorOptions, 'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs'>
  metrics?: KubeMetrics
}>

export type CopyOperator = Readonly<{
  manager: Manager
  elector: LeaderElector
  controller: Controller
  parents: Reflector<ConfigMap>
  children: Reflector<ConfigMap>
}>

/** The smallest whole operator: each parent ConfigMap of a namespace has a child that follows it. */
export function createCopyOperator(options: CopyOperatorOptions): CopyOperator {
  const { client, electionClient, namespace, identity, metrics = noMetrics } = options
  const fieldManager = TEST_MANAGER
  const named = { client: electionClient, namespace, name: 'operator', identity, fieldManager }
  const elector = new LeaderElector({ ...named, ...options.lease })
  const cached = { client, resource: CONFIG_MAPS, namespace, metrics }
  const parents = new Reflector({ ...cached, labelSelector: 'role=parent' })
  const children = new Reflector({ ...cached, labelSelector: 'role=child' })

  async function reconcile(key: string, signal: AbortSignal): Promise<Result> {
    await options.before?.(key)
    const parent = parents.store.get(key)
    if (!parent) return { kind: 'done' }
    const desired = childOf(parent)
    const live = children.store.get(keyOf(desired))
    const ownerUid = parent.metadata.uid ?? ''
    const { object } = await ensureObject(client, CONFIG_MAPS, { desired, live, ownerUid, fieldManager, signal })
    children.store.upsert(object)
    return { kind: 'done' }
  }

  const owned = controllerOf({ apiVersion: 'v1', kind: 'ConfigMap' })
  const controller = new Controller({
    name: 'copy',
    reconcile,
    metrics,
    sources: [
      watches(parents.store, { predicate: resourceVersionChanged }),
      watches(children.store, { mapper: owned, predicate: resourceVersionChanged }),
    ],
  })
  const manager = new Manager({ elector })
  manager.addCache(parents)
  manager.addCache(children)
  manager.addWorker(controller)
  return { manager, elector, controller, parents, children }
}

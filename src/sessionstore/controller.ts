import type { SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES } from '../api/v1alpha1/sessionstore.ts'
import { BY_NODE, type Caches, foreignStoresOf, storeKeyOfBinding } from '../caches.ts'
import { Controller } from '../kube/controller.ts'
import { NamedWatches } from '../kube/namedwatches.ts'
import { anyOf, changed, generationChanged, labelsChanged } from '../kube/predicates.ts'
import { PRIORITY } from '../kube/queue.ts'
import type { PersistentVolumeClaim, StorageClass } from '../kube/resources.ts'
import { type KubeNode, keyOf, type Pod } from '../kube/types.ts'
import { controllerOf, type Mapper, namedByLabel, self, watches } from '../kube/watches.ts'
import { LABELS } from '../resources/labels.ts'
import { evictionOf, isEvicted } from './podtrouble.ts'
import { type ReconcileDeps, reconcileStore } from './reconcile.ts'
import { tellRetained } from './retained.ts'
import { isGhost } from './runs.ts'
import { type Runtime, type RuntimeOptions, StoreRuntime } from './runtime.ts'

export type StoreControllerDeps = Omit<ReconcileDeps, 'named'> &
  Readonly<{
    workers: number
    /** Asks for a reconcile of bindings, by key. */
    wakeBindings: (keys: readonly string[]) => void
    /** Default: one that connects to the servers. */
    createRuntime?: (options: RuntimeOptions) => Runtime
  }>

/** The running stores of this process by key. */
export type StoreRuntimes = ReadonlyMap<string, Runtime>

export type StoreController = Readonly<{ controller: Controller; runtimes: StoreRuntimes; close(): void }>

/** Watches everything a store is made of and reconciles it; the data plane wakes it by itself. */
export function createStoreController(deps: StoreControllerDeps): StoreController {
  const {
    caches,
    log,
    metrics,
    nowMs,
    steadyMs,
    workers,
    createRuntime = (options) => new StoreRuntime(options),
  } = deps
  const running = new Map<string, Readonly<{ uid: string | undefined; runtime: Runtime }>>()
  const runtimes = new Map<string, Runtime>()

  function drop(key: string): void {
    running.get(key)?.runtime.stop()
    running.delete(key)
    runtimes.delete(key)
    named.want(key, [])
  }

  function ensure(key: string, uid: string | undefined): Runtime {
    const known = running.get(key)
    // A store made anew under the name is another store: nothing known of the old one holds.
    if (known && known.uid === uid) return known.runtime
    drop(key)
    const wake = (): void => controller.queue.add(key, { priority: PRIORITY.high })
    const runtime = createRuntime({ nowMs, steadyMs, wake })
    runtime.memory.onApplied = deps.wakeBindings
    running.set(key, { uid, runtime })
    runtimes.set(key, runtime)
    return runtime
  }

  /** Its controller removes it within moments, so that no reconcile may ever see it. */
  function tellEviction(pod: Pod): void {
    for (const key of namedByLabel(LABELS.store)(pod)) {
      const regarding = runtimes.has(key) && caches.stores.get(key)
      const note = `pod ${pod.metadata.name} was evicted: ${evictionOf(pod)}`
      if (regarding) deps.events.record({ regarding, type: 'Warning', reason: 'PodEvicted', action: 'Evict', note })
    }
  }

  const named = new NamedWatches({ client: deps.client, log, wake: (key) => controller.queue.add(key) })
  const controller: Controller = new Controller({
    name: 'sessionstore',
    workers,
    log,
    metrics,
    // A foreign object that had our name is removed unseen: whoever did that should not wait for minutes.
    backoff: { maxMs: 30_000 },
    sources: sourcesOf(caches),
    async reconcile(key, signal) {
      const store = caches.stores.get(key)
      if (!store || store.metadata.deletionTimestamp !== undefined) {
        drop(key)
        if (!store) await tellRetained({ ...deps, signal }, key)
        return { kind: 'done' }
      }
      return reconcileStore({ ...deps, named, key, runtime: ensure(key, store.metadata.uid), signal })
    },
  })

  caches.pods.onChange(({ kind, object, previous }) => {
    const last = previous ?? object
    if (kind !== 'deleted' && isEvicted(object) && !(previous && isEvicted(previous))) tellEviction(object)
    if (kind !== 'deleted' || isGhost(caches, last)) return
    for (const key of namedByLabel(LABELS.store)(last)) runtimes.get(key)?.memory.noteEnded(last.metadata.uid ?? '')
  })

  return {
    controller,
    runtimes,
    close() {
      for (const key of [...running.keys()]) drop(key)
      named.close()
    },
  }
}

function sourcesOf(caches: Caches) {
  const owned = controllerOf(SESSION_STORES)
  const labelled = namedByLabel(LABELS.store)
  const podsOfNode: Mapper<KubeNode> = ({ metadata }) => caches.pods.byIndex(BY_NODE, metadata.name).flatMap(labelled)
  const storesWithVolumes = (): readonly string[] =>
    caches.stores
      .list()
      .filter(({ spec }) => (spec.persistence?.mode ?? 'None') !== 'None')
      .map(keyOf)
  return [
    watches(caches.stores, { mapper: self, predicate: generationChanged }),
    watches(caches.bindings, { mapper: (binding) => [storeKeyOfBinding(binding)], predicate: bindingChanged }),
    watches(caches.statefulSets, { mapper: owned, predicate: statefulSetChanged }),
    watches<Pod>(caches.pods, { mapper: labelled }),
    watches(caches.services, { mapper: owned }),
    watches(caches.serviceAccounts, { mapper: owned }),
    watches(caches.configMaps, { mapper: owned }),
    // Secrets of bindings belong to the binding and name the store in labels.
    watches(caches.secrets, { mapper: storeOfSecret }),
    watches(caches.disruptionBudgets, { mapper: owned, predicate: generationChanged }),
    watches(caches.networkPolicies, { mapper: owned, predicate: generationChanged }),
    watches(caches.namespaces, {
      mapper: ({ metadata }) => foreignStoresOf(caches, metadata.name),
      predicate: labelsChanged,
    }),
    watches(caches.volumeClaims, { mapper: labelled, predicate: claimChanged }),
    watches(caches.storageClasses, { mapper: storesWithVolumes, predicate: classChanged }),
    watches(caches.nodes, { mapper: podsOfNode, predicate: nodeChanged }),
  ]
}

const storeOfSecret: Mapper = ({ metadata: { labels, ...metadata } }) => {
  const name = labels?.[LABELS.store]
  const namespace = labels?.[LABELS.storeNamespace] ?? metadata.namespace
  return name ? [keyOf({ metadata: { ...(namespace && { namespace }), name } })] : []
}

/** A login that was taken back frees what it held up: its prefix, or a store that is to become Dedicated. */
const bindingChanged = anyOf<SessionBinding>(
  generationChanged,
  changed(({ status }) => status?.binding?.name),
)

const statefulSetChanged = anyOf(
  generationChanged,
  changed(({ metadata }) => metadata.annotations),
  changed((object) => (object as { status?: { observedGeneration?: number } }).status?.observedGeneration),
)

const claimChanged = changed<PersistentVolumeClaim>(({ metadata, spec, status }) => [
  [metadata.uid, metadata.deletionTimestamp, metadata.labels, metadata.annotations, metadata.ownerReferences],
  [spec?.resources, spec?.storageClassName],
  [status?.phase, status?.capacity],
])

const classChanged = changed<StorageClass>(({ metadata, allowVolumeExpansion }) => [
  metadata.annotations,
  allowVolumeExpansion,
])

const nodeChanged = changed<KubeNode>(({ metadata, spec, status }) => [
  metadata.uid,
  spec?.taints,
  status?.conditions?.map(({ status: isReady }) => isReady),
])

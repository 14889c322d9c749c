import { confirmGone } from './nodes.ts'
import { type ObserveInputs, observe, type Snapshot } from './observe.ts'
import type { ReconcileDeps } from './reconcile.ts'
import type { Runtime } from './runtime.ts'
import { sourceRefs } from './source.ts'

export type Looking = ReconcileDeps & Readonly<{ key: string; runtime: Runtime; signal: AbortSignal }>

/** What is known of a store now; undefined: it is no more. Asks for what caches cannot tell, and members that were never looked at. */
export async function look(pass: Looking): Promise<Snapshot | undefined> {
  const { caches, key, runtime, named, clusterDomain, nowMs, steadyMs, signal } = pass
  const store = caches.stores.get(key)
  if (!store) return undefined
  const { memory, dataPlane: probes } = runtime
  const inputs = (): ObserveInputs => ({
    ...pass,
    store,
    probes,
    memory,
    nowMs: nowMs(),
    steadyMs: steadyMs(),
  })
  const snapshot = observe(inputs())
  named.want(key, sourceRefs(snapshot.identity, snapshot.spec))
  runtime.watch({ ...snapshot, clusterDomain })
  const isMoreKnown = await confirmGone(pass, memory.goneNodes, { placed: placedOf(snapshot), nowMs: steadyMs() })
  // Nothing is decided, and no status is written, from a member that was not looked at once.
  const isUnseen = snapshot.facts.members.some(({ pod, probe }) => pod?.ip !== undefined && probe.kind === 'unknown')
  const isRefreshed = isUnseen && snapshot.credentials.logins.operator !== undefined
  if (isRefreshed) await probes.refresh(signal)
  return isMoreKnown || isRefreshed ? observe(inputs()) : snapshot
}

/** Every pod that there is, and those that took part and have no object any more. */
function placedOf({ pods, facts }: Snapshot) {
  return [...pods.map(({ metadata: { uid = '' }, spec }) => ({ uid, node: spec?.nodeName })), ...facts.runs]
}

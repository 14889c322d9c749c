import type { Caches } from '../caches.ts'
import { type ConfigMap, keyOf, type Pod, type StatefulSet } from '../kube/types.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { configMapName, statefulSetName } from '../resources/names.ts'

/** What must outlive a StatefulSet that is replaced, as its claim template cannot be changed: the mark, and what is pinned. */
export type Kept = Readonly<{
  uid: string
  replicas: number
  annotations: Readonly<Record<string, string>>
  /** Of its pod template: another one would restart the pods. */
  configHash?: string
}>

/** What is kept of a StatefulSet, on the store's ConfigMap; undefined: none is being replaced. */
function readKept(configMap: ConfigMap | undefined, identity: StoreIdentity): Kept | undefined {
  const isOurs = configMap?.metadata.ownerReferences?.some(({ uid }) => uid === identity.uid)
  const text = configMap?.metadata.annotations?.[ANNOTATIONS.replaced]
  return isOurs && text ? (JSON.parse(text) as Kept) : undefined
}

/** What to keep of a live StatefulSet. */
export function keptOf({ metadata, spec }: StatefulSet): Kept {
  const ours = Object.entries(metadata.annotations ?? {}).filter(([name]) => KEPT.has(name))
  const configHash = spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash]
  return {
    uid: metadata.uid ?? '',
    replicas: spec?.replicas ?? 0,
    annotations: Object.fromEntries(ours),
    ...(configHash !== undefined && { configHash }),
  }
}

const KEPT: ReadonlySet<string> = new Set(Object.values(ANNOTATIONS))

/**
 * The StatefulSet as decisions see it: the live one; what is kept of it while there is none; and with what is kept where the
 * new one lacks it. Without this a store in the middle of a replacement would look as if it never was.
 */
function withKept(
  live: StatefulSet | undefined,
  kept: Kept | undefined,
  identity: StoreIdentity,
): StatefulSet | undefined {
  if (!kept) return live
  const { uid, replicas, annotations, configHash } = kept
  if (live)
    return { ...live, metadata: { ...live.metadata, annotations: { ...annotations, ...live.metadata.annotations } } }
  const metadata = { name: statefulSetName(identity), namespace: identity.namespace, uid, annotations }
  const template = {
    metadata: configHash === undefined ? {} : { annotations: { [ANNOTATIONS.configHash]: configHash } },
  }
  // The rest is never read of this one: what is declared is built anew.
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: { replicas, selector: {}, template } }
}

/** The StatefulSet of a store as decisions see it, and what is kept of one that is being replaced. */
export function readStatefulSet(
  caches: Pick<Caches, 'statefulSets' | 'configMaps'>,
  identity: StoreIdentity,
): Readonly<{ statefulSet?: StatefulSet; kept?: Kept }> {
  const named = (name: string): string => keyOf({ metadata: { namespace: identity.namespace, name } })
  const kept = readKept(caches.configMaps.get(named(configMapName(identity))), identity)
  const statefulSet = withKept(caches.statefulSets.get(named(statefulSetName(identity))), kept, identity)
  return { ...(statefulSet && { statefulSet }), ...(kept && { kept }) }
}

/** Whether a pod is the store's: of its StatefulSet, or left by the one that is replaced and not adopted yet. */
export function isPodOf({ metadata }: Pod, statefulSet: StatefulSet | undefined, kept: Kept | undefined): boolean {
  const controller = metadata.ownerReferences?.find((each) => each.controller)
  if (!controller) return kept !== undefined
  return controller.uid === statefulSet?.metadata.uid || controller.uid === kept?.uid
}

import type { Caches } from '../caches.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import { PODS } from '../kube/resources.ts'
import type { Pod } from '../kube/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { metadataOfPods } from '../resources/podtemplate.ts'
import type { Snapshot } from './observe.ts'

const FIELD_MANAGER = 'sessionstore-operator-topology'

type Values = Readonly<Record<string, string>>
type Change = Readonly<Record<string, string | null>>
type Names = Readonly<{ labels: readonly string[]; annotations: readonly string[] }>

export type MetadataContext = Readonly<{
  client: Pick<KubeClient, 'patch'>
  caches: Caches
  signal: AbortSignal
}>

/** Gives running pods the labels and annotations of the spec, and takes away those that came from there before. */
export async function describeRunningPods(context: MetadataContext, snapshot: Snapshot): Promise<void> {
  const { client, caches, signal } = context
  await Promise.all(
    snapshot.pods.map(async (pod) => {
      const change = planPodMetadata(pod, metadataOfPods(snapshot.spec))
      if (!change) return
      const body = { metadata: { uid: pod.metadata.uid, ...change } }
      const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal } as const
      try {
        caches.pods.upsert(await client.patch(PODS, pod.metadata, options))
      } catch (error) {
        // Gone, or another pod of that name by now.
        if (!hasCode(error, 'NotFound', 'Conflict')) throw error
      }
    }),
  )
}

/** What to change of a pod's metadata; undefined: nothing. What others wrote there is left alone. */
export function planPodMetadata(
  { metadata }: Pick<Pod, 'metadata'>,
  wanted: Readonly<{ labels: Values; annotations: Values }>,
): Readonly<{ labels?: Change; annotations?: Change }> | undefined {
  if (metadata.deletionTimestamp !== undefined) return undefined
  const before = readNames(metadata.annotations?.[ANNOTATIONS.podMetadata])
  const labels = changeOf(metadata.labels ?? {}, wanted.labels, before.labels)
  const kept = before.annotations.length + before.labels.length > 0 ? [ANNOTATIONS.podMetadata] : []
  const annotations = changeOf(metadata.annotations ?? {}, wanted.annotations, [...before.annotations, ...kept])
  return labels || annotations ? { ...(labels && { labels }), ...(annotations && { annotations }) } : undefined
}

function changeOf(live: Values, wanted: Values, before: readonly string[]): Change | undefined {
  const set = Object.entries(wanted).filter(([name, value]) => live[name] !== value)
  const removed = before.filter((name) => !(name in wanted) && name in live).map((name) => [name, null] as const)
  return set.length + removed.length > 0 ? Object.fromEntries([...set, ...removed]) : undefined
}

/** The names that a pod carries from the spec; an annotation that nobody can read names none. */
function readNames(text: string | undefined): Names {
  try {
    const { labels = [], annotations = [] } = JSON.parse(text ?? '{}') as Partial<Names>
    return { labels, annotations }
  } catch {
    return { labels: [], annotations: [] }
  }
}

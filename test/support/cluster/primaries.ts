import { PODS } from '../../../src/kube/resources.ts'
import { LABELS, ROLES } from '../../../src/resources/labels.ts'
import { listPage, watchObjects } from './api.ts'
import type { StoreRef } from './store.ts'

/** What was seen of the role label over a time, one entry per change of the set of labelled pods. */
export type PrimaryWatch = Readonly<{
  /** Each set of pods that carried the label primary, oldest first. */
  history: () => readonly (readonly string[])[]
  /** Ends the watch; throws when it had ended before, or when two pods carried the label at once. */
  stop: () => Promise<void>
}>

/** Watches the role label of a store's pods: at no moment may two carry `primary`. */
export async function watchPrimaries(ref: StoreRef): Promise<PrimaryWatch> {
  const { namespace, name } = ref
  const labelSelector = `${LABELS.store}=${name},${LABELS.component}=server`
  const page = await listPage(PODS, { namespace, labelSelector })
  const labelled = new Set(page.items.filter(isPrimary).map((pod) => pod.metadata.name))
  const history: string[][] = [[...labelled]]
  const abort = new AbortController()
  const { resourceVersion } = page

  async function follow(): Promise<void> {
    const options = { namespace, labelSelector, resourceVersion, signal: abort.signal }
    for await (const { type, object } of watchObjects(PODS, options)) {
      if (type === 'ERROR' || type === 'BOOKMARK') throw new Error(`the watch of pods answered ${type}`)
      const had = labelled.has(object.metadata.name)
      const has = type !== 'DELETED' && isPrimary(object)
      if (had === has) continue
      if (has) labelled.add(object.metadata.name)
      else labelled.delete(object.metadata.name)
      history.push([...labelled].sort())
    }
    throw new Error('the watch of pods ended')
  }

  const following = follow().catch((error: unknown) => {
    if (!abort.signal.aborted) return error
    return undefined
  })
  return {
    history: () => history,
    async stop() {
      abort.abort()
      const error = await following
      if (error) throw new Error('Cannot watch the role label to the end', { cause: error })
      const double = history.find((set) => set.length > 1)
      if (double) throw new Error(`Pods ${double.join(' and ')} carried the label primary at once, must be one at most`)
    },
  }
}

function isPrimary(pod: Readonly<{ metadata: Readonly<{ labels?: Readonly<Record<string, string>> }> }>): boolean {
  return pod.metadata.labels?.[LABELS.role] === ROLES.primary
}

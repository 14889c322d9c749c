import type { Caches } from '../caches.ts'
import type { KubeClient } from '../kube/client.ts'
import { toOperatorError } from '../kube/errors.ts'
import type { Log } from '../kube/log.ts'
import { NODES } from '../kube/resources.ts'
import type { KubeNode } from '../kube/types.ts'

/**
 * What the cluster knows of the Node of a pod. `gone`: it was deleted after the pod was bound to it. `missing`: the cache
 * does not have it, which may be because it is newer than what the watch has brought. `unknown`: Nodes may not be read.
 */
export type NodeFacts = KubeNode | 'gone' | 'missing' | 'unknown'

/** A pod, or one that was, and the Node that it was bound to. */
export type Placed = Readonly<{ uid: string; node: string | undefined }>

/** A Node that exists but is not in the cache is on its way to it. */
const ASK_AGAIN_MS = 5000
/** The decision about who may write waits for it: without an answer what was there counts as running. */
const ANSWER_LIMIT_MS = 2000

/**
 * Pods whose Node is proved to be deleted. A cache alone proves nothing: watches of Pods and of Nodes are not in step, and a
 * primary on a new Node that the operator cannot reach would pass for stopped, and be replaced without grace or fence.
 */
export class GoneNodes {
  readonly #pods = new Set<string>()
  readonly #askedMs = new Map<string, number>()

  read(caches: Pick<Caches, 'nodes'>, { uid, node }: Placed): NodeFacts {
    // Without any Node the list is not to be believed, as a pod that runs is on one.
    if (node === undefined || caches.nodes.isUnavailable || caches.nodes.size === 0) return 'unknown'
    return caches.nodes.get(node) ?? (this.#pods.has(uid) ? 'gone' : 'missing')
  }

  /** Notes that no Node of that name was there when the pod was bound to it already: it is the one that was deleted. */
  noteGone(uid: string): void {
    this.#pods.add(uid)
  }

  /** Those to ask the API server about now; what is remembered of pods that are no more is dropped. */
  due(caches: Pick<Caches, 'nodes'>, placed: readonly Placed[], nowMs: number): readonly Placed[] {
    const uids = new Set(placed.map(({ uid }) => uid))
    for (const uid of this.#pods) if (!uids.has(uid)) this.#pods.delete(uid)
    for (const uid of this.#askedMs.keys()) if (!uids.has(uid)) this.#askedMs.delete(uid)
    // A pod that runs and is noted is told twice.
    return placed.filter((each) => {
      const isDue = nowMs - (this.#askedMs.get(each.uid) ?? -Infinity) >= ASK_AGAIN_MS
      if (!isDue || this.read(caches, each) !== 'missing') return false
      this.#askedMs.set(each.uid, nowMs)
      return true
    })
  }
}

type Asking = Readonly<{
  client: Pick<KubeClient, 'list'>
  caches: Pick<Caches, 'nodes'>
  log: Log
  signal: AbortSignal
}>

/** Asks the API server for Nodes that the cache does not have. True: of some it is known now that they are gone. */
export async function confirmGone(
  { client, caches, log, signal }: Asking,
  goneNodes: GoneNodes,
  { placed, nowMs }: Readonly<{ placed: readonly Placed[]; nowMs: number }>,
): Promise<boolean> {
  const due = goneNodes.due(caches, placed, nowMs)
  const gone = await Promise.all(
    due.map(async ({ uid, node }) => {
      try {
        // A list needs no other right than the watch has.
        const { items } = await client.list(NODES, {
          fieldSelector: `metadata.name=${node}`,
          timeoutMs: ANSWER_LIMIT_MS,
          signal,
        })
        if (items.length === 0) goneNodes.noteGone(uid)
        return items.length === 0
      } catch (error) {
        log.warn({ node, err: toOperatorError(error) }, 'Node cannot be read: what was on it counts as running')
        return false
      }
    }),
  )
  return gone.includes(true)
}

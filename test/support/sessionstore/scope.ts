import type { KubeClient } from '../../../src/kube/client.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import type { ListOptions, WatchOptions } from '../../../src/kube/requests.ts'
import type { KubeObject, Resource } from '../../../src/kube/types.ts'

/** What an operator of a test sees of the cluster. */
export type Scope = Readonly<{
  namespace: string
  /** More namespaces that it sees. */
  others?: readonly string[]
  /** Kinds that it may neither list nor watch. */
  forbidden?: ReadonlySet<string>
}>

/** The reading calls of a client, limited to a scope. */
export function readingWithin(client: KubeClient, { namespace, others = [], forbidden }: Scope) {
  const names = new Set([namespace, ...others])
  const isOne = names.size === 1
  const isSeen = ({ metadata }: KubeObject): boolean =>
    metadata.namespace === undefined || names.has(metadata.namespace)
  const within = (resource: Resource) => (resource.namespaced && isOne ? { namespace } : {})

  function check({ kind }: Resource): void {
    if (forbidden?.has(kind)) throw new OperatorError('Forbidden', `Cannot list ${kind}: forbidden`, { status: 403 })
  }

  return {
    async list(resource: Resource, options: ListOptions) {
      check(resource)
      const page = await client.list(resource, { ...options, ...within(resource) })
      return { ...page, items: page.items.filter(isSeen) }
    },
    async *watch(resource: Resource, options: WatchOptions) {
      check(resource)
      for await (const event of client.watch(resource, { ...options, ...within(resource) })) {
        if (!('object' in event) || isSeen(event.object)) yield event
      }
    },
  }
}

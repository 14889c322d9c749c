import type { ObjectChange, Predicate } from './predicates.ts'
import { type AddOptions, PRIORITY } from './queue.ts'
import { type KubeObject, keyOf } from './types.ts'

/** The keys that an object concerns. */
export type Mapper<T extends KubeObject = KubeObject> = (object: T) => readonly string[]

/** Something that enqueues keys once it is connected to a controller. */
export type Source = (enqueue: (key: string, options?: AddOptions) => void) => void

/** The one method of an ObjectStore that sources need. */
export type Subscribable<T extends KubeObject> = Readonly<{
  onChange(listener: (change: ObjectChange<T>) => void): unknown
}>

/** How the changes of one store become keys. */
export type WatchOptions<T extends KubeObject> = Readonly<{
  /** Default: every change passes. */
  predicate?: Predicate<T>
  /** Default: the object's own key. */
  mapper?: Mapper<T>
}>

/**
 * Turns the changes of a store into keys. An update is mapped twice, before and after, so that a child which moves to
 * another owner wakes both. What comes from the first list has a low priority.
 */
export function watches<T extends KubeObject>(store: Subscribable<T>, options: WatchOptions<T> = {}): Source {
  const { predicate, mapper = self } = options
  return (enqueue) => {
    store.onChange((change) => {
      if (predicate && !predicate(change)) return
      const priority = change.isInitial ? PRIORITY.low : PRIORITY.normal
      const keys = new Set(mapper(change.object))
      if (change.previous) for (const key of mapper(change.previous)) keys.add(key)
      for (const key of keys) enqueue(key, { priority })
    })
  }
}

/** The object itself. */
export const self: Mapper = (object) => [keyOf(object)]

/** The object's controlling owner, when it is of `owner`'s group and kind (any version). */
export function controllerOf(owner: Readonly<{ apiVersion: string; kind: string }>): Mapper {
  return ({ metadata }) =>
    (metadata.ownerReferences ?? [])
      .filter((reference) => reference.controller && reference.kind === owner.kind)
      .filter((reference) => groupOf(reference.apiVersion) === groupOf(owner.apiVersion))
      .map(({ name }) => keyOf({ metadata: { ...(metadata.namespace && { namespace: metadata.namespace }), name } }))
}

/** The object of the same namespace that the value of `label` names. */
export function namedByLabel(label: string): Mapper {
  return ({ metadata }) => {
    const name = metadata.labels?.[label]
    return name ? [keyOf({ metadata: { ...(metadata.namespace && { namespace: metadata.namespace }), name } })] : []
  }
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}

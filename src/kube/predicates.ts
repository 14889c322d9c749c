import type { KubeObject } from './types.ts'

/** A change of a stored object, as an ObjectStore reports it. */
export type ObjectChange<T extends KubeObject = KubeObject> = Readonly<{
  kind: 'added' | 'updated' | 'deleted'
  object: T
  previous?: T | undefined
  /** Part of the first list after start. */
  isInitial: boolean
}>

/** Whether a change is worth a run. */
export type Predicate<T extends KubeObject = KubeObject> = (change: ObjectChange<T>) => boolean

/** Builds a predicate that lets every creation and deletion pass, and an update when `read` gives another value. */
export function changed<T extends KubeObject>(read: (object: T) => unknown): Predicate<T> {
  return ({ kind, object, previous }) => kind !== 'updated' || !previous || !isDeepEqual(read(object), read(previous))
}

/** The spec moved, or a deletion began: status writes, our own among them, do not pass. */
export const generationChanged: Predicate = changed(({ metadata }) => [metadata.generation, metadata.deletionTimestamp])

/** For kinds without a generation (Secret, ConfigMap, Pod, Service): anything but a replayed object passes. */
export const resourceVersionChanged: Predicate = changed(({ metadata }) => metadata.resourceVersion)

export const labelsChanged: Predicate = changed(({ metadata }) => metadata.labels)

/** Passes when one of `predicates` does. */
export function anyOf<T extends KubeObject>(...predicates: readonly Predicate<T>[]): Predicate<T> {
  return (change) => predicates.some((predicate) => predicate(change))
}

/** JSON equality: the order of the keys of an object does not count, and a missing key equals an undefined one. */
function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = new Map(Object.entries(a))
  const right = new Map(Object.entries(b))
  return [...new Set([...left.keys(), ...right.keys()])].every((key) => isDeepEqual(left.get(key), right.get(key)))
}

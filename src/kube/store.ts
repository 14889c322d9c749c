import { OperatorError } from './errors.ts'
import type { ObjectChange } from './predicates.ts'
import { type KubeObject, keyOf } from './types.ts'
import { isOlder } from './versions.ts'

/** Names the values under which an object is found; none leaves it out. */
export type IndexFunction<T extends KubeObject> = (object: T) => readonly string[]

export type ObjectStoreOptions<T extends KubeObject> = Readonly<{
  /** By name of the index. */
  indexes?: Readonly<Record<string, IndexFunction<T>>>
}>

export type ReplaceOptions = Readonly<{
  /** The version of the list. */
  resourceVersion?: string
  /** It is the first list after the start. Default false. */
  isInitial?: boolean
  /** Versions went back, as after a restore from a backup: they say nothing about what is newer. Default false. */
  isNewHistory?: boolean
}>

type Listener<T extends KubeObject> = (change: ObjectChange<T>) => void

/** Answers to writes arrive within the deadline of a call; far fewer objects than this end in that time. */
const MOST_TOMBSTONES = 4096

/**
 * The cache of one kind: objects by key, found by named indexes, changes told to listeners. Content is never changed in
 * place, and never goes back: what is older than the held object, or than the end of one, is ignored, so that an answer to
 * our own write can be put in before the watch brings it, and after.
 */
export class ObjectStore<T extends KubeObject = KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #functions: ReadonlyMap<string, IndexFunction<T>>
  readonly #indexes: ReadonlyMap<string, Map<string, Set<string>>>
  readonly #listeners = new Set<Listener<T>>()
  /** By key: the version at which an object ended. */
  readonly #tombstones = new Map<string, string>()
  #isUnavailable = false
  #failures: unknown[] = []

  constructor(options: ObjectStoreOptions<T> = {}) {
    const functions = Object.entries(options.indexes ?? {})
    this.#functions = new Map(functions)
    this.#indexes = new Map(functions.map(([name]) => [name, new Map()]))
  }

  get size(): number {
    return this.#objects.size
  }

  /** The kind may not be read, or is not served: an absent object says nothing. Only of an optional kind. */
  get isUnavailable(): boolean {
    return this.#isUnavailable
  }

  /** The object with this key (`namespace/name`). */
  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** All objects, in no particular order. */
  list(): readonly T[] {
    return [...this.#objects.values()]
  }

  /** The objects that the index `name` put under `value`. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name)
    if (!index) throw new OperatorError('Bug', `Cannot read index "${name}": it is not declared`)
    return [...(index.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? [])
  }

  /** Tells `listener` of every change from now on, and first of what is there; returns the way to end it. */
  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    for (const object of this.list()) this.#tell(listener, { kind: 'added', object, isInitial: true })
    this.#throwFailures()
    return () => this.#listeners.delete(listener)
  }

  /** Takes over a whole list, as differences; held objects newer than the list stay, unless its server started anew. */
  replace(objects: readonly T[], options: ReplaceOptions = {}): void {
    const { resourceVersion, isInitial = false, isNewHistory = false } = options
    this.#isUnavailable = false
    // What ended in a future that is undone may well be there.
    if (isNewHistory) this.#tombstones.clear()
    const listed = new Set(objects.map(keyOf))
    for (const object of this.list()) {
      const isNewer = isOlder(resourceVersion, object.metadata.resourceVersion) && !isNewHistory
      if (listed.has(keyOf(object)) || isNewer) continue
      this.#remove(object)
      this.#bury(keyOf(object), resourceVersion)
    }
    for (const object of objects) this.#put(object, { isInitial, isNewHistory })
    this.#throwFailures()
  }

  /** Nothing is known of the kind until the next `replace`; what was held is told as deleted. */
  makeUnavailable(): void {
    this.#isUnavailable = true
    for (const object of this.list()) this.#remove(object)
    this.#throwFailures()
  }

  /** Puts in an added or changed object: from the watch, or from the answer to a write of ours. */
  upsert(object: T): void {
    this.#put(object, {})
    this.#throwFailures()
  }

  /** Removes an object that was deleted; one created anew since then stays. */
  delete(object: T): void {
    const held = this.#objects.get(keyOf(object))
    if (!held) {
      this.#bury(keyOf(object), object.metadata.resourceVersion)
      return
    }
    const isAnother = held.metadata.uid !== object.metadata.uid
    if (isAnother && isOlder(object.metadata.resourceVersion, held.metadata.resourceVersion)) return
    this.#remove(held, object)
    this.#bury(keyOf(object), object.metadata.resourceVersion)
    this.#throwFailures()
  }

  #put(object: T, { isInitial = false, isNewHistory = false }: ReplaceOptions): void {
    const key = keyOf(object)
    const previous = this.#objects.get(key)
    // The answer to a write that the server carried out before the object's end must not bring it back.
    if (!previous && isOlder(object.metadata.resourceVersion, this.#tombstones.get(key))) return
    this.#tombstones.delete(key)
    if (previous) {
      const { resourceVersion } = previous.metadata
      const isSame = resourceVersion !== undefined && resourceVersion === object.metadata.resourceVersion
      const isKnown = isSame || isOlder(object.metadata.resourceVersion, resourceVersion)
      if (isKnown && !isNewHistory) return
      this.#unindex(key, previous)
    }
    this.#objects.set(key, object)
    this.#index(key, object)
    this.#tellAll(previous ? { kind: 'updated', object, previous, isInitial } : { kind: 'added', object, isInitial })
  }

  #bury(key: string, resourceVersion: string | undefined): void {
    if (resourceVersion === undefined) return
    this.#tombstones.delete(key)
    this.#tombstones.set(key, resourceVersion)
    const [oldest] = this.#tombstones.keys()
    if (this.#tombstones.size > MOST_TOMBSTONES && oldest !== undefined) this.#tombstones.delete(oldest)
  }

  #remove(held: T, last: T = held): void {
    const key = keyOf(held)
    this.#objects.delete(key)
    this.#unindex(key, held)
    this.#tellAll({ kind: 'deleted', object: last, previous: held, isInitial: false })
  }

  #unindex(key: string, object: T): void {
    for (const [name, read] of this.#functions) {
      const index = this.#indexes.get(name)
      for (const value of read(object)) {
        const keys = index?.get(value)
        keys?.delete(key)
        if (keys?.size === 0) index?.delete(value)
      }
    }
  }

  #index(key: string, object: T): void {
    for (const [name, read] of this.#functions) for (const value of read(object)) this.#slot(name, value).add(key)
  }

  #slot(name: string, value: string): Set<string> {
    const index = this.#indexes.get(name)
    const keys = index?.get(value) ?? new Set<string>()
    index?.set(value, keys)
    return keys
  }

  #tellAll(change: ObjectChange<T>): void {
    for (const listener of this.#listeners) this.#tell(listener, change)
  }

  // A listener that throws must keep neither the other listeners nor the rest of a list from their changes.
  #tell(listener: Listener<T>, change: ObjectChange<T>): void {
    try {
      listener(change)
    } catch (error) {
      this.#failures.push(error)
    }
  }

  #throwFailures(): void {
    const [cause] = this.#failures
    if (this.#failures.length === 0) return
    const count = this.#failures.length
    this.#failures = []
    throw new OperatorError('Bug', `Cannot tell a change: ${count} times a listener threw`, { cause })
  }
}

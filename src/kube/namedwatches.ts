import { type Log, silentLog } from './log.ts'
import { Reflector, type ReflectorClient } from './reflector.ts'
import { ObjectStore } from './store.ts'
import { type KubeObject, keyOf, type Resource } from './types.ts'

/** One object by its name. */
export type NamedRef = Readonly<{ resource: Resource; namespace: string; name: string }>

/** What is known of an object: nothing yet, nothing as its kind is not served or not to be read, or what there is. */
export type Named<T extends KubeObject = KubeObject> =
  | Readonly<{ kind: 'unknown' }>
  | Readonly<{ kind: 'unavailable' }>
  | Readonly<{ kind: 'absent' }>
  | Readonly<{ kind: 'found'; object: T }>

export type NamedWatchesOptions = Readonly<{
  client: ReflectorClient
  log?: Log
  /** Called with the owner whenever something may have changed for it. */
  wake: (owner: string) => void
}>

type Entry = Readonly<{
  reflector: Reflector
  store: ObjectStore
  owners: Set<string>
  stop: AbortController
}>

/**
 * Follows objects that belong to somebody else, each by a watch of its own that selects it by name: the right to read them is
 * then never used for anything but what a spec names.
 */
export class NamedWatches {
  readonly #options: NamedWatchesOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: NamedWatchesOptions) {
    this.#options = options
  }

  /** Replaces what an owner wants to know of; what nobody wants any more is no longer watched. */
  want(owner: string, refs: readonly NamedRef[]): void {
    const keys = new Set(refs.map(keyOfRef))
    for (const [key, entry] of this.#entries) if (!keys.has(key)) this.#leave(owner, key, entry)
    for (const ref of refs) this.#join(owner, ref)
  }

  get<T extends KubeObject>(resource: Resource<T>, ref: Readonly<{ namespace: string; name: string }>): Named<T> {
    const entry = this.#entries.get(keyOfRef({ resource, ...ref }))
    if (!entry) return { kind: 'unknown' }
    const object = entry.store.get(keyOf({ metadata: ref })) as T | undefined
    if (entry.reflector.state === 'forbidden') return { kind: 'unavailable' }
    if (object) return { kind: 'found', object }
    return { kind: entry.reflector.hasSynced ? 'absent' : 'unknown' }
  }

  /** Ends every watch. */
  close(): void {
    for (const entry of this.#entries.values()) entry.stop.abort()
    this.#entries.clear()
  }

  #join(owner: string, { resource, namespace, name }: NamedRef): void {
    const key = keyOfRef({ resource, namespace, name })
    const known = this.#entries.get(key)
    if (known) {
      known.owners.add(owner)
      return
    }
    const { client, log = silentLog, wake } = this.#options
    const store = new ObjectStore()
    const fieldSelector = `metadata.name=${name}`
    const reflector = new Reflector({ client, log, resource, store, namespace, fieldSelector, isOptional: true })
    const entry = { reflector, store, owners: new Set([owner]), stop: new AbortController() }
    const tell = (): void => {
      for (const each of entry.owners) wake(each)
    }
    store.onChange(tell)
    this.#entries.set(key, entry)
    // That there is nothing is an answer too.
    void reflector.synced.then(tell)
    void reflector.start(entry.stop.signal)
  }

  #leave(owner: string, key: string, entry: Entry): void {
    entry.owners.delete(owner)
    if (entry.owners.size > 0) return
    entry.stop.abort()
    this.#entries.delete(key)
  }
}

function keyOfRef({ resource, namespace, name }: NamedRef): string {
  return `${resource.apiVersion}/${resource.plural}/${namespace}/${name}`
}

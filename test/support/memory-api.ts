import type { KubeClient } from '../../src/kube/client.ts'
import { OperatorError } from '../../src/kube/errors.ts'
import type {
  CreateOptions,
  DeleteOptions,
  ListOptions,
  ObjectRef,
  Page,
  PatchOptions,
  WatchOptions,
} from '../../src/kube/requests.ts'
import type { KubeObject, Resource } from '../../src/kube/types.ts'
import type { WatchEvent } from '../../src/kube/watch.ts'

type Fields = Readonly<Record<string, unknown>>
type Change = Readonly<{ kind: 'added' | 'modified' | 'deleted'; object: KubeObject }>
type Watcher = Readonly<{ kind: string; push: (event: Change) => void }>

/**
 * The objects of a cluster in memory: no schema, no defaults, no garbage collection, UIDs that are the same in each run.
 * Enough for controllers to run on where what they write is looked at; how the API server takes it is shown elsewhere.
 */
export class MemoryApi {
  readonly #objects = new Map<string, KubeObject>()
  readonly #watchers = new Set<Watcher>()
  readonly #past: Change[] = []
  #version = 0

  /** The calls of a KubeClient that controllers make. */
  get client(): KubeClient {
    const calls = {
      get: async (resource: Resource, ref: ObjectRef) => this.#find(resource, ref),
      list: async (resource: Resource, options: ListOptions) => this.#list(resource, options),
      watch: (resource: Resource, options: WatchOptions) => this.#watch(resource, options),
      create: async (resource: Resource, object: KubeObject, _options: CreateOptions) => this.#create(resource, object),
      patch: async (resource: Resource, ref: ObjectRef, options: PatchOptions) => this.#patch(resource, ref, options),
      delete: async (resource: Resource, ref: ObjectRef, _options?: DeleteOptions) => this.#delete(resource, ref),
      getRaw: async (path: string) => {
        throw new OperatorError('NotFound', `there is no ${path}`)
      },
      close: async () => undefined,
    }
    return calls as unknown as KubeClient
  }

  #find(resource: Resource, ref: ObjectRef): KubeObject {
    const found = this.#objects.get(keyOf(resource, ref))
    if (!found) throw new OperatorError('NotFound', `${resource.kind} "${ref.name}" not found`)
    return found
  }

  #list(resource: Resource, options: ListOptions): Page<KubeObject> {
    const prefix = `${resource.kind} ${options.namespace ? `${options.namespace}/` : ''}`
    const ofKind = [...this.#objects].filter(([key]) => key.startsWith(prefix)).map(([, object]) => object)
    return { items: ofKind.filter((object) => isSelected(object, options)), resourceVersion: String(this.#version) }
  }

  #create(resource: Resource, object: KubeObject): KubeObject {
    const key = keyOf(resource, object.metadata)
    if (this.#objects.has(key)) throw new OperatorError('AlreadyExists', `${key} is there already`)
    const uid = `uid-${key.replaceAll(/[^A-Za-z0-9-]/g, '-').toLowerCase()}`
    const metadata = { ...object.metadata, uid, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' }
    return this.#put(key, { ...object, metadata }, 'added')
  }

  #patch(resource: Resource, ref: ObjectRef, { kind, body, subresource }: PatchOptions): KubeObject {
    const key = keyOf(resource, ref)
    const held = this.#objects.get(key)
    if (!held) return this.#create(resource, body as KubeObject)
    const changed = changedBy(held, { kind, body, ...(subresource && { subresource }) }) as KubeObject
    const isSpecSame = JSON.stringify((changed as Fields)['spec']) === JSON.stringify((held as Fields)['spec'])
    const generation = (held.metadata.generation ?? 1) + (isSpecSame || subresource === 'status' ? 0 : 1)
    const { uid } = held.metadata
    return this.#put(
      key,
      { ...changed, metadata: { ...changed.metadata, ...(uid && { uid }), generation } },
      'modified',
    )
  }

  #delete(resource: Resource, ref: ObjectRef): void {
    const object = this.#find(resource, ref)
    this.#objects.delete(keyOf(resource, ref))
    this.#version += 1
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) }
    this.#tell({ kind: 'deleted', object: { ...object, metadata } })
  }

  #put(key: string, object: KubeObject, kind: 'added' | 'modified'): KubeObject {
    const before = this.#objects.get(key)
    const text = (each: KubeObject): string =>
      JSON.stringify({ ...each, metadata: { ...each.metadata, resourceVersion: '' } })
    if (before && text(before) === text(object)) return before
    this.#version += 1
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
    this.#objects.set(key, stored)
    this.#tell({ kind, object: stored })
    return stored
  }

  #tell(event: Change): void {
    this.#past.push(event)
    for (const watcher of this.#watchers) if (watcher.kind === event.object.kind) watcher.push(event)
  }

  async *#watch(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent<KubeObject>> {
    const isNew = ({ object }: Change): boolean =>
      object.kind === resource.kind && Number(object.metadata.resourceVersion) > Number(options.resourceVersion)
    const pending = this.#past.filter((event) => isNew(event) && isSelected(event.object, options))
    let changed = Promise.withResolvers<void>()
    const push = (event: Change): void => {
      if (isSelected(event.object, options)) pending.push(event)
      changed.resolve()
    }
    const watcher = { kind: resource.kind, push }
    this.#watchers.add(watcher)
    options.signal.addEventListener('abort', () => changed.resolve(), { once: true })
    try {
      while (!options.signal.aborted) {
        const event = pending.shift()
        if (event) yield event
        else {
          changed = Promise.withResolvers<void>()
          await changed.promise
        }
      }
    } finally {
      this.#watchers.delete(watcher)
    }
  }
}

function keyOf({ kind }: Resource, { namespace, name }: ObjectRef): string {
  return `${kind} ${namespace ?? ''}/${name}`
}

function isSelected(object: KubeObject, { namespace, labelSelector }: ListOptions | WatchOptions): boolean {
  const isInside = namespace === undefined || object.metadata.namespace === namespace
  const terms = (labelSelector ?? '').split(',').filter(Boolean)
  return isInside && terms.every((term) => object.metadata.labels?.[term.split('=')[0] ?? ''] === term.split('=')[1])
}

function changedBy(held: KubeObject, how: Pick<PatchOptions, 'kind' | 'body' | 'subresource'>): unknown {
  const { kind, body, subresource } = how
  if (kind === 'json') return replaced(held, body as readonly Replacement[])
  // A status has one manager here: what it does not say any more is removed, as by server-side apply.
  if (kind === 'apply' && subresource === 'status') return { ...held, status: (body as Fields)['status'] }
  return merged(held, body)
}

/** As a merge patch: null removes, lists are replaced. */
function merged(before: unknown, change: unknown): unknown {
  if (!isFields(change)) return change
  const base = isFields(before) ? before : {}
  const kept = Object.entries(base).filter(([name]) => change[name] !== null)
  const changes = Object.entries(change).filter(([, value]) => value !== null && value !== undefined)
  return Object.fromEntries([...kept, ...changes.map(([name, value]) => [name, merged(base[name], value)] as const)])
}

type Replacement = Readonly<{ op: string; path: string; value: unknown }>

/** The one JSON patch that is needed: a field of the object is replaced. */
function replaced(object: KubeObject, patch: readonly Replacement[]): unknown {
  return patch
    .filter(({ op }) => op === 'replace' || op === 'add')
    .reduce<unknown>((at, { path, value }) => setAt(at, path.split('/').slice(1), value), object)
}

function setAt(at: unknown, [name = '', ...rest]: readonly string[], value: unknown): unknown {
  const fields = isFields(at) ? at : {}
  return { ...fields, [name]: rest.length === 0 ? value : setAt(fields[name], rest, value) }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

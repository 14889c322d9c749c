import { OperatorError } from '../../src/kube/errors.ts'
import type { ReflectorClient } from '../../src/kube/reflector.ts'
import type { ListOptions, WatchOptions } from '../../src/kube/requests.ts'
import type { ConfigMap } from '../../src/kube/types.ts'
import type { WatchEvent } from '../../src/kube/watch.ts'

type Entry = Readonly<{ version: number; event: WatchEvent<ConfigMap> }>
type Watcher = Readonly<{ push: (event: WatchEvent<ConfigMap>) => void; end: (error?: OperatorError) => void }>

/** The list and watch of one kind in memory, with the faults of a real API server. */
export class FakeApi {
  readonly objects = new Map<string, ConfigMap>()
  readonly calls: string[] = []
  readonly watchOptions: WatchOptions[] = []
  #version = 100
  #oldest = 0
  #uid = 0
  #log: Entry[] = []
  #failures: { call: 'list' | 'watch'; error: OperatorError }[] = []
  readonly #watchers = new Set<Watcher>()

  /** Creates or changes an object. */
  put(name: string, value: string): void {
    const held = this.objects.get(name)
    const uid = held?.metadata.uid ?? `uid-${++this.#uid}`
    const resourceVersion = String(++this.#version)
    const metadata = { namespace: 'n', name, uid, resourceVersion }
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { value } }
    this.objects.set(name, object)
    this.#append({ kind: held ? 'modified' : 'added', object })
  }

  remove(name: string): void {
    const held = this.objects.get(name)
    if (!held) return
    this.objects.delete(name)
    const metadata = { ...held.metadata, resourceVersion: String(++this.#version) }
    this.#append({ kind: 'deleted', object: { ...held, metadata } })
  }

  bookmark(): void {
    this.#append({ kind: 'bookmark', resourceVersion: String(this.#version) })
  }

  /** Forgets the past: a watch from before now is Gone. */
  compact(): void {
    this.#oldest = this.#version
    this.#log = []
  }

  /** Ends every watch: cleanly, or with an error. */
  endWatches(error?: OperatorError): void {
    for (const watcher of [...this.#watchers]) watcher.end(error)
  }

  /** The next such call fails. */
  fail(call: 'list' | 'watch', error: OperatorError): void {
    this.#failures.push({ call, error })
  }

  /** Another etcd, from a backup: versions start again at `version`. */
  restore(version: number): void {
    this.#version = version
    this.#oldest = 0
    this.#log = []
  }

  get client(): ReflectorClient {
    return {
      list: (_resource, options) => this.#list(options) as never,
      watch: (_resource, options) => this.#watch(options) as never,
    }
  }

  async #list(options: ListOptions = {}) {
    this.calls.push('list')
    this.#throwNext('list')
    const all = [...this.objects.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    const from = Number(options.continueToken ?? 0)
    const to = options.limit ? from + options.limit : all.length
    const more = to < all.length ? { continueToken: String(to) } : {}
    return { items: all.slice(from, to), resourceVersion: String(this.#version), ...more }
  }

  async *#watch(options: WatchOptions): AsyncGenerator<WatchEvent<ConfigMap>> {
    this.calls.push('watch')
    this.watchOptions.push(options)
    this.#throwNext('watch')
    const version = Number(options.resourceVersion)
    if (version < this.#oldest) throw new OperatorError('Gone', 'too old resource version', { status: 410 })
    // A watch that lives gets everything, whatever is compacted meanwhile.
    const pending = this.#log.filter((each) => each.version > version).map(({ event }) => event)
    let ended: { error?: OperatorError | undefined } | undefined
    let changed = Promise.withResolvers<void>()
    const watcher = {
      push: (event: WatchEvent<ConfigMap>) => {
        pending.push(event)
        changed.resolve()
      },
      end: (error?: OperatorError) => {
        ended ??= { error }
        changed.resolve()
      },
    }
    const onAbort = (): void => watcher.end()
    options.signal.addEventListener('abort', onAbort)
    if (options.signal.aborted) onAbort()
    this.#watchers.add(watcher)
    try {
      while (!ended) {
        changed = Promise.withResolvers<void>()
        const event = pending.shift()
        if (event) yield event
        else await changed.promise
      }
      if (ended.error) throw ended.error
    } finally {
      this.#watchers.delete(watcher)
      options.signal.removeEventListener('abort', onAbort)
    }
  }

  #append(event: WatchEvent<ConfigMap>): void {
    if (event.kind !== 'bookmark') this.#log.push({ version: this.#version, event })
    for (const watcher of this.#watchers) watcher.push(event)
  }

  #throwNext(call: 'list' | 'watch'): void {
    const at = this.#failures.findIndex((each) => each.call === call)
    const [failure] = at >= 0 ? this.#failures.splice(at, 1) : []
    if (failure) throw failure.error
  }
}

import type { KubeClient } from './client.ts'
import { type Clock, systemClock, wait } from './clock.ts'
import { hasCode, OperatorError, toOperatorError } from './errors.ts'
import { type Log, silentLog } from './log.ts'
import { type KubeMetrics, noMetrics, type ReflectorState } from './metrics.ts'
import type { ListOptions, Page, SelectOptions, WatchOptions } from './requests.ts'
import { WatchRetry } from './retry.ts'
import { ObjectStore } from './store.ts'
import type { KubeObject, Resource } from './types.ts'
import { isOlder } from './versions.ts'
import type { WatchEvent } from './watch.ts'

/** The two calls that a reflector makes. */
export type ReflectorClient = Pick<KubeClient, 'list' | 'watch'>

export type ReflectorOptions<T extends KubeObject> = SelectOptions &
  Readonly<{
    client: ReflectorClient
    resource: Resource<T>
    /** Default: a store without indexes. */
    store?: ObjectStore<T>
    /** Leaves out what nobody reads, before the object is kept. Default: everything is kept. */
    prune?: (object: T) => T
    /**
     * A feature that is off without its right: `synced` resolves when the kind is forbidden or not served, and the store is
     * unavailable until it can be had. Default false: the kind is waited for.
     */
    isOptional?: boolean
    /** Items of one page. Default 500. */
    pageSize?: number
    /** How soon a forbidden kind is tried again. Default 60,000. */
    forbiddenRetryMs?: number
    clock?: Clock
    /** A number in [0, 1). Default Math.random. */
    random?: () => number
    metrics?: KubeMetrics
    log?: Log
  }>

/** A watch that ends sooner and brought nothing counts as a failure, or a broken server would be asked in a tight loop. */
const SHORTEST_WATCH_MS = 1_000
/** How much longer than agreed a watch may live before it is cut from our side. */
const WATCH_GRACE_MS = 30_000

/** Keeps a store equal to what the API server has of one kind: lists once, then watches; never gives up. */
export class Reflector<T extends KubeObject = KubeObject> {
  readonly store: ObjectStore<T>
  /** Resolves once the first list is in the store; for an optional kind also when it cannot be had. */
  readonly synced: Promise<void>
  readonly #options: ReflectorOptions<T>
  readonly #clock: Clock
  readonly #random: () => number
  readonly #metrics: KubeMetrics
  readonly #log: Log
  readonly #retry: WatchRetry
  readonly #markSynced: () => void
  #state: ReflectorState = 'syncing'
  #resourceVersion: string | undefined
  /** The last version that was seen, also while a list is due. */
  #latest: string | undefined
  #hasSynced = false
  /** Failures since the last event or list. */
  #failuresInRow = 0

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.store = options.store ?? new ObjectStore<T>()
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#metrics = options.metrics ?? noMetrics
    this.#log = options.log ?? silentLog
    const { forbiddenRetryMs = 60_000 } = options
    this.#retry = new WatchRetry({ clock: this.#clock, random: this.#random, forbiddenRetryMs })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.synced = promise
    this.#markSynced = resolve
  }

  /** Whether the store holds a whole list; stays true while a later one is being made. */
  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** `forbidden` also says that the kind is not served: its CustomResourceDefinition is missing. */
  get state(): ReflectorState {
    return this.#state
  }

  /** Runs until `signal` is aborted; never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    this.#metrics.reflectorState(this.#kind, this.#state)
    while (!signal.aborted) {
      try {
        const resourceVersion = this.#resourceVersion ?? (await this.#list(signal))
        await this.#follow(resourceVersion, signal)
      } catch (error) {
        if (!signal.aborted) await wait(this.#clock, this.#fail(toOperatorError(error)), signal)
      }
    }
  }

  get #kind(): string {
    return this.#options.resource.kind
  }

  get #select(): SelectOptions {
    const { namespace, labelSelector, fieldSelector } = this.#options
    return { namespace, labelSelector, fieldSelector }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const page = await this.#readPages(signal)
    this.#metrics.reflectorListed(this.#kind)
    const { items, resourceVersion } = page
    const isNewHistory = isOlder(resourceVersion, this.#latest)
    this.#change(() => this.store.replace(items, { resourceVersion, isInitial: !this.#hasSynced, isNewHistory }))
    this.#latest = resourceVersion
    this.#resourceVersion = page.resourceVersion
    this.#failuresInRow = 0
    this.#hasSynced = true
    const before = this.#state
    this.#enter('synced')
    if (before === 'forbidden') this.#log.info({ kind: this.#kind }, 'Kind is watched')
    this.#markSynced()
    return page.resourceVersion
  }

  async #readPages(signal: AbortSignal): Promise<Page<T>> {
    const { pageSize = 500 } = this.#options
    try {
      return await this.#readAll({ ...this.#select, limit: pageSize, signal })
    } catch (error) {
      // The pages took longer than the server keeps their snapshot: one big answer always works.
      if (!hasCode(error, 'Gone')) throw error
      return this.#readAll({ ...this.#select, signal })
    }
  }

  async #readAll(options: ListOptions): Promise<Page<T>> {
    const { client, resource } = this.#options
    const items: T[] = []
    let page = await client.list(resource, options)
    for (;;) {
      for (const item of page.items) items.push(this.#prune(item))
      if (!page.continueToken) return { items, resourceVersion: page.resourceVersion }
      page = await client.list(resource, { ...options, continueToken: page.continueToken })
    }
  }

  async #follow(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, resource } = this.#options
    const timeoutSeconds = Math.round(300 + 300 * this.#random())
    const startedMs = this.#clock.monotonicMs()
    const limit = new AbortController()
    const onAbort = (): void => limit.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    const cancel = this.#clock.schedule(onAbort, timeoutSeconds * 1000 + WATCH_GRACE_MS)
    let count = 0
    try {
      const options: WatchOptions = { ...this.#select, resourceVersion, timeoutSeconds, signal: limit.signal }
      for await (const event of client.watch(resource, options)) {
        // A server that only says hello each time is still one that does not work.
        if (event.kind !== 'bookmark') count += 1
        this.#failuresInRow = 0
        this.#retry.noteEvent()
        this.#take(event)
      }
    } finally {
      cancel()
      signal.removeEventListener('abort', onAbort)
      this.#retry.noteWatch(this.#clock.monotonicMs() - startedMs)
    }
    if (count === 0 && !signal.aborted && this.#clock.monotonicMs() - startedMs < SHORTEST_WATCH_MS) {
      throw new OperatorError('Unavailable', `Cannot watch ${this.#kind}: the watch ended at once`)
    }
  }

  #take(event: WatchEvent<T>): void {
    if (event.kind === 'error') return
    const version = event.kind === 'bookmark' ? event.resourceVersion : event.object.metadata.resourceVersion
    // Time runs backwards after etcd was restored from a backup; a watch alone would never show what is missing.
    if (isOlder(version, this.#resourceVersion)) {
      throw new OperatorError('Gone', `Cannot watch ${this.#kind}: resourceVersion went back to ${version}`)
    }
    if (version) {
      this.#resourceVersion = version
      this.#latest = version
    }
    if (event.kind === 'deleted') this.#change(() => this.store.delete(event.object))
    if (event.kind === 'added' || event.kind === 'modified') {
      this.#change(() => this.store.upsert(this.#prune(event.object)))
    }
  }

  // A listener's bug is logged, but must not stop the cache from being right.
  #change(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#log.error({ kind: this.#kind, err: error }, 'Listener failed')
    }
  }

  #prune(object: T): T {
    return this.#options.prune ? this.#options.prune(object) : object
  }

  /** Notes a failure and says how long to wait. */
  #fail(error: OperatorError): number {
    this.#failuresInRow += 1
    // After one cut the watch goes on where it was. After two the server was away, and may have come back as another.
    if (error.code === 'Gone' || this.#failuresInRow > 1) this.#resourceVersion = undefined
    const fields = { kind: this.#kind, code: error.code, err: error }
    if (hasCode(error, 'Forbidden', 'NotFound')) this.#turnOff(fields)
    else {
      // A kind that was forbidden is so until it was listed: an API server that is away grants nothing.
      if (this.#state !== 'forbidden') this.#enter(this.#hasSynced ? 'synced' : 'syncing')
      this.#log.debug(fields, 'Reflector failed')
    }
    return this.#retry.nextMs(error)
  }

  #turnOff(fields: object): void {
    const isNew = this.#enter('forbidden')
    const text = this.#options.isOptional ? 'its feature is off' : 'the operator goes on with what it knew'
    if (isNew) this.#log.warn(fields, `Kind cannot be watched, ${text}`)
    if (!this.#options.isOptional) return
    // What was known grows old: a Node that is not in an old list is not a Node that is gone.
    this.#resourceVersion = undefined
    this.#hasSynced = false
    this.#change(() => this.store.makeUnavailable())
    this.#markSynced()
  }

  /** Whether the state is another than before. */
  #enter(state: ReflectorState): boolean {
    if (this.#state === state) return false
    this.#state = state
    this.#metrics.reflectorState(this.#kind, state)
    return true
  }
}

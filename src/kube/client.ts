import { inClusterAccess, isInCluster } from './auth.ts'
import { type Clock, systemClock } from './clock.ts'
import { enterObject, enterText, parseAnswer } from './entry.ts'
import { OperatorError, toOperatorError } from './errors.ts'
import { kubeconfigAccess } from './kubeconfig.ts'
import { type KubeMetrics, noMetrics } from './metrics.ts'
import {
  type CallOptions,
  type CreateOptions,
  type DeleteOptions,
  describeRef,
  type ListOptions,
  type ObjectRef,
  PATCH_TYPES,
  type Page,
  type PatchOptions,
  pathOf,
  queryOf,
  type WatchOptions,
} from './requests.ts'
import { type Asked, statusError } from './status.ts'
import { type HttpCall, Transport } from './transport.ts'
import type { KubeObject, Resource } from './types.ts'
import { linesOf, parseWatchLine, type WatchEvent } from './watch.ts'

const CALL_TIMEOUT_MS = 15_000
const LIST_TIMEOUT_MS = 60_000

type Target = Readonly<{
  resource: Resource
  ref: Readonly<{ namespace?: string | undefined; name?: string }>
  act: string
}>
type Sent = Pick<HttpCall, 'method' | 'path'> &
  CallOptions &
  Readonly<{ body?: unknown; contentType?: string; isIdempotent?: boolean }>

/** Typed calls to one API server. Every failure is an OperatorError; answers enter without managedFields. */
export class KubeClient {
  readonly #transport: Transport
  readonly #metrics: KubeMetrics
  readonly #clock: Clock

  constructor(transport: Transport, options: Readonly<{ metrics?: KubeMetrics; clock?: Clock }> = {}) {
    this.#transport = transport
    this.#metrics = options.metrics ?? noMetrics
    this.#clock = options.clock ?? systemClock
  }

  /** Reads one object; code NotFound when there is none. */
  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    const sent = { ...options, method: 'GET', path: pathOf(resource, ref), isIdempotent: true } as const
    return enterText(resource, await this.#send({ resource, ref, act: 'read' }, sent))
  }

  /** Reads a list, or one page of it; an expired continueToken is code Gone. */
  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<Page<T>> {
    const { namespace, labelSelector, fieldSelector, limit, continueToken, resourceVersion, ...call } = options
    const query = queryOf({ labelSelector, fieldSelector, limit, continue: continueToken, resourceVersion })
    const path = pathOf(resource, { namespace }) + query
    const sent = { timeoutMs: LIST_TIMEOUT_MS, ...call, method: 'GET', path, isIdempotent: true } as const
    const text = await this.#send({ resource, ref: { namespace }, act: 'list' }, sent)
    const page =
      parseAnswer<Readonly<{ items: T[]; metadata: Readonly<{ resourceVersion: string; continue?: string }> }>>(text)
    return {
      items: (page.items ?? []).map((item) => enterObject(resource, item)),
      resourceVersion: page.metadata.resourceVersion,
      ...(page.metadata.continue ? { continueToken: page.metadata.continue } : {}),
    }
  }

  /** Creates one object by POST; code AlreadyExists when the name is taken. */
  async create<T extends KubeObject>(resource: Resource<T>, object: KubeObject, options: CreateOptions): Promise<T> {
    const { fieldManager, ...call } = options
    const { namespace, name } = object.metadata
    const path = pathOf(resource, { namespace }) + queryOf({ fieldManager })
    const sent = { ...call, method: 'POST', path, body: object, contentType: 'application/json' } as const
    return enterText(resource, await this.#send({ resource, ref: { namespace, name }, act: 'create' }, sent))
  }

  /** Changes one object, or a subresource of it. */
  async patch<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef, options: PatchOptions): Promise<T> {
    const { kind, body, fieldManager, force, subresource, keepManagedFields, ...call } = options
    const query = queryOf({ fieldManager, force: kind === 'apply' ? force : undefined })
    const text = await this.#send(
      { resource, ref, act: kind === 'apply' ? 'apply' : 'patch' },
      {
        ...call,
        method: 'PATCH',
        path: pathOf(resource, { ...ref, subresource }) + query,
        body,
        contentType: PATCH_TYPES[kind],
        isIdempotent: kind === 'apply',
      },
    )
    return keepManagedFields ? parseAnswer<T>(text) : enterText(resource, text)
  }

  /** Deletes or evicts one object; resolves once the server took it, which is not yet its end. */
  async delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const { uid, resourceVersion, gracePeriodSeconds, propagationPolicy, subresource, ...call } = options
    const preconditions = uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}
    const deleteOptions = { ...preconditions, gracePeriodSeconds, propagationPolicy }
    const path = pathOf(resource, { ...ref, subresource })
    const common = { ...call, path, contentType: 'application/json' }
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: ref, deleteOptions }
    await this.#send(
      { resource, ref, act: subresource === 'eviction' ? 'evict' : 'delete' },
      subresource === 'eviction'
        ? { ...common, method: 'POST', body: eviction }
        : { ...common, method: 'DELETE', body: { apiVersion: 'v1', kind: 'DeleteOptions', ...deleteOptions } },
    )
  }

  /**
   * Follows changes from a resourceVersion on. Ends when the server ends it or `signal` is aborted; throws Gone when the
   * resourceVersion is too old, ConnectionLost when it is cut, Timeout when the server is silent for too long.
   */
  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds, signal } = options
    const asked = askedOf({ resource, ref: { namespace }, act: 'watch' })
    const query = { labelSelector, fieldSelector, resourceVersion, timeoutSeconds, watch: 1, allowWatchBookmarks: true }
    const path = pathOf(resource, { namespace }) + queryOf(query)
    const startedMs = this.#clock.monotonicMs()
    try {
      const timeoutMs = LIST_TIMEOUT_MS
      const stream = await this.#transport.stream({ method: 'GET', path, isIdempotent: true, timeoutMs, signal })
      try {
        this.#count('GET', stream.status, startedMs)
        if (stream.status !== 200) throw statusError(asked, { ...stream, body: await readAll(stream.body) })
        for await (const line of linesOf(stream.body)) {
          const event = parseWatchLine<T>(line)
          if (event.kind === 'error') throw statusError(asked, { status: event.code, body: event.status })
          yield event.kind === 'bookmark' ? event : { ...event, object: enterObject(resource, event.object) }
        }
      } finally {
        stream.close()
      }
    } catch (error) {
      if (signal.aborted) return
      throw explain(asked, error)
    }
  }

  /** Version of the API server. */
  async version(options: CallOptions = {}): Promise<Readonly<{ major: string; minor: string; gitVersion: string }>> {
    return parseAnswer(await this.getRaw('/version', options))
  }

  /** The text at a path that is no object: `/readyz`, discovery. */
  async getRaw(path: string, options: CallOptions = {}): Promise<string> {
    return this.#exchange({ act: 'read', target: `"${path}"` }, { ...options, method: 'GET', path, isIdempotent: true })
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.#transport.close()
  }

  #send(target: Target, sent: Sent): Promise<string> {
    return this.#exchange(askedOf(target), sent)
  }

  async #exchange(asked: Asked, sent: Sent): Promise<string> {
    const startedMs = this.#clock.monotonicMs()
    const { body, isIdempotent = false, timeoutMs = CALL_TIMEOUT_MS, ...call } = sent
    let status: number | undefined
    try {
      const text = body === undefined ? {} : { body: JSON.stringify(body) }
      const answer = await this.#transport.request({ ...call, ...text, isIdempotent, timeoutMs })
      status = answer.status
      if (answer.status < 200 || answer.status > 299) throw statusError(asked, { ...answer, body: answer.text })
      return answer.text
    } catch (error) {
      throw explain(asked, error)
    } finally {
      this.#count(sent.method, status, startedMs)
    }
  }

  #count(method: string, status: number | undefined, startedMs: number): void {
    const tookMs = this.#clock.monotonicMs() - startedMs
    this.#metrics.request({
      method,
      code: status === undefined ? '<error>' : String(status),
      host: this.#transport.host,
      tookMs,
    })
  }
}

/** How a client is found: by a kubeconfig when one is named, else by the pod's ServiceAccount, else by the default kubeconfig. */
export type ClientOptions = Readonly<{
  kubeconfig?: string | undefined
  context?: string | undefined
  userAgent?: string
  metrics?: KubeMetrics
  maxInFlight?: number
}>

/** Connects nothing yet, but reads the credentials once, so that a bad file fails here. */
export async function createKubeClient(options: ClientOptions = {}): Promise<KubeClient> {
  const { kubeconfig, context, userAgent, metrics, maxInFlight } = options
  const access =
    kubeconfig || context || !isInCluster() ? await kubeconfigAccess({ path: kubeconfig, context }) : inClusterAccess()
  await access.current()
  const transport = new Transport({
    access,
    ...(userAgent ? { userAgent } : {}),
    ...(maxInFlight ? { maxInFlight } : {}),
  })
  return new KubeClient(transport, metrics ? { metrics } : {})
}

function askedOf(target: Target): Asked {
  const { resource, ref, act } = target
  return { act, target: describeRef(resource, ref), isSecret: resource.plural === 'secrets' }
}

function explain(asked: Asked, error: unknown): OperatorError {
  // An answer of the server already names act and object.
  if (error instanceof OperatorError && error.status !== undefined) return error
  const { code, message, cause } = toOperatorError(error)
  return new OperatorError(code, `Cannot ${asked.act} ${asked.target}: ${message}`, { cause: cause ?? error })
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true })
  return text
}

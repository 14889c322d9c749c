import { readFileSync } from 'node:fs'
import { Agent, type Dispatcher, request } from 'undici'
import { parse } from 'yaml'
import type { KubeObject, Resource } from '../../../src/kube/types.ts'

/**
 * The tests' own client of the API server. It shares no code with the operator's, so that a fault there cannot hide
 * itself, and its user is the administrator, so that the audit log tells the two apart.
 */
export type ObjectRef = Readonly<{ namespace?: string; name: string }>
export type ListOptions = Readonly<{ namespace?: string; labelSelector?: string; fieldSelector?: string }>

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  readonly status: number
  constructor(message: string, status: number) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

type Kubeconfig = Readonly<{
  'current-context': string
  contexts: readonly Readonly<{ name: string; context: Readonly<{ cluster: string; user: string }> }>[]
  clusters: readonly Readonly<{
    name: string
    cluster: Readonly<{ server: string; 'certificate-authority-data': string }>
  }>[]
  users: readonly Readonly<{
    name: string
    user: Readonly<{ 'client-certificate-data': string; 'client-key-data': string }>
  }>[]
}>

type Connection = Readonly<{ origin: string; dispatcher: Dispatcher }>

let connection: Connection | undefined

/** Connects as the kubeconfig in the environment says; kind's carry a client certificate. */
function connect(): Connection {
  if (connection) return connection
  const file = process.env['KUBECONFIG']
  if (!file) throw new Error('Cannot reach the cluster: KUBECONFIG is unset, must be a file (run npm test -- cluster)')
  const config = parse(readFileSync(file, 'utf8')) as Kubeconfig
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster
  const user = config.users.find(({ name }) => name === context?.user)?.user
  if (!cluster || !user) throw new Error(`Cannot read ${file}: its current context names no cluster or no user`)
  const dispatcher = new Agent({
    connect: {
      ca: decode(cluster['certificate-authority-data']),
      cert: decode(user['client-certificate-data']),
      key: decode(user['client-key-data']),
    },
    connections: 16,
    // A watch may be silent for long; each has its own end.
    bodyTimeout: 0,
    headersTimeout: 30_000,
  })
  connection = { origin: cluster.server, dispatcher }
  return connection
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8')
}

/** Path of a kind, of one object, or of a subresource. */
export function pathOf(resource: Resource, ref: Readonly<{ namespace?: string; name?: string }>, sub = ''): string {
  const base = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`
  const place = resource.namespaced && ref.namespace ? `/namespaces/${ref.namespace}` : ''
  return `${base}${place}/${resource.plural}${ref.name ? `/${ref.name}` : ''}${sub ? `/${sub}` : ''}`
}

type Call = Readonly<{
  method?: Dispatcher.HttpMethod
  query?: Readonly<Record<string, string>>
  body?: unknown
  contentType?: string
  signal?: AbortSignal
}>

async function send(path: string, call: Call = {}): Promise<Dispatcher.ResponseData> {
  const { origin, dispatcher } = connect()
  const response = await request(`${origin}${path}`, {
    dispatcher,
    method: call.method ?? 'GET',
    headers: { accept: 'application/json', ...(call.contentType ? { 'content-type': call.contentType } : {}) },
    ...(call.query ? { query: { ...call.query } } : {}),
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    ...(call.signal ? { signal: call.signal } : {}),
  })
  if (response.statusCode < 300) return response
  const text = await response.body.text()
  const message = (JSON.parse(text.startsWith('{') ? text : '{}') as { message?: string }).message ?? text
  throw new ApiError(`${call.method ?? 'GET'} ${path}: ${response.statusCode} ${message}`, response.statusCode)
}

/** Any call whose answer is JSON. */
export async function callJson<T>(path: string, call: Call = {}): Promise<T> {
  return (await (await send(path, call)).body.json()) as T
}

/** Any call whose answer is text, such as a log. */
export async function callText(path: string, call: Call = {}): Promise<string> {
  return (await send(path, call)).body.text()
}

export function getObject<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T> {
  return callJson<T>(pathOf(resource, ref))
}

/** The object, or undefined when there is none. */
export async function findObject<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
  try {
    return await getObject(resource, ref)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

export async function listObjects<T extends KubeObject>(
  resource: Resource<T>,
  options: ListOptions = {},
): Promise<readonly T[]> {
  return (await listPage(resource, options)).items
}

/** The objects, and the resource version from which a watch sees every later change. */
export async function listPage<T extends KubeObject>(
  resource: Resource<T>,
  options: ListOptions = {},
): Promise<Readonly<{ items: readonly T[]; resourceVersion: string }>> {
  const { namespace, labelSelector, fieldSelector } = options
  const query = { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) }
  type Page = { items: T[]; metadata: { resourceVersion: string } }
  const page = await callJson<Page>(pathOf(resource, namespace ? { namespace } : {}), { query })
  const { apiVersion, kind } = resource
  return {
    items: page.items.map((item) => ({ ...item, apiVersion, kind })),
    resourceVersion: page.metadata.resourceVersion,
  }
}

/** Server-side apply as a manager of our own. */
export function applyObject<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
  return callJson<T>(pathOf(resource, object.metadata), {
    method: 'PATCH',
    query: { fieldManager: 'cluster-test', force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: object,
  })
}

export function createObject<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
  const { namespace } = object.metadata
  return callJson<T>(pathOf(resource, namespace ? { namespace } : {}), {
    method: 'POST',
    contentType: 'application/json',
    body: object,
  })
}

/** A merge patch, as `kubectl patch --type=merge` sends it. */
export function mergePatch<T extends KubeObject>(
  resource: Resource<T>,
  ref: ObjectRef,
  patch: Readonly<{ body: unknown; subresource?: string }>,
): Promise<T> {
  return callJson<T>(pathOf(resource, ref, patch.subresource), {
    method: 'PATCH',
    contentType: 'application/merge-patch+json',
    body: patch.body,
  })
}

/** Deletes an object; one that is gone already is no error. */
export async function deleteObject(
  resource: Resource,
  ref: ObjectRef,
  options: Readonly<{ gracePeriodSeconds?: number; propagationPolicy?: string }> = {},
): Promise<void> {
  try {
    await callJson(pathOf(resource, ref), { method: 'DELETE', contentType: 'application/json', body: options })
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
  }
}

export type WatchEvent<T> = Readonly<{ type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; object: T }>

/** Every change after a resource version, until the signal or the server ends the watch. */
export async function* watchObjects<T extends KubeObject>(
  resource: Resource<T>,
  options: ListOptions & Readonly<{ resourceVersion: string; signal: AbortSignal }>,
): AsyncGenerator<WatchEvent<T>> {
  const { namespace, labelSelector, resourceVersion, signal } = options
  const query = { watch: '1', resourceVersion, ...(labelSelector ? { labelSelector } : {}) }
  const response = await send(pathOf(resource, namespace ? { namespace } : {}), { query, signal })
  let rest = ''
  for await (const chunk of response.body.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield JSON.parse(line) as WatchEvent<T>
  }
}

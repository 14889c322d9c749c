import { OperatorError } from './errors.ts'
import type { Resource } from './types.ts'

/** Which object; the namespace is required exactly for namespaced kinds. */
export type ObjectRef = Readonly<{ namespace?: string | undefined; name: string }>

export type CallOptions = Readonly<{
  /** Ends the call early; it then rejects with code Aborted. */
  signal?: AbortSignal | undefined
  /** Deadline of the whole call, queueing and connecting included. Default 15,000; lists 60,000. */
  timeoutMs?: number
}>

export type SelectOptions = Readonly<{
  namespace?: string | undefined
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
}>

export type ListOptions = CallOptions &
  SelectOptions &
  Readonly<{
    /** Items of one page. Default: everything at once. */
    limit?: number
    /** The `continueToken` of the page before. */
    continueToken?: string
    /** "0" = whatever the server's cache holds. Default: the most recent. */
    resourceVersion?: string
  }>

/** One page of a list. */
export type Page<T> = Readonly<{ items: readonly T[]; resourceVersion: string; continueToken?: string }>

export type CreateOptions = CallOptions & Readonly<{ fieldManager: string }>

export type PatchOptions = CallOptions &
  Readonly<{
    /** `apply` = server-side apply; only apply.ts builds one. */
    kind: 'merge' | 'apply' | 'json'
    body: unknown
    fieldManager: string
    /** Take over fields that another manager owns; only with `apply`. */
    force?: boolean
    subresource?: string
    /** Leaves metadata.managedFields in the answer. Default: dropped. */
    keepManagedFields?: boolean
  }>

export type DeleteOptions = CallOptions &
  Readonly<{
    /** Precondition; another object of that name answers Conflict. */
    uid?: string
    /** Precondition; a changed object answers Conflict. */
    resourceVersion?: string
    gracePeriodSeconds?: number
    propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
    /** `eviction` posts an Eviction instead, which respects PodDisruptionBudgets (code TooManyRequests when refused). */
    subresource?: 'eviction'
  }>

export type WatchOptions = SelectOptions &
  Readonly<{
    resourceVersion: string
    /** The server ends the watch after this; a clean end. */
    timeoutSeconds: number
    signal: AbortSignal
  }>

export const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
} as const satisfies Record<PatchOptions['kind'], string>

/** The path of a collection, or of one object in it. */
export function pathOf(
  resource: Resource,
  place: Readonly<{ namespace?: string | undefined; name?: string; subresource?: string | undefined }>,
): string {
  const root = resource.apiVersion.includes('/') ? `/apis/${resource.apiVersion}` : `/api/${resource.apiVersion}`
  if (place.name === '') throw badRef(resource, 'name')
  if (resource.namespaced && place.name !== undefined && !place.namespace) throw badRef(resource, 'namespace')
  const parts = [root]
  if (resource.namespaced && place.namespace) parts.push('namespaces', encodeURIComponent(place.namespace))
  parts.push(resource.plural)
  if (place.name !== undefined) parts.push(encodeURIComponent(place.name))
  if (place.subresource) parts.push(place.subresource)
  return parts.join('/')
}

function badRef(resource: Resource, field: string): OperatorError {
  return new OperatorError('Bug', `Cannot address ${resource.kind}: ${field} is empty, must be set`)
}

/** A query string with its question mark, or nothing; undefined and empty values are left out. */
export function queryOf(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return text ? `?${text}` : ''
}

/** How messages name an object: `Secret "shop/shop-tls"`. */
export function describeRef(
  resource: Resource,
  ref: Readonly<{ namespace?: string | undefined; name?: string }>,
): string {
  const name = [ref.namespace, ref.name].filter(Boolean).join('/')
  return name ? `${resource.kind} "${name}"` : resource.kind
}

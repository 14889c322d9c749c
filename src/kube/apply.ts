import { hash } from 'node:crypto'
import type { KubeClient } from './client.ts'
import { hasCode, OperatorError } from './errors.ts'
import { type KubeMetrics, noMetrics } from './metrics.ts'
import { isControlledBy, type ManagedFields, moveToApply } from './ownership.ts'
import { describeRef } from './requests.ts'
import { isSubset } from './subset.ts'
import type { DesiredObject, KubeObject, Resource } from './types.ts'

/** Hash of what was last applied: a field that is no longer declared shows only here. */
export const APPLIED_HASH = 'sessionstore.dev/applied-hash'

export type ApplyClient = Pick<KubeClient, 'get' | 'create' | 'patch'>

export type EnsureOptions<T extends KubeObject> = Readonly<{
  desired: DesiredObject
  /** From the cache; undefined when it is not there. */
  live: T | undefined
  /** UID of the controlling owner that `desired` names; an object of another owner is never touched. */
  ownerUid: string
  fieldManager: string
  signal?: AbortSignal
  metrics?: KubeMetrics
}>

/** What became of a declared object. `object` is the server's answer: put it into the cache, the next pass then sees it. */
export type EnsureResult<T extends KubeObject> =
  | Readonly<{ kind: 'created' | 'applied' | 'unchanged'; object: T }>
  /** Somebody else's object has that name; nothing was written. */
  | Readonly<{ kind: 'nameConflict'; object: T }>

/**
 * Makes a declared object real with the fewest requests: none when the live one has it all, one POST when there is none,
 * one server-side apply when it differs. Code Conflict when the live object was replaced meanwhile.
 */
export async function ensureObject<T extends KubeObject>(
  client: ApplyClient,
  resource: Resource<T>,
  options: EnsureOptions<T>,
): Promise<EnsureResult<T>> {
  const { desired, ownerUid, metrics = noMetrics } = options
  checkDesired(desired, ownerUid)
  const declared = withHash(desired)
  const live = options.live ?? (await createOrRead(client, resource, { ...options, declared }))
  if ('created' in live) {
    metrics.apply(resource.kind, 'written')
    return { kind: 'created', object: live.created }
  }
  if (!isControlledBy(live, ownerUid)) return { kind: 'nameConflict', object: live }
  if (isUnchanged(declared, live)) {
    metrics.apply(resource.kind, 'skipped')
    return { kind: 'unchanged', object: live }
  }
  const object = await applyOver(client, resource, { ...options, declared, live })
  const isNoop = object.metadata.resourceVersion === live.metadata.resourceVersion
  metrics.apply(resource.kind, isNoop ? 'noop' : 'written')
  return { kind: isNoop ? 'unchanged' : 'applied', object }
}

export type StatusOptions<T extends KubeObject> = Readonly<{
  /** The object whose status is written, as it is cached. */
  object: T & Readonly<{ status?: unknown }>
  /** All that this manager says; what it said before and is not here any more is removed. */
  status: Readonly<Record<string, unknown>>
  fieldManager: string
  /** Precondition: written only if the object still has this version, else code Conflict. */
  resourceVersion?: string
  /** Top-level fields of the status, and types of its conditions, that other managers write. */
  foreign?: Readonly<{ fields?: readonly string[]; conditions?: readonly string[] }>
  signal?: AbortSignal
  metrics?: KubeMetrics
}>

/** Writes this manager's part of a status by server-side apply; sends nothing when the live status equals it. */
export async function applyStatus<T extends KubeObject>(
  client: ApplyClient,
  resource: Resource<T>,
  options: StatusOptions<T>,
): Promise<Readonly<{ kind: 'applied' | 'unchanged'; object: T }>> {
  const { object, status, fieldManager, resourceVersion, foreign = {}, signal, metrics = noMetrics } = options
  const own = ownPart(object.status, foreign)
  if (isSubset(status, own) && isSubset(own, status)) {
    metrics.apply(`${resource.kind}/status`, 'skipped')
    return { kind: 'unchanged', object }
  }
  const { name, namespace, uid } = object.metadata
  const metadata = { name, namespace, uid, resourceVersion }
  const body = { apiVersion: resource.apiVersion, kind: resource.kind, metadata, status }
  const ref = { namespace, name }
  const how = { kind: 'apply', force: true, subresource: 'status', body, fieldManager, signal } as const
  const written = await client.patch(resource, ref, how)
  const isNoop = written.metadata.resourceVersion === object.metadata.resourceVersion
  metrics.apply(`${resource.kind}/status`, isNoop ? 'noop' : 'written')
  return { kind: isNoop ? 'unchanged' : 'applied', object: written }
}

export type PartOptions = Readonly<{
  /** Fields of the object beside its identity; in lists by key only the items that are ours. */
  fields: Readonly<Record<string, unknown>>
  subresource: 'status' | 'resize'
  fieldManager: string
  signal?: AbortSignal
}>

/** Writes some fields of an object that is somebody else's; code Conflict when another object has its name now. */
export async function applyPart<T extends KubeObject>(
  client: Pick<KubeClient, 'patch'>,
  resource: Resource<T>,
  object: T,
  options: PartOptions,
): Promise<T> {
  const { fields, ...how } = options
  const { name, namespace, uid } = object.metadata
  const body = { apiVersion: resource.apiVersion, kind: resource.kind, metadata: { name, namespace, uid }, ...fields }
  return client.patch(resource, { namespace, name }, { ...how, kind: 'apply', force: true, body })
}

type Declared = Readonly<{ declared: DesiredObject; fieldManager: string; signal?: AbortSignal }>

async function createOrRead<T extends KubeObject>(
  client: ApplyClient,
  resource: Resource<T>,
  { declared, fieldManager, signal }: Declared,
): Promise<T | Readonly<{ created: T }>> {
  try {
    return { created: await client.create(resource, declared, { fieldManager, signal }) }
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error
    return client.get(resource, declared.metadata, { signal })
  }
}

async function applyOver<T extends KubeObject>(
  client: ApplyClient,
  resource: Resource<T>,
  { declared, live, fieldManager, signal }: Declared & Readonly<{ live: T }>,
): Promise<T> {
  // The UID keeps a forced apply from creating the object anew or from taking over another one of that name.
  const body = { ...declared, metadata: { ...declared.metadata, uid: live.metadata.uid } }
  const apply = { kind: 'apply', force: true, body, fieldManager, signal, keepManagedFields: true } as const
  const { object, managedFields } = split(await client.patch(resource, declared.metadata, apply))
  const moved = moveToApply(managedFields, fieldManager)
  if (!moved) return object
  // A merge, as a failed `test` of a JSON patch is told as Invalid: a status written meanwhile would end the retries.
  const ownership = { metadata: { resourceVersion: object.metadata.resourceVersion, managedFields: moved } }
  await client.patch(resource, declared.metadata, { kind: 'merge', body: ownership, fieldManager, signal })
  return split(await client.patch(resource, declared.metadata, apply)).object
}

function split<T extends KubeObject>(answer: T): Readonly<{ object: T; managedFields: readonly ManagedFields[] }> {
  const { managedFields = [], ...metadata } = answer.metadata as T['metadata'] & {
    managedFields?: readonly ManagedFields[]
  }
  return { object: { ...answer, metadata }, managedFields }
}

function isUnchanged(declared: DesiredObject, live: KubeObject): boolean {
  const hash = declared.metadata.annotations?.[APPLIED_HASH]
  return hash === live.metadata.annotations?.[APPLIED_HASH] && isSubset(declared, live)
}

function withHash(desired: DesiredObject): DesiredObject {
  const annotations = { ...desired.metadata.annotations, [APPLIED_HASH]: hashOf(desired) }
  return { ...desired, metadata: { ...desired.metadata, annotations } }
}

/** Hash of what is declared; of a Secret's data only the keys, as the values show by themselves when they differ. */
export function hashOf(desired: DesiredObject): string {
  const { data } = desired
  const isSecret = desired.kind === 'Secret' && typeof data === 'object' && data !== null
  const hashed = isSecret ? { ...desired, data: Object.keys(data).sort() } : desired
  return hash('sha256', JSON.stringify(sortKeys(hashed)), 'hex').slice(0, 32)
}

/** By hand, not by a replacer of JSON.stringify, which takes three times as long; and this is most of a pass that finds no change. */
function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sortKeys)
  const fields = value as Readonly<Record<string, unknown>>
  const sorted: Record<string, unknown> = {}
  for (const key of Object.keys(fields).sort()) sorted[key] = sortKeys(fields[key])
  return sorted
}

function checkDesired(desired: DesiredObject, ownerUid: string): void {
  const target = describeRef({ ...desired, plural: '', namespaced: true }, desired.metadata)
  if (!isControlledBy(desired, ownerUid)) {
    throw new OperatorError(
      'Bug',
      `Cannot apply ${target}: its controller reference is missing, must have uid ${ownerUid}`,
    )
  }
  const path = findUndeclarable(desired, '')
  if (path) throw new OperatorError('Bug', `Cannot apply ${target}: ${path} is null or empty, must be left out`)
}

/** The path of a null or an empty list: the API server drops both, so that the object would differ on every pass. */
function findUndeclarable(value: unknown, path: string): string | undefined {
  if (value === null || (Array.isArray(value) && value.length === 0)) return path
  if (typeof value !== 'object') return undefined
  for (const [key, child] of Object.entries(value)) {
    const found = findUndeclarable(child, `${path}.${key}`)
    if (found) return found
  }
  return undefined
}

function ownPart(
  status: unknown,
  foreign: Readonly<{ fields?: readonly string[]; conditions?: readonly string[] }>,
): Readonly<Record<string, unknown>> {
  const { fields = [], conditions: types = [] } = foreign
  const own = new Map(Object.entries(status ?? {}).filter(([key]) => !fields.includes(key)))
  const conditions: unknown = own.get('conditions')
  if (!Array.isArray(conditions)) return Object.fromEntries(own)
  const ours = conditions.filter(({ type }) => !types.includes(type))
  // No conditions are said by leaving the list out.
  if (ours.length > 0) own.set('conditions', ours)
  else own.delete('conditions')
  return Object.fromEntries(own)
}

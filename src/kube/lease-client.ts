import { toMicroTime } from './clock.ts'
import { hasCode } from './errors.ts'
import type { CallOptions, CreateOptions, ObjectRef, PatchOptions, WatchOptions } from './requests.ts'
import { LEASES } from './resources.ts'
import type { Lease, Resource } from './types.ts'
import type { WatchEvent } from './watch.ts'

/** What the election needs of a KubeClient. */
export type LeaseClient = Readonly<{
  get(resource: Resource<Lease>, ref: ObjectRef, options?: CallOptions): Promise<Lease>
  create(resource: Resource<Lease>, object: Lease, options: CreateOptions): Promise<Lease>
  patch(resource: Resource<Lease>, ref: ObjectRef, options: PatchOptions): Promise<Lease>
  watch(resource: Resource<Lease>, options: WatchOptions): AsyncIterable<WatchEvent<Lease>>
}>

/** One lease and who writes it. */
export type LeaseAccess = Readonly<{
  client: LeaseClient
  namespace: string
  name: string
  identity: string
  fieldManager: string
  leaseDurationMs: number
  /** Deadline of each request. */
  timeoutMs: number
}>

export function holderOf(lease: Lease): string {
  return lease.spec?.holderIdentity ?? ''
}

/** The lease as it is, or undefined when there is none. */
export async function readLease(access: LeaseAccess, signal?: AbortSignal): Promise<Lease | undefined> {
  const { namespace, name, timeoutMs } = access
  try {
    return await access.client.get(LEASES, { namespace, name }, { timeoutMs, signal })
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined
    throw error
  }
}

/** Takes the lease or renews it; throws Conflict or AlreadyExists when `live` is not what the server has. */
export async function holdLease(access: LeaseAccess, live: Lease | undefined, nowMs: number): Promise<Lease> {
  const now = toMicroTime(nowMs)
  const isRenewal = live !== undefined && holderOf(live) === access.identity
  const transitions = live?.spec?.leaseTransitions ?? 0
  const spec = {
    holderIdentity: access.identity,
    leaseDurationSeconds: Math.ceil(access.leaseDurationMs / 1000),
    acquireTime: isRenewal ? (live.spec?.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: live && !isRenewal ? transitions + 1 : transitions,
  }
  return live ? patchSpec(access, live, spec) : createLease(access, spec)
}

/** Gives the lease back: an empty holder, as client-go writes it. */
export async function freeLease(access: LeaseAccess, live: Lease, nowMs: number): Promise<Lease> {
  const now = toMicroTime(nowMs)
  return patchSpec(access, live, { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now })
}

function createLease(access: LeaseAccess, spec: NonNullable<Lease['spec']>): Promise<Lease> {
  const { client, namespace, name, fieldManager, timeoutMs } = access
  const lease: Lease = { apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata: { namespace, name }, spec }
  return client.create(LEASES, lease, { fieldManager, timeoutMs })
}

/** The resourceVersion makes it a compare-and-swap. */
function patchSpec(access: LeaseAccess, live: Lease, spec: NonNullable<Lease['spec']>): Promise<Lease> {
  const { client, namespace, name, fieldManager, timeoutMs } = access
  const body = { metadata: { resourceVersion: live.metadata.resourceVersion }, spec }
  return client.patch(LEASES, { namespace, name }, { kind: 'merge', body, fieldManager, timeoutMs })
}

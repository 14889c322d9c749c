import type { BindingPolicy } from '../api/v1alpha1/effective.ts'
import { SESSION_BINDINGS, type SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import type { Caches } from '../caches.ts'
import { type ApplyClient, ensureObject } from '../kube/apply.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode, OperatorError } from '../kube/errors.ts'
import type { KubeMetrics } from '../kube/metrics.ts'
import { isControlledBy } from '../kube/ownership.ts'
import {
  CONFIG_MAPS,
  NETWORK_POLICIES,
  POD_DISRUPTION_BUDGETS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../kube/resources.ts'
import type { ObjectStore } from '../kube/store.ts'
import { type DesiredObject, type KubeObject, keyOf, type Resource } from '../kube/types.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { disruptionBudgetName, networkPolicyName } from '../resources/names.ts'
import type { Issued } from './issue.ts'
import { buildDefaultBinding, type ObjectWaves } from './plan/objects.ts'

export const FIELD_MANAGER = 'sessionstore-operator'

export type ApplyContext = Readonly<{
  client: ApplyClient & Pick<KubeClient, 'delete'>
  caches: Caches
  identity: StoreIdentity
  metrics: KubeMetrics
  signal: AbortSignal
}>

type Kind = Readonly<{ resource: Resource; cache: ObjectStore }>

/** Where a child kind is written and where it is cached. */
function kindOf(caches: Caches, name: string): Kind {
  const kinds = {
    ServiceAccount: { resource: SERVICE_ACCOUNTS, cache: caches.serviceAccounts },
    Service: { resource: SERVICES, cache: caches.services },
    ConfigMap: { resource: CONFIG_MAPS, cache: caches.configMaps },
    Secret: { resource: SECRETS, cache: caches.secrets },
    PodDisruptionBudget: { resource: POD_DISRUPTION_BUDGETS, cache: caches.disruptionBudgets },
    NetworkPolicy: { resource: NETWORK_POLICIES, cache: caches.networkPolicies },
    StatefulSet: { resource: STATEFUL_SETS, cache: caches.statefulSets },
  }
  const kind = (kinds as unknown as Readonly<Record<string, Kind>>)[name]
  if (!kind) throw new OperatorError('Bug', `Cannot write ${name}: it is no child kind`)
  return kind
}

/** Makes the declared objects real, wave by wave; code NameConflict when a name is taken by somebody else's object. */
export async function applyWaves(context: ApplyContext, waves: ObjectWaves): Promise<void> {
  for (const wave of waves) await Promise.all(wave.map((desired) => applyOne(context, desired)))
}

async function applyOne(context: ApplyContext, desired: DesiredObject): Promise<void> {
  const { client, caches, identity, metrics, signal } = context
  const kind = kindOf(caches, desired.kind)
  const live = kind.cache.get(keyOf(desired))
  const options = { desired, live, ownerUid: identity.uid, fieldManager: FIELD_MANAGER, metrics, signal }
  const result = await ensureObject(client, kind.resource, options)
  if (result.kind === 'nameConflict') throw nameConflict(desired)
  if (result.kind !== 'unchanged') kind.cache.upsert(result.object)
}

/** Writes generated Secrets. One that is there already is kept: its content is in use. */
export async function applyIssued(context: ApplyContext, issued: readonly Issued[]): Promise<void> {
  await Promise.all(
    issued.map(({ object, isCreateOnly }) => (isCreateOnly ? createOnce(context, object) : applyOne(context, object))),
  )
}

/** One that is there and cannot be used is replaced, but only when what was judged is what is there. */
async function createOnce(context: ApplyContext, object: DesiredObject): Promise<void> {
  const { client, caches, identity, signal } = context
  const judged = caches.secrets.get(keyOf(object))?.metadata.resourceVersion
  try {
    caches.secrets.upsert(await client.create(SECRETS, object, { fieldManager: FIELD_MANAGER, signal }))
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error
    const live = await client.get(SECRETS, object.metadata, { signal })
    if (!isControlledBy(live, identity.uid)) throw nameConflict(object)
    caches.secrets.upsert(live)
    if (live.metadata.resourceVersion === judged) await applyOne(context, object)
  }
}

/** A store of one member has nothing to keep up: its budget would only block drains. */
export async function removeBudget(context: ApplyContext): Promise<void> {
  await removeChild(context, 'PodDisruptionBudget', disruptionBudgetName(context.identity))
}

/** Whoever may connect without one may connect again. */
export async function removeNetworkPolicy(context: ApplyContext): Promise<void> {
  await removeChild(context, 'NetworkPolicy', networkPolicyName(context.identity))
}

/** Deletes a child that is no longer wanted: the very one that was seen, and only if it is the store's. */
async function removeChild(context: ApplyContext, kind: string, name: string): Promise<void> {
  const { client, caches, identity, signal } = context
  const { resource, cache } = kindOf(caches, kind)
  const live = cache.get(keyOf({ metadata: { ...identity, name } }))
  if (!live || live.metadata.deletionTimestamp || !isControlledBy(live, identity.uid)) return
  const { uid } = live.metadata
  try {
    await client.delete(resource, live.metadata, { ...(uid && { uid }), signal })
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error
  }
  cache.delete(live)
}

/** Makes the store's own login, or deletes it; a binding of that name that a person made is as good, and stays. */
export async function applyDefaultBinding(
  context: ApplyContext,
  { defaultBinding }: Pick<BindingPolicy, 'defaultBinding'>,
): Promise<void> {
  const { caches, identity } = context
  const live = caches.bindings.get(keyOf({ metadata: identity }))
  if (defaultBinding === 'Ensure' && !live) await createDefaultBinding(context)
  const isOurs = live !== undefined && isControlledBy(live, identity.uid)
  if (defaultBinding === 'Remove' && isOurs && live.metadata.deletionTimestamp === undefined)
    await removeDefaultBinding(context, live)
}

async function removeDefaultBinding({ client, caches, signal }: ApplyContext, live: SessionBinding): Promise<void> {
  const { uid } = live.metadata
  try {
    await client.delete(SESSION_BINDINGS, live.metadata, { ...(uid && { uid }), signal })
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error
  }
  caches.bindings.delete(live)
}

async function createDefaultBinding({ client, caches, identity, signal }: ApplyContext): Promise<void> {
  const desired = buildDefaultBinding(identity)
  try {
    caches.bindings.upsert(await client.create(SESSION_BINDINGS, desired, { fieldManager: FIELD_MANAGER, signal }))
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error
  }
}

export function nameConflict(desired: KubeObject): OperatorError {
  return new OperatorError(
    'NameConflict',
    `Cannot create ${desired.kind} "${desired.metadata.name}": the name is taken by an object of another owner; delete or rename that object, or create the SessionStore under another name`,
  )
}

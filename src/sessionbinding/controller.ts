import { setCondition } from '../api/v1alpha1/conditions.ts'
import { effectiveSpec } from '../api/v1alpha1/effective.ts'
import { SESSION_BINDINGS, type SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import { BY_STORE, type Caches, foreignStoresOf, storeKeyOfBinding } from '../caches.ts'
import { applyStatus } from '../kube/apply.ts'
import { Controller, type Result } from '../kube/controller.ts'
import type { Log } from '../kube/log.ts'
import { anyOf, changed, generationChanged, labelsChanged, type Predicate } from '../kube/predicates.ts'
import { type Condition, keyOf, type Secret } from '../kube/types.ts'
import { type Mapper, namedByLabel, self, watches } from '../kube/watches.ts'
import { LABELS } from '../resources/labels.ts'
import { bindingSecretName } from '../resources/names.ts'
import { readBindings } from '../sessionstore/bindings.ts'
import { clientRenewalMs } from './clientcertificate.ts'
import { type BindingFacts, isGranted, planBindingConditions } from './plan/conditions.ts'
import { bundleOf, ensureSecret, markWithdrawn, type SecretDeps } from './secret.ts'

const LONGEST_REST_MS = 6 * 3_600_000
const STATUS_MANAGER = 'sessionstore-operator-status'

export type BindingDeps = SecretDeps &
  Readonly<{
    log: Log
    nowMs: () => number
    workers: number
    /** Whether every answering member of a store knows the login of a binding, by key; undefined: not looked at yet. */
    isApplied: (storeKey: string, bindingKey: string) => boolean | undefined
  }>

/** Gives each binding its Secret; the store's controller makes the servers know the login in it. */
export function createBindingController(deps: BindingDeps): Controller {
  const { caches, log, metrics, workers } = deps
  const bindingsOf = (storeKey: string) => caches.bindings.byIndex(BY_STORE, storeKey).map(keyOf)
  return new Controller({
    name: 'sessionbinding',
    workers,
    log,
    metrics,
    sources: [
      watches(caches.bindings, { mapper: self, predicate: generationChanged }),
      watches(caches.bindings, { mapper: (binding) => rivalsOf(caches, binding), predicate: beginsOrEnds }),
      watches(caches.stores, { mapper: (store) => bindingsOf(keyOf(store)), predicate: storeChanged }),
      watches(caches.secrets, { mapper: bindingOfSecret(bindingsOf) }),
      watches(caches.namespaces, {
        mapper: ({ metadata }) => foreignStoresOf(caches, metadata.name).flatMap(bindingsOf),
        predicate: labelsChanged,
      }),
    ],
    reconcile: (key, signal) => reconcileBinding(deps, key, signal),
  })
}

/**
 * Bindings of the same store to which this one makes a difference: those without a login get its prefix when it ends, and
 * one of the same second may come before them or after them. All others are older, or younger and refused already.
 */
function rivalsOf({ bindings }: Pick<Caches, 'bindings'>, binding: SessionBinding): readonly string[] {
  const { creationTimestamp } = binding.metadata
  return bindings
    .byIndex(BY_STORE, storeKeyOfBinding(binding))
    .filter(({ metadata, status }) => status?.binding === undefined || metadata.creationTimestamp === creationTimestamp)
    .map(keyOf)
}

/** In the first list each binding is looked at for itself. */
const beginsOrEnds: Predicate<SessionBinding> = ({ kind, object, previous, isInitial }) =>
  kind === 'updated'
    ? object.metadata.deletionTimestamp !== previous?.metadata.deletionTimestamp
    : kind === 'deleted' || !isInitial

const storeChanged = anyOf(
  generationChanged,
  changed(({ metadata }) => metadata.uid),
)

/** A binding's own Secret, or the served bundle that all bindings of a store hand on. */
function bindingOfSecret(bindingsOf: (storeKey: string) => readonly string[]): Mapper<Secret> {
  const own = namedByLabel(LABELS.binding)
  const store = namedByLabel(LABELS.store)
  return (secret) =>
    secret.metadata.labels?.[LABELS.binding] === undefined ? store(secret).flatMap(bindingsOf) : own(secret)
}

async function reconcileBinding(deps: BindingDeps, key: string, signal: AbortSignal): Promise<Result> {
  const { caches } = deps
  const binding = caches.bindings.get(key)
  if (!binding || binding.metadata.deletionTimestamp !== undefined) return { kind: 'done' }
  const store = caches.stores.get(storeKeyOfBinding(binding))
  const facts = readFacts(deps, binding, store)
  const { verdict } = facts
  if (verdict?.kind !== 'granted') await markWithdrawn(deps, binding, signal)
  const isConflict =
    store && verdict?.kind === 'granted' && isGranted(facts)
      ? await ensureSecret(deps, { binding, store, keyPrefix: verdict.keyPrefix, nowMs: deps.nowMs(), signal })
      : false
  const secretName = bindingSecretName(binding.metadata)
  const nameConflict = `Secret "${secretName}" belongs to somebody else; delete or rename it`
  await writeBindingStatus(deps, binding, { facts: { ...facts, ...(isConflict && { nameConflict }) }, signal })
  // A foreign Secret carries no label of ours, so its removal is not seen.
  return isConflict ? { kind: 'after', delayMs: 30_000 } : restUntilRenewal(deps, binding)
}

/** A client certificate is replaced in time; no event tells when. */
function restUntilRenewal({ caches, nowMs }: BindingDeps, { metadata }: SessionBinding): Result {
  const dueMs = clientRenewalMs(
    caches.secrets.get(keyOf({ metadata: { ...metadata, name: bindingSecretName(metadata) } })),
  )
  if (dueMs === undefined) return { kind: 'done' }
  return { kind: 'after', delayMs: Math.min(Math.max(1000, dueMs - nowMs()), LONGEST_REST_MS) }
}

function readFacts(
  { caches, isApplied }: BindingDeps,
  binding: SessionBinding,
  store: SessionStore | undefined,
): BindingFacts {
  const { metadata, spec } = binding
  const isForeign = spec.storeRef.namespace !== undefined && spec.storeRef.namespace !== metadata.namespace
  const storeName = isForeign ? `${spec.storeRef.namespace}/${spec.storeRef.name}` : spec.storeRef.name
  const base = { namespace: metadata.namespace ?? '', storeName, hasMaterial: false, isApplied: false }
  const verdict = store && readBindings(caches, store).verdicts.get(keyOf(binding))
  if (!store || !verdict) return base
  return {
    ...base,
    verdict,
    hasMaterial: effectiveSpec(store.spec).tlsMode === 'Disabled' || bundleOf(caches, store) !== undefined,
    isApplied: isApplied(keyOf(store), keyOf(binding)) ?? wasReady(binding),
  }
}

/** An operator that was just started has not asked the servers yet: what the one before it found holds until it has. */
function wasReady({ status }: SessionBinding): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
}

async function writeBindingStatus(
  { client, caches, metrics, nowMs }: BindingDeps,
  binding: SessionBinding,
  { facts, signal }: Readonly<{ facts: BindingFacts; signal: AbortSignal }>,
): Promise<void> {
  const generation = binding.metadata.generation ?? 0
  const nowIso = new Date(nowMs()).toISOString().replace(/\.\d{3}Z$/, 'Z')
  let conditions: readonly Condition[] = binding.status?.conditions ?? []
  for (const condition of planBindingConditions(facts)) {
    conditions = setCondition(conditions, { ...condition, observedGeneration: generation }, nowIso)
  }
  const isHandedOut = isGranted(facts) && facts.nameConflict === undefined
  // Sessions lie under the prefix of the first login: a later change of the store's tenancy must not move it.
  const keyPrefix = facts.verdict?.kind === 'granted' ? facts.verdict.keyPrefix : binding.status?.keyPrefix
  const status = {
    observedGeneration: generation,
    conditions,
    ...(keyPrefix !== undefined && { keyPrefix }),
    ...(isHandedOut && { binding: { name: bindingSecretName(binding.metadata) } }),
  }
  const result = await applyStatus(client, SESSION_BINDINGS, {
    object: binding,
    status,
    fieldManager: STATUS_MANAGER,
    metrics,
    signal,
  })
  caches.bindings.upsert(result.object)
}

import { setCondition } from '../api/v1alpha1/conditions.ts'
import { effectiveSpec } from '../api/v1alpha1/effective.ts'
import { SESSION_BINDINGS, type SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import { BY_STORE, type Caches } from '../caches.ts'
import { applyStatus, ensureObject } from '../kube/apply.ts'
import type { KubeClient } from '../kube/client.ts'
import { Controller, type Result } from '../kube/controller.ts'
import { hasCode } from '../kube/errors.ts'
import type { Log } from '../kube/log.ts'
import type { KubeMetrics } from '../kube/metrics.ts'
import { anyOf, changed, generationChanged } from '../kube/predicates.ts'
import { SECRETS } from '../kube/resources.ts'
import { type Condition, keyOf, type Secret } from '../kube/types.ts'
import { type Mapper, namedByLabel, self, watches } from '../kube/watches.ts'
import { buildBindingSecret } from '../resources/bindingsecret.ts'
import { LABELS } from '../resources/labels.ts'
import { bindingSecretName, tlsSecretName } from '../resources/names.ts'
import { KEYS } from '../resources/paths.ts'
import { readSecretKey } from '../resources/secrets.ts'
import { bindingsOf, generatePassword, readLogin } from '../sessionstore/credentials.ts'
import { identityOf } from '../sessionstore/observe.ts'
import { judgeBindings, keyPrefixOf } from '../sessionstore/plan/bindings.ts'
import { type BindingFacts, isGranted, planBindingConditions } from './plan/conditions.ts'

const FIELD_MANAGER = 'sessionstore-operator'
const STATUS_MANAGER = 'sessionstore-operator-status'

export type BindingDeps = Readonly<{
  client: KubeClient
  caches: Caches
  log: Log
  metrics: KubeMetrics
  nowMs: () => number
  workers: number
  /** Whether every answering member of a store knows the login of a binding; undefined: not looked at yet. */
  isApplied: (storeKey: string, binding: string) => boolean | undefined
}>

/** Gives each binding its Secret; the store's controller makes the servers know the login in it. */
export function createBindingController(deps: BindingDeps): Controller {
  const { caches, log, metrics, workers } = deps
  return new Controller({
    name: 'sessionbinding',
    workers,
    log,
    metrics,
    sources: [
      watches(caches.bindings, { mapper: siblings(caches), predicate: generationChanged }),
      watches(caches.stores, { mapper: bindingsOfStore(caches), predicate: storeChanged }),
      watches(caches.secrets, { mapper: bindingOfSecret(caches) }),
    ],
    reconcile: (key, signal) => reconcileBinding(deps, key, signal),
  })
}

const storeChanged = anyOf(
  generationChanged,
  changed(({ metadata }) => metadata.uid),
)

/** The end of a binding frees its prefix for another one of the store. */
function siblings(caches: Caches): Mapper<SessionBinding> {
  return (binding) => [...self(binding), ...caches.bindings.byIndex(BY_STORE, storeKeyOf(binding)).map(keyOf)]
}

function storeKeyOf({ metadata, spec }: SessionBinding): string {
  return keyOf({ metadata: { ...metadata, name: spec.storeRef.name } })
}

function bindingsOfStore(caches: Caches): Mapper {
  return (store) => caches.bindings.byIndex(BY_STORE, keyOf(store)).map(keyOf)
}

/** A binding's own Secret, or the served bundle that all bindings of a store hand on. */
function bindingOfSecret(caches: Caches): Mapper<Secret> {
  const own = namedByLabel(LABELS.binding)
  const store = namedByLabel(LABELS.store)
  return (secret) =>
    secret.metadata.labels?.[LABELS.binding] === undefined
      ? store(secret).flatMap((key) => caches.bindings.byIndex(BY_STORE, key).map(keyOf))
      : own(secret)
}

async function reconcileBinding(deps: BindingDeps, key: string, signal: AbortSignal): Promise<Result> {
  const { caches } = deps
  const binding = caches.bindings.get(key)
  if (!binding || binding.metadata.deletionTimestamp !== undefined) return { kind: 'done' }
  const storeKey = storeKeyOf(binding)
  const store = caches.stores.get(storeKey)
  const facts = readFacts(deps, { binding, store, storeKey })
  const isConflict = store && isGranted(facts) ? await ensureSecret(deps, { binding, store, signal }) : false
  const secretName = bindingSecretName(binding.metadata)
  const nameConflict = `Secret "${secretName}" belongs to somebody else; delete or rename it`
  await writeBindingStatus(deps, binding, { facts: { ...facts, ...(isConflict && { nameConflict }) }, signal })
  // A foreign Secret carries no label of ours, so its removal is not seen.
  return isConflict ? { kind: 'after', delayMs: 30_000 } : { kind: 'done' }
}

type Bound = Readonly<{ binding: SessionBinding; store: SessionStore | undefined; storeKey: string }>

function readFacts({ caches, isApplied }: BindingDeps, { binding, store, storeKey }: Bound): BindingFacts {
  const storeName = binding.spec.storeRef.name
  if (!store) return { storeName, hasStore: false, hasMaterial: false, isApplied: false }
  const verdict = judgeBindings(bindingsOf(caches, identityOf(store))).get(binding.metadata.name)
  const needsTls = effectiveSpec(store.spec).tlsMode === 'Required'
  return {
    storeName,
    hasStore: true,
    hasMaterial: !needsTls || bundleOf(caches, store) !== undefined,
    ...(verdict?.kind === 'prefixConflict' && { conflictsWith: verdict.with }),
    isApplied: isApplied(storeKey, binding.metadata.name) ?? wasReady(binding),
  }
}

/** An operator that was just started has not asked the servers yet: what the one before it found holds until it has. */
function wasReady({ status }: SessionBinding): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
}

function bundleOf(caches: Caches, store: SessionStore): string | undefined {
  const secret = caches.secrets.get(keyOf({ metadata: { ...store.metadata, name: tlsSecretName(store.metadata) } }))
  return secret && readSecretKey(secret, KEYS.bundle)
}

type Granted = Readonly<{ binding: SessionBinding; store: SessionStore; signal: AbortSignal }>

/** Returns whether the Secret's name is taken by somebody else. The password is made once and kept. */
async function ensureSecret(deps: BindingDeps, { binding, store, signal }: Granted): Promise<boolean> {
  const { client, caches, metrics } = deps
  const { uid = '', namespace = '' } = binding.metadata
  const identity = { name: binding.metadata.name, namespace, uid, apiVersion: binding.apiVersion }
  const live = await readSecret(deps, binding, signal)
  const desired = buildBindingSecret(identity, identityOf(store), {
    username: `${namespace}.${binding.metadata.name}`,
    password: readLogin(live)?.passwords[0] ?? generatePassword(),
    keyPrefix: keyPrefixOf(binding),
    tlsMode: effectiveSpec(store.spec).tlsMode,
    bundlePem: bundleOf(caches, store),
  })
  const result = await ensureObject(client, SECRETS, {
    desired,
    live,
    ownerUid: uid,
    fieldManager: FIELD_MANAGER,
    metrics,
    signal,
  })
  if (result.kind === 'nameConflict') return true
  if (result.kind !== 'unchanged') caches.secrets.upsert(result.object)
  return false
}

/** What was handed out once and is not cached (its label was taken off) is read, or its password would be made anew. */
async function readSecret(
  { client, caches }: BindingDeps,
  binding: SessionBinding,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  const ref = { ...binding.metadata, name: bindingSecretName(binding.metadata) }
  const cached = caches.secrets.get(keyOf({ metadata: ref }))
  if (cached || binding.status?.binding === undefined) return cached
  try {
    return await client.get(SECRETS, ref, { signal })
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined
    throw error
  }
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
  const status = {
    observedGeneration: generation,
    conditions,
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

import { effectiveSpec } from '../api/v1alpha1/effective.ts'
import type { SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import type { Caches } from '../caches.ts'
import { APPLIED_HASH, ensureObject } from '../kube/apply.ts'
import type { KubeClient } from '../kube/client.ts'
import { hasCode } from '../kube/errors.ts'
import type { KubeMetrics } from '../kube/metrics.ts'
import { isControlledBy } from '../kube/ownership.ts'
import { SECRETS } from '../kube/resources.ts'
import { keyOf, type Secret } from '../kube/types.ts'
import { bindingUserName } from '../redis/acl.ts'
import { buildBindingSecret } from '../resources/bindingsecret.ts'
import { ANNOTATIONS, WITHDRAWN } from '../resources/labels.ts'
import { bindingSecretName, tlsSecretName } from '../resources/names.ts'
import { KEYS } from '../resources/paths.ts'
import { readSecretKey } from '../resources/secrets.ts'
import { generatePassword, readLogin } from '../sessionstore/credentials.ts'
import { identityOf } from '../sessionstore/observe.ts'
import { clientCertificateOf } from './clientcertificate.ts'

const FIELD_MANAGER = 'sessionstore-operator'

export type SecretDeps = Readonly<{ client: KubeClient; caches: Caches; metrics: KubeMetrics }>

type Granted = Readonly<{
  binding: SessionBinding
  store: SessionStore
  keyPrefix: string
  nowMs: number
  signal: AbortSignal
}>

/** Returns whether the Secret's name is taken by somebody else. The password is made once and kept. */
export async function ensureSecret(deps: SecretDeps, granted: Granted): Promise<boolean> {
  const { client, caches, metrics } = deps
  const { binding, store, keyPrefix, signal } = granted
  const { uid = '', namespace = '', name } = binding.metadata
  const identity = { name, namespace, uid, apiVersion: binding.apiVersion }
  // Before anything is awaited: the Secret that was there when the binding was granted may be deleted meanwhile.
  const bundlePem = bundleOf(caches, store)
  const live = await readSecret(deps, binding, signal)
  const username = bindingUserName(identity)
  const desired = buildBindingSecret(identity, identityOf(store), {
    username,
    password: readLogin(live)?.passwords[0] ?? generatePassword(),
    keyPrefix,
    tlsMode: effectiveSpec(store.spec).tlsMode,
    bundlePem,
    client: await clientCertificateOf({ ...granted, caches, live, username }),
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

/**
 * Says on the Secret that its login is dead. It is kept: the same password works again when the binding is admitted
 * again, so that the application needs no restart; and the operator needs no right to delete Secrets.
 */
export async function markWithdrawn(
  { client, caches }: SecretDeps,
  binding: SessionBinding,
  signal: AbortSignal,
): Promise<void> {
  const ref = { ...binding.metadata, name: bindingSecretName(binding.metadata) }
  const live = caches.secrets.get(keyOf({ metadata: ref }))
  if (!live || !isControlledBy(live, binding.metadata.uid ?? '')) return
  if (live.metadata.annotations?.[ANNOTATIONS.login] === WITHDRAWN) return
  // Without the hash the next grant applies the whole object again, which takes the mark off.
  const annotations = { [ANNOTATIONS.login]: WITHDRAWN, [APPLIED_HASH]: null }
  const body = { metadata: { uid: live.metadata.uid, annotations } }
  try {
    const marked = await client.patch(SECRETS, ref, { kind: 'merge', body, fieldManager: FIELD_MANAGER, signal })
    caches.secrets.upsert(marked)
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error
  }
}

/** The CA bundle that clients of the store trust. */
export function bundleOf(caches: Caches, store: SessionStore): string | undefined {
  const secret = caches.secrets.get(keyOf({ metadata: { ...store.metadata, name: tlsSecretName(store.metadata) } }))
  return secret && readSecretKey(secret, KEYS.bundle)
}

/** What was handed out once and is not cached (its label was taken off) is read, or its password would be made anew. */
async function readSecret(
  { client, caches }: SecretDeps,
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

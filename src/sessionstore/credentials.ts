import { hash, randomBytes } from 'node:crypto'
import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { SessionBinding } from '../api/v1alpha1/sessionbinding.ts'
import type { Caches } from '../caches.ts'
import { keyOf, type Secret } from '../kube/types.ts'
import {
  buildDefaultUser,
  buildGenericUser,
  buildMetricsUser,
  buildOperatorUser,
  buildReplicationUser,
  INTERNAL_USERS,
  type InternalUser,
} from '../redis/acl.ts'
import type { AclUser } from '../redis/types.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { authoritySecretName, bindingSecretName, tlsSecretName, userSecretName } from '../resources/names.ts'
import { KEYS } from '../resources/paths.ts'
import { readSecretKey } from '../resources/secrets.ts'
import type { StoreBindings } from './bindings.ts'
import { type Authority, readAuthority, readServed, type Served } from './certificates.ts'

/** What a login accepts: the current password first, then the previous one while a rotation's window is open. */
export type Login = Readonly<{ passwords: readonly [string, ...string[]] }>

/** The generated Secrets of a store, as far as they exist. */
export type Credentials = Readonly<{
  logins: Readonly<Partial<Record<InternalUser, Login>>>
  /** The operator's password as it is kept beside the login of the replication user. */
  operatorCopy?: string
  authority?: Authority
  served?: Served
  /** Every user the servers should know; complete only when nothing is missing. */
  users: readonly AclUser[]
  /** Keys of bindings whose login is among `users`. */
  boundKeys: readonly string[]
  /** Their Secrets. */
  boundSecrets: readonly Secret[]
}>

/** Reads the Secrets of a store from the cache. What cannot be used reads as missing, and is made anew where that loses nothing. */
export function readCredentials(
  caches: Caches,
  identity: StoreIdentity,
  { spec, bindings }: Readonly<{ spec: EffectiveSpec; bindings: StoreBindings }>,
): Credentials {
  const secretOf = (name: string): Secret | undefined => caches.secrets.get(keyOf({ metadata: { ...identity, name } }))
  const logins: Partial<Record<InternalUser, Login>> = {}
  for (const user of INTERNAL_USERS) {
    const login = readLogin(secretOf(userSecretName(identity, user)))
    if (login) logins[user] = login
  }
  const replication = secretOf(userSecretName(identity, 'replication'))
  const operatorCopy = replication && readSecretKey(replication, KEYS.operatorPassword)
  const authority = readAuthority(secretOf(authoritySecretName(identity)))
  const served = readServed(secretOf(tlsSecretName(identity)))
  const bound = readBound(caches, spec, bindings)
  const users = [buildDefaultUser(), ...managedUsers(logins, spec), ...bound.map(({ user }) => user)]
  return {
    logins,
    ...(operatorCopy && { operatorCopy }),
    ...(authority && { authority }),
    ...(served && { served }),
    users,
    boundKeys: bound.map(({ key }) => key),
    boundSecrets: bound.map(({ secret }) => secret),
  }
}

function managedUsers(logins: Credentials['logins'], server: EffectiveSpec): readonly AclUser[] {
  const builders = { operator: buildOperatorUser, replication: buildReplicationUser, metrics: buildMetricsUser }
  return INTERNAL_USERS.flatMap((user) => {
    const login = logins[user]
    return login ? [builders[user]({ passwordHashes: login.passwords.map(hashPassword), server })] : []
  })
}

type Bound = Readonly<{ key: string; user: AclUser; secret: Secret }>

function readBound(
  caches: Caches,
  server: EffectiveSpec,
  { bindings, verdicts, policy }: StoreBindings,
): readonly Bound[] {
  return bindings.toSorted(byKey).flatMap((binding) => {
    const { name, namespace = '' } = binding.metadata
    const key = keyOf(binding)
    const secret = caches.secrets.get(keyOf({ metadata: { namespace, name: bindingSecretName(binding.metadata) } }))
    const login = readLogin(isOwnedBy(secret, binding) ? secret : undefined)
    const verdict = verdicts.get(key)
    if (!secret || !login || verdict?.kind !== 'granted') return []
    const { keyPrefix } = verdict
    const passwordHashes = login.passwords.map(hashPassword)
    const input = { namespace, binding: name, keyPrefix, passwordHashes, server, tenancy: policy.tenancy }
    return [{ key, user: buildGenericUser(input), secret }]
  })
}

function byKey(a: SessionBinding, b: SessionBinding): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

function isOwnedBy(secret: Secret | undefined, binding: SessionBinding): boolean {
  return secret?.metadata.ownerReferences?.some(({ uid }) => uid === binding.metadata.uid) ?? false
}

/** The login a Secret holds; undefined where there is none. */
export function readLogin(secret: Secret | undefined): Login | undefined {
  const password = secret && readSecretKey(secret, KEYS.password)
  if (!password) return undefined
  const previous = readSecretKey(secret, KEYS.previousPassword)
  return { passwords: previous ? [password, previous] : [password] }
}

/** The form in which an ACL file holds a password; 256 random bits need no salt. */
export function hashPassword(password: string): string {
  return hash('sha256', password)
}

/** 256 random bits in letters that need no escaping in URLs, shells and configuration files. */
export function generatePassword(): string {
  return randomBytes(32).toString('base64url')
}

/** Stable hash of what a running server must have been told. */
export function hashPrepared(parts: unknown): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, 32)
}

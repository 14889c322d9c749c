import type { ClientAuth } from '../api/v1alpha1/defaults.ts'
import type { DesiredObject, Secret } from '../kube/types.ts'
import type { InternalUser } from '../redis/acl.ts'
import type { StoreIdentity } from './identity.ts'
import { ANNOTATIONS } from './labels.ts'
import { childMetadata } from './metadata.ts'
import { authoritySecretName, tlsSecretName, userSecretName, usersSecretName } from './names.ts'
import { KEYS, trustKey } from './paths.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** A certificate and its private key, PEM. */
export type KeyPair = Readonly<{ certificatePem: string; keyPem: string }>

/** Base64 of the UTF-8 form of `text`: `data` of a Secret (`stringData` is never sent back, so it cannot be compared). */
export function encodeBase64(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

/** Reads one key of a Secret; undefined where it is absent or not base64 of UTF-8. */
export function readSecretKey(secret: Readonly<{ data?: Secret['data'] }>, key: string): string | undefined {
  const encoded = secret.data?.[key]
  if (encoded === undefined) return undefined
  try {
    const binary = atob(encoded)
    const bytes = new Uint8Array(binary.length)
    for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The `data` of a Secret from texts; undefined entries are left out. */
export function encodeSecretData(
  texts: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const data: Record<string, string> = {}
  for (const [key, text] of Object.entries(texts)) {
    if (text !== undefined) data[key] = encodeBase64(text)
  }
  return data
}

/** The ACL file of all users, hashes only; mounted as a whole volume, as a subPath would never be updated. */
export function buildUsersSecret(store: StoreIdentity, aclFile: string): DesiredObject {
  return secret(store, usersSecretName(store), { texts: { [KEYS.users]: aclFile } })
}

/** The login of one internal user; `previousPassword` while a rotation's window is open. */
export function buildUserSecret(
  store: StoreIdentity,
  user: InternalUser,
  login: Readonly<{
    password: string
    previousPassword?: string | undefined
    /** Kept beside the login of another user, so that the loss of one Secret locks nobody out. */
    operatorPassword?: string | undefined
  }>,
): DesiredObject {
  const texts = {
    [KEYS.username]: user,
    [KEYS.password]: login.password,
    [KEYS.previousPassword]: login.previousPassword,
    [KEYS.operatorPassword]: login.operatorPassword,
  }
  return secret(store, userSecretName(store, user), { texts })
}

/** What the servers of a store present and trust, and what a change of it has come to. */
export type TlsContent = Readonly<{
  pair: KeyPair
  /** Presented in replication, and by the operator. */
  client?: KeyPair
  bundlePem: string
  /** Hash of the bundle and the client certificate. */
  revision: string
  /** RFC 3339; while a change of trust is under way. */
  since?: string
  clientAuth: ClientAuth
}>

/** What the servers present: certificate, key, and the bundle that every client of the store trusts. */
export function buildTlsSecret(store: StoreIdentity, content: TlsContent): DesiredObject {
  const { pair, client, bundlePem, revision, since, clientAuth } = content
  const texts = {
    ...pairTexts(pair),
    [KEYS.bundle]: bundlePem,
    [trustKey(revision)]: bundlePem,
    [KEYS.clientCertificate]: client?.certificatePem,
    [KEYS.clientKey]: client?.keyPem,
  }
  // Said also where there is nothing to say: what somebody else wrote there would otherwise stay, and count.
  const annotations = { [ANNOTATIONS.trustSince]: since ?? '', [ANNOTATIONS.clientAuth]: clientAuth }
  return secret(store, tlsSecretName(store), { type: 'kubernetes.io/tls', texts, annotations })
}

/** The store's own CA with its key: read by the operator, never mounted. */
export function buildAuthoritySecret(store: StoreIdentity, authority: KeyPair): DesiredObject {
  return secret(store, authoritySecretName(store), { type: 'kubernetes.io/tls', texts: pairTexts(authority) })
}

function pairTexts(pair: KeyPair): Readonly<Record<string, string>> {
  return { [KEYS.certificate]: pair.certificatePem, [KEYS.key]: pair.keyPem }
}

function secret(
  store: StoreIdentity,
  name: string,
  options: Readonly<{
    type?: string
    texts: Readonly<Record<string, string | undefined>>
    annotations?: Readonly<Record<string, string>>
  }>,
): DesiredObject {
  const { annotations = {} } = options
  const object: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...childMetadata(store, name), ...(Object.keys(annotations).length > 0 && { annotations }) },
    type: options.type ?? 'Opaque',
    data: encodeSecretData(options.texts),
  }
  return object
}

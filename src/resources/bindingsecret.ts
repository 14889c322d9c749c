import type { TLSMode } from '../api/v1alpha1/defaults.ts'
import type { DesiredObject, Secret } from '../kube/types.ts'
import { type BindingIdentity, ownerReference, type StoreIdentity } from './identity.ts'
import { bindingLabels } from './labels.ts'
import { bindingSecretName, PORT, serviceHost } from './names.ts'
import { encodeSecretData, type KeyPair } from './secrets.ts'

/** What a binding's login consists of. */
export type BindingLogin = Readonly<{
  username: string
  password: string
  /** Prefix of every key the login may touch. */
  keyPrefix: string
  tlsMode: TLSMode
  /** CA bundle; used, and then required, where TLS is. */
  bundlePem?: string | undefined
  /** Shown to servers that ask their clients for a certificate. */
  client?: KeyPair | undefined
}>

/**
 * The Secret an application mounts, in the form of the Service Binding Specification (type `servicebinding.io/redis`).
 * `uri` and `url` are the same text: some libraries look for the one, some for the other.
 */
export function buildBindingSecret(binding: BindingIdentity, store: StoreIdentity, login: BindingLogin): DesiredObject {
  const host = serviceHost(store, 'primary')
  const uri = bindingUri(host, login)
  const bundle = bundleOf(binding, login)
  const object: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: bindingSecretName(binding),
      namespace: binding.namespace,
      labels: bindingLabels(binding, store),
      ownerReferences: [ownerReference('SessionBinding', binding)],
    },
    type: 'servicebinding.io/redis',
    data: encodeSecretData({
      type: 'redis',
      provider: 'sessionstore',
      host,
      port: String(PORT),
      username: login.username,
      password: login.password,
      uri,
      url: uri,
      certificates: bundle,
      'ca.crt': bundle,
      'tls.crt': login.client?.certificatePem,
      'tls.key': login.client?.keyPem,
      database: '0',
      'key-prefix': login.keyPrefix,
    }),
  }
  return object
}

/** `rediss://user:password@host:6379/0`, user and password percent-encoded (RFC 3986, section 3.2.1). */
export function bindingUri(host: string, login: Pick<BindingLogin, 'username' | 'password' | 'tlsMode'>): string {
  const scheme = login.tlsMode === 'Required' ? 'rediss' : 'redis'
  return `${scheme}://${encodeUserInfo(login.username)}:${encodeUserInfo(login.password)}@${host}:${PORT}/0`
}

/** encodeURIComponent leaves `!'()*` as they are, which some URL parsers do not take in a password. */
function encodeUserInfo(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

function bundleOf(binding: BindingIdentity, login: BindingLogin): string | undefined {
  if (login.tlsMode === 'Disabled') return undefined
  if (login.bundlePem) return login.bundlePem
  throw new TypeError(`Cannot build Secret "${bindingSecretName(binding)}": bundlePem is empty, must be a CA bundle`)
}

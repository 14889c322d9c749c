import type { SessionStore } from '../api/v1alpha1/sessionstore.ts'
import type { Caches } from '../caches.ts'
import { needsRenewal, renewalTimeMs } from '../certificates/read.ts'
import { keyOf, type Secret } from '../kube/types.ts'
import { authoritySecretName, statefulSetName, tlsSecretName } from '../resources/names.ts'
import type { KeyPair } from '../resources/secrets.ts'
import { readAuthority, readBindingCertificate, readServed } from '../sessionstore/certificates.ts'
import { specInForce } from '../sessionstore/inforce.ts'
import { issueClient } from '../sessionstore/issue.ts'

export type ClientCertificateInputs = Readonly<{
  caches: Caches
  store: SessionStore
  /** The binding's Secret as it is. */
  live: Secret | undefined
  /** Name of the login; the certificate carries it, and servers do not look at it. */
  username: string
  nowMs: number
}>

/** What a binding is to show to servers that ask for a certificate; undefined where they do not ask. */
export async function clientCertificateOf(inputs: ClientCertificateInputs): Promise<KeyPair | undefined> {
  const { caches, store, live, username, nowMs } = inputs
  const statefulSet = caches.statefulSets.get(
    keyOf({ metadata: { ...store.metadata, name: statefulSetName(store.metadata) } }),
  )
  const { tlsMode, clientAuth } = specInForce(store, statefulSet)
  if (tlsMode === 'Disabled' || clientAuth === 'None') return undefined
  const secretOf = (name: string): Secret | undefined =>
    caches.secrets.get(keyOf({ metadata: { ...store.metadata, name } }))
  const authority = readAuthority(secretOf(authoritySecretName(store.metadata)))
  if (!authority) return undefined
  const held = readBindingCertificate(live)
  // A new authority signs only once the servers were told to trust it: the store's own certificate moves then, too.
  const isMoving = readServed(secretOf(tlsSecretName(store.metadata)))?.client?.rootId === authority.anchor.id
  const isKept = held && !needsRenewal(held.facts, nowMs) && (held.rootId === authority.anchor.id || !isMoving)
  return isKept ? held.pair : issueClient({ authority: authority.pair, nowMs }, username)
}

/** When the certificate in a binding's Secret is to be replaced; undefined: there is none. */
export function clientRenewalMs(live: Secret | undefined): number | undefined {
  const held = readBindingCertificate(live)
  return held && renewalTimeMs(held.facts)
}

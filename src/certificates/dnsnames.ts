import type { StoreIdentity } from '../resources/identity.ts'
import { SERVICE_ROLES, type ServiceRole, serviceHost, serviceName } from '../resources/names.ts'

/**
 * Every name under which a server of the store may be reached: its Services in short and in full, its pods, and
 * itself. `domain` is the cluster's, e.g. `cluster.local`.
 */
export function serverDnsNames(
  store: Pick<StoreIdentity, 'name' | 'namespace'>,
  domain: string,
): readonly [string, ...string[]] {
  const [first, ...others] = SERVICE_ROLES
  const pods = `*.${serviceHost(store, 'nodes')}`
  return [
    ...serviceDnsNames(store, { role: first, domain }),
    ...others.flatMap((role) => serviceDnsNames(store, { role, domain })),
    pods,
    `${pods}.${domain}`,
    'localhost',
  ]
}

/**
 * The names that clients and the operator verify, so that a certificate of somebody else must carry them: those of the
 * Services that a status names, and of every pod there may ever be.
 */
export function requiredDnsNames(
  store: Pick<StoreIdentity, 'name' | 'namespace'>,
  domain: string,
): readonly [string, ...string[]] {
  return [serviceHost(store, 'primary'), serviceHost(store, 'replicas'), `*.${serviceHost(store, 'nodes')}.${domain}`]
}

function serviceDnsNames(
  store: Pick<StoreIdentity, 'name' | 'namespace'>,
  { role, domain }: Readonly<{ role: ServiceRole; domain: string }>,
): [string, ...string[]] {
  const short = serviceName(store, role)
  const host = serviceHost(store, role)
  return [short, `${short}.${store.namespace}`, host, `${host}.${domain}`]
}

/** Common name of a store's CA: unique, and short enough for every store name. */
export function authorityCommonName(store: Pick<StoreIdentity, 'uid'>): string {
  return `sessionstore-ca ${store.uid}`.slice(0, 64)
}

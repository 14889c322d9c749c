/** Where a server pod finds what is mounted into it; the static configuration names the same paths. */
export const DIRECTORIES = {
  config: '/etc/sessionstore/config',
  users: '/etc/sessionstore/users',
  tls: '/etc/sessionstore/tls',
  /** Password of the metrics user, for the preStop hook. */
  metrics: '/etc/sessionstore/metrics',
  /** The only place a server may write to. */
  data: '/data',
} as const

/** Keys of the ConfigMap and the Secrets, which become file names. */
export const KEYS = {
  config: 'server.conf',
  users: 'users.acl',
  username: 'username',
  password: 'password',
  previousPassword: 'previous-password',
  /** In the Secret of the replication user: the operator's password once more, for the day its own Secret is lost. */
  operatorPassword: 'operator-password',
  certificate: 'tls.crt',
  key: 'tls.key',
  /** One CA, or old and new while a CA is replaced. */
  bundle: 'ca.crt',
  /** What servers, and the operator, present as clients. */
  clientCertificate: 'client.crt',
  clientKey: 'client.key',
} as const

/**
 * Key under which the bundle lies once more: a server that was told to read this file, and could, has the bundle and the
 * client certificate that `revision` is the hash of.
 */
export function trustKey(revision: string): string {
  return `ca-${revision}.crt`
}

/** `trustKey` as a server's configuration names it. */
export function trustFile(revision: string): string {
  return `${DIRECTORIES.tls}/${trustKey(revision)}`
}

/** Files as the servers' configuration and commands name them. */
export const FILES = {
  config: `${DIRECTORIES.config}/${KEYS.config}`,
  users: `${DIRECTORIES.users}/${KEYS.users}`,
  certificate: `${DIRECTORIES.tls}/${KEYS.certificate}`,
  key: `${DIRECTORIES.tls}/${KEYS.key}`,
  bundle: `${DIRECTORIES.tls}/${KEYS.bundle}`,
  clientCertificate: `${DIRECTORIES.tls}/${KEYS.clientCertificate}`,
  clientKey: `${DIRECTORIES.tls}/${KEYS.clientKey}`,
  metricsPassword: `${DIRECTORIES.metrics}/${KEYS.password}`,
} as const

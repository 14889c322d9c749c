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
  certificate: 'tls.crt',
  key: 'tls.key',
  /** One CA, or old and new while a CA is replaced. */
  bundle: 'ca.crt',
} as const

/** Files as the servers' configuration and commands name them. */
export const FILES = {
  config: `${DIRECTORIES.config}/${KEYS.config}`,
  users: `${DIRECTORIES.users}/${KEYS.users}`,
  certificate: `${DIRECTORIES.tls}/${KEYS.certificate}`,
  key: `${DIRECTORIES.tls}/${KEYS.key}`,
  bundle: `${DIRECTORIES.tls}/${KEYS.bundle}`,
  metricsPassword: `${DIRECTORIES.metrics}/${KEYS.password}`,
} as const

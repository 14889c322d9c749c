import { map, string } from '../../schema.ts'
import { LIMITS } from '../defaults.ts'
import { quoted } from './rules.ts'

/** Parameters that the operator owns, or that would undo what it promises; other fields of the spec set some of them. */
export const OWNED_PARAMETERS = [
  ...['aclfile', 'acl-pubsub-default', 'bind', 'bind-source-addr', 'client-output-buffer-limit', 'daemonize'],
  ...['databases', 'dbfilename', 'dir', 'import-mode', 'include', 'loadmodule', 'logfile', 'lua-enable-insecure-api'],
  ...['masterauth', 'masteruser', 'maxclients', 'maxmemory', 'maxmemory-clients', 'maxmemory-policy', 'module'],
  ...['notify-keyspace-events', 'pidfile', 'port', 'primaryauth', 'primaryuser', 'protected-mode', 'replicaof'],
  ...['requirepass', 'save', 'slaveof', 'supervised', 'tcp-keepalive', 'user'],
] as const

/** Beginnings of the names of more of them; older names of replication included. */
export const OWNED_FAMILIES = [
  ...[
    'aof-',
    'append',
    'auto-aof-',
    'cluster-',
    'debug-',
    'dual-channel-',
    'enable-',
    'min-replicas-',
    'min-slaves-',
    'oom-score-adj',
  ],
  ...['rdb-', 'rdma-', 'rename-', 'repl-', 'replica-', 'sentinel', 'shutdown-', 'slave-', 'tls-', 'unixsocket'],
] as const

/** Whether a parameter may not be set by `spec.config`; the rule of the CRD says the same. */
export function isOwnedParameter(name: string): boolean {
  return (
    OWNED_PARAMETERS.some((each) => each === name) || OWNED_FAMILIES.some((beginning) => name.startsWith(beginning))
  )
}

const isOwned = `name in ${quoted(OWNED_PARAMETERS)} || ${quoted(OWNED_FAMILIES)}.exists(beginning, name.startsWith(beginning))`
const { entries, nameLength, valueLength } = LIMITS.config

/** Schema of `spec.config`. */
export const config = map(
  'More parameters of the server, as its configuration file names them, such as hz: "50". What the server takes while it runs is set live on every member, what needs a restart replaces the pods one at a time. A value that the server refuses is not applied, and the condition Stalled gives its words. Parameters that the operator owns are refused.',
  string('Value of the parameter.', {
    minLength: 1,
    maxLength: valueLength,
    pattern: '^[A-Za-z0-9_.,:/@%+=*-][A-Za-z0-9_.,:/@%+=* -]*$',
  }),
  {
    maxProperties: entries,
    defaultText: 'none; a parameter that is removed returns to the default of the server',
    change: 'live or roll',
    rules: [
      {
        name: 'config-owned',
        rule: `!self.exists(name, ${isOwned})`,
        message: `config must not set what the operator or another field of the spec sets: ${[...OWNED_PARAMETERS, ...OWNED_FAMILIES.map((each) => `${each}*`)].toSorted().join(', ')}`,
      },
      {
        name: 'config-name',
        rule: `self.all(name, name.matches('^[a-z][a-z0-9._-]{0,${nameLength - 1}}$'))`,
        message: `names in config must be those of parameters, in lower case, with at most ${nameLength} characters`,
      },
      {
        name: 'config-value',
        rule: "self.all(name, !self[name].contains('--'))",
        message: 'values in config must not contain --, which would begin another parameter',
      },
    ],
  },
)

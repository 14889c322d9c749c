import { isList, type Reply } from './parse.ts'
import type { AclUser, EngineVersion } from './types.ts'

/** Names of the users every store has. Those of bindings are `<namespace>.<binding>`: they cannot meet. */
export const INTERNAL_USERS = ['operator', 'replication', 'metrics'] as const
export type InternalUser = (typeof INTERNAL_USERS)[number]

/** Prefix of all keys the operator itself writes. */
export const OPERATOR_KEY_PREFIX = '__ss:'

/** What an internal user is rendered from. */
export type UserInput = Readonly<{ passwordHashes: readonly string[]; server: EngineVersion }>

/** What a binding's user is rendered from. */
export type BindingUserInput = UserInput &
  Readonly<{
    namespace: string
    binding: string
    keyPrefix: string
    /** Shared: other namespaces have logins to the same servers. */
    tenancy: 'Dedicated' | 'Shared'
  }>

/** What src/redis sends, and ACL LOG: new commands of a newer server are never granted by themselves. */
const OPERATOR_COMMANDS = [
  ...['auth', 'ping', 'quit', 'reset', 'select', 'time', 'wait', 'role', 'info', 'replicaof', 'failover'],
  ...['client|setname', 'client|id', 'client|list', 'client|kill', 'config|get', 'config|set'],
  ...['acl|whoami', 'acl|users', 'acl|getuser', 'acl|setuser', 'acl|deluser', 'acl|cat', 'acl|log'],
  ...['watch', 'unwatch', 'multi', 'exec', 'discard', 'eval', 'evalsha'],
  ...['hget', 'hmget', 'hgetall', 'hset', 'hincrby', 'persist', 'get', 'set', 'pttl'],
]

const REPLICATION_COMMANDS = ['auth', 'ping', 'psync', 'replconf']

/** No CONFIG GET (it shows passwords), no SLOWLOG GET (it shows session ids). */
const METRICS_COMMANDS = [
  ...['auth', 'ping', 'hello', 'quit', 'reset', 'client|setname', 'client|setinfo', 'client|id', 'info', 'role'],
  ...['dbsize', 'latency|latest', 'latency|histogram', 'slowlog|len', 'memory|stats'],
]

const GENERIC_COMMANDS = [
  ...['get', 'set', 'setex', 'psetex', 'setnx', 'getex', 'getset', 'getdel', 'mget', 'del', 'unlink', 'exists', 'type'],
  ...['ttl', 'pttl', 'expire', 'pexpire', 'expireat', 'pexpireat', 'incr', 'decr'],
  ...['hset', 'hget', 'hmget', 'hgetall', 'hdel', 'hexists', 'hincrby'],
  ...['multi', 'exec', 'discard', 'watch', 'unwatch', 'ping', 'hello', 'auth', 'reset', 'quit'],
  ...['client|setname', 'client|setinfo', 'client|id', 'echo', 'command'],
]

/** Tells counts of keys, commands, errors and clients of everybody, and the addresses of the servers. */
const DEDICATED_COMMANDS = ['info']

/** Commands by the first version that knows them; a server refuses the whole user for one name it does not know. */
const SINCE: Readonly<Record<string, readonly [major: number, minor: number]>> = { 'client|setinfo': [7, 2] }

/** The user `default`, off and with nothing left: nobody gets in without a name. */
export function buildDefaultUser(): AclUser {
  return { name: 'default', passwordHashes: [], rules: ['-@all'] }
}

/** The operator's own user: the record's key, and the commands of its own work. */
export function buildOperatorUser({ passwordHashes, server }: UserInput): AclUser {
  const rules = [`~${OPERATOR_KEY_PREFIX}*`, ...databases(server, 1), ...grants(OPERATOR_COMMANDS, server)]
  return { name: 'operator' satisfies InternalUser, passwordHashes, rules }
}

/** The user replicas log in with at their primary, and a demoting primary at its successor. */
export function buildReplicationUser({ passwordHashes, server }: UserInput): AclUser {
  return { name: 'replication' satisfies InternalUser, passwordHashes, rules: grants(REPLICATION_COMMANDS, server) }
}

/** The user of a metrics exporter: numbers only, no key. */
export function buildMetricsUser({ passwordHashes, server }: UserInput): AclUser {
  return { name: 'metrics' satisfies InternalUser, passwordHashes, rules: grants(METRICS_COMMANDS, server) }
}

/**
 * The user of a binding with the framework `generic`: its own keys of database 0, no channel, no script, no SELECT; on
 * a shared store no INFO either. RangeError for what could be read as something else in a rule or a file.
 */
export function buildGenericUser(input: BindingUserInput): AclUser {
  const { namespace, binding, keyPrefix, passwordHashes, server, tenancy } = input
  const name = bindingUserName({ namespace, name: binding })
  checkWord('user name', name, /^[a-z0-9-]+\.[a-z0-9-]+$/)
  checkWord('key prefix', keyPrefix, /^[A-Za-z0-9_.:-]+$/)
  const commands = tenancy === 'Shared' ? GENERIC_COMMANDS : [...GENERIC_COMMANDS, ...DEDICATED_COMMANDS]
  const rules = [`~${keyPrefix}*`, ...databases(server, 0), ...grants(commands, server)]
  return { name, passwordHashes, rules }
}

/** A namespace has no dot in its name, so two bindings never have one user, and none has that of an internal user. */
export function bindingUserName({ namespace, name }: Readonly<{ namespace: string; name: string }>): string {
  return `${namespace}.${name}`
}

function checkWord(what: string, word: string, pattern: RegExp): void {
  if (!pattern.test(word) || word.length > 128)
    throw new RangeError(`Cannot render an ACL user: ${what} is ${JSON.stringify(word)}, must match ${pattern.source}`)
}

/** The arguments of ACL SETUSER that make a user exactly so, whatever it was before. */
export function setUserArguments(user: AclUser): readonly string[] {
  const state = user.passwordHashes.length > 0 ? 'on' : 'off'
  // What `reset` leaves of channels is a setting of the server.
  return [user.name, 'reset', 'resetchannels', state, ...user.passwordHashes.map((hash) => `#${hash}`), ...user.rules]
}

/** The ACL file a server starts with. A user without a password is off. */
export function renderAclFile(users: readonly AclUser[]): string {
  return users.map((user) => `user ${setUserArguments(user).join(' ')}\n`).join('')
}

/** Commands by category, as ACL CAT lists them; needed for the categories that categoriesOf() names. */
export type AclCategories = ReadonlyMap<string, readonly string[]>

/** The categories a shown user is described with: Redis 7.0 folds `+multi +exec …` into `+@transaction`. */
export function categoriesOf(shown: ReadonlyMap<string, Reply>): readonly string[] {
  const rules = [...words(shown.get('commands'))].filter((rule) => /^[+-]@/.test(rule) && !rule.endsWith('@all'))
  return rules.map((rule) => rule.slice(2))
}

/**
 * Whether ACL GETUSER shows a user as it is wanted. Only a user that differs is set again: SETUSER cuts subscribers
 * whose channels it takes away.
 */
export function isSameUser(
  user: AclUser,
  shown: ReadonlyMap<string, Reply>,
  categories: AclCategories = new Map(),
): boolean {
  const flags = words(shown.get('flags'))
  const state = user.passwordHashes.length > 0 ? 'on' : 'off'
  if (!flags.has(state) || flags.has('nopass') || words(shown.get('selectors')).size > 0) return false
  return (
    isSameSet(words(shown.get('passwords')), new Set(user.passwordHashes)) &&
    isSameSet(granted(words(shown.get('commands')), categories), granted(pick(user.rules, /^[+-]/), categories)) &&
    isSameSet(words(shown.get('keys')), new Set(pick(user.rules, /^[~%]/))) &&
    isSameSet(words(shown.get('channels')), new Set(pick(user.rules, /^&/))) &&
    isSameDatabases(user, shown.get('databases'))
  )
}

/** Follows the rules in order; a category that is not known stands for itself and so never compares as equal. */
function granted(rules: Iterable<string>, categories: AclCategories): ReadonlySet<string> {
  const names = new Set<string>()
  for (const rule of rules) {
    const name = rule.slice(1)
    if (rule === '-@all') names.clear()
    for (const command of name.startsWith('@') ? (categories.get(name.slice(1)) ?? [name]) : [name]) {
      if (rule.startsWith('+')) names.add(command)
      else names.delete(command)
    }
  }
  return names
}

function isSameDatabases(user: AclUser, shown: Reply | undefined): boolean {
  const wanted = pick(user.rules, /^db=/)
  // A server that cannot tie a user to a database shows nothing.
  if (shown === undefined) return wanted.length === 0
  return isSameSet(words(shown), new Set(wanted.length > 0 ? wanted : ['alldbs']))
}

/** Older servers show rules as one text, or as lists. */
function words(reply: Reply | undefined): ReadonlySet<string> {
  if (isList(reply)) return new Set(reply.map(String))
  return new Set(typeof reply === 'string' ? reply.split(' ').filter((word) => word !== '') : [])
}

function pick(rules: readonly string[], pattern: RegExp): readonly string[] {
  return rules.filter((rule) => pattern.test(rule))
}

function isSameSet(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  return left.size === right.size && [...left].every((word) => right.has(word))
}

/** Whether a server is of a version or a newer one. */
export function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [hasMajor = 0, hasMinor = 0] = version.split('.').map(Number)
  return hasMajor > major || (hasMajor === major && hasMinor >= minor)
}

/** Only Valkey can tie a user to a database (since 9.1); elsewhere the lack of SELECT has to do. */
function databases({ engine, version }: EngineVersion, db: number): readonly string[] {
  return engine === 'Valkey' && isAtLeast(version, [9, 1]) ? [`db=${db}`] : []
}

function grants(commands: readonly string[], { version }: EngineVersion): readonly string[] {
  return commands.filter((name) => isAtLeast(version, SINCE[name] ?? [0, 0])).map((name) => `+${name}`)
}

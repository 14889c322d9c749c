import { type AclCategories, categoriesOf, isSameUser, setUserArguments } from './acl.ts'
import type { Connection } from './connection.ts'
import { isList, parseInfo, parsePairs, parseStringPairs, type Reply } from './parse.ts'
import { type Failure, toFailure } from './recordscript.ts'
import { differingSettings } from './settings.ts'
import type { AclUser, ServerSettings } from './types.ts'

/** What must hold on a server before it may be elected or joined. */
export type PrepareInput = Readonly<{
  /** All users the server is to have, `default` included; others are deleted. */
  users: readonly AclUser[]
  /** Parameters that CONFIG SET takes, as liveSettings() gives them. */
  settings: ServerSettings
  /** The log-in of a replica at its primary. */
  replication: Readonly<{ username: string; password: string }>
  /** Hash of all of the above, made by the caller. */
  hash: string
}>

/** The run id that is prepared, and the names of what had to be changed. */
export type Prepared = Readonly<{ ok: true; runId: string; hash: string; changed: readonly string[] }> | Failure

/**
 * Asserts users and settings and reads everything back. Only what differs is set, so that a prepared server is asked
 * two questions and no client notices. The write gate is not touched (setQuorum does that): it may be a fence.
 */
export async function prepare(connection: Connection, input: PrepareInput): Promise<Prepared> {
  const wanted: Wanted = {
    users: input.users,
    settings: { ...input.settings, masteruser: input.replication.username, masterauth: input.replication.password },
  }
  const before = await readState(connection, wanted)
  if (!before.ok) return before
  if (!wanted.users.some(({ name }) => name === before.state.ownUser)) {
    return {
      ok: false,
      reason: 'OwnUserMissing',
      message: 'the wanted users lack the one the operator is logged in as',
    }
  }
  const differences = diff(wanted, before.state)
  for (const command of commandsFor(wanted, differences)) {
    const result = await connection.call(command)
    if (!result.ok) return toFailure(result)
  }
  const changed = [...differences.users, ...differences.obsolete, ...differences.settings]
  if (changed.length > 0) {
    const after = await readState(connection, wanted)
    if (!after.ok) return after
    const left = diff(wanted, after.state)
    const names = [...left.users, ...left.obsolete, ...left.settings]
    if (names.length > 0)
      return { ok: false, reason: 'NotAsserted', message: `read back otherwise: ${names.join(', ')}` }
    if (after.state.runId !== before.state.runId) {
      return { ok: false, reason: 'Restarted', message: 'the server was restarted meanwhile' }
    }
  }
  return { ok: true, runId: before.state.runId, hash: input.hash, changed }
}

type Wanted = Readonly<{ users: readonly AclUser[]; settings: ServerSettings }>

type State = Readonly<{
  runId: string
  ownUser: string
  userNames: readonly string[]
  users: ReadonlyMap<string, ReadonlyMap<string, Reply>>
  categories: AclCategories
  settings: ReadonlyMap<string, string>
}>

type Differences = Readonly<{ users: readonly string[]; obsolete: readonly string[]; settings: readonly string[] }>

async function readState(
  connection: Connection,
  wanted: Wanted,
): Promise<Readonly<{ ok: true; state: State }> | Failure> {
  const results = await connection.callAll([
    ['INFO', 'server'],
    ['ACL', 'WHOAMI'],
    ['ACL', 'USERS'],
    ['CONFIG', 'GET', ...Object.keys(wanted.settings)],
    ...wanted.users.map(({ name }) => ['ACL', 'GETUSER', name]),
  ])
  const values: Reply[] = []
  for (const result of results) {
    if (!result.ok) return toFailure(result)
    values.push(result.value)
  }
  const [info, ownUser, userNames, settings, ...shown] = values
  const users = new Map(wanted.users.map(({ name }, index) => [name, parsePairs(shown[index] ?? null)] as const))
  const categories = await readCategories(connection, new Set([...users.values()].flatMap(categoriesOf)))
  return {
    ok: true,
    state: {
      runId: parseInfo(String(info)).get('run_id') ?? '',
      ownUser: String(ownUser),
      userNames: isList(userNames) ? userNames.map(String) : [],
      settings: parseStringPairs(settings ?? null),
      users,
      categories,
    },
  }
}

async function readCategories(connection: Connection, names: ReadonlySet<string>): Promise<AclCategories> {
  const results = await connection.callAll([...names].map((name) => ['ACL', 'CAT', name]))
  const lists = results.map((result) => (result.ok && isList(result.value) ? result.value.map(String) : []))
  return new Map([...names].map((name, index) => [name, lists[index] ?? []]))
}

function diff(wanted: Wanted, state: State): Differences {
  const names = new Set(wanted.users.map(({ name }) => name))
  return {
    users: wanted.users
      .filter((user) => !isSameUser(user, state.users.get(user.name) ?? new Map(), state.categories))
      .map(({ name }) => name),
    obsolete: state.userNames.filter((name) => !names.has(name) && name !== 'default'),
    settings: Object.keys(differingSettings(wanted.settings, state.settings)),
  }
}

function commandsFor(wanted: Wanted, { users, obsolete, settings }: Differences): readonly (readonly string[])[] {
  const commands: string[][] = wanted.users
    .filter(({ name }) => users.includes(name))
    .map((user) => ['ACL', 'SETUSER', ...setUserArguments(user)])
  if (obsolete.length > 0) commands.push(['ACL', 'DELUSER', ...obsolete])
  const pairs = Object.entries(wanted.settings).filter(([name]) => settings.includes(name))
  if (pairs.length > 0) commands.push(['CONFIG', 'SET', ...pairs.flat()])
  return commands
}

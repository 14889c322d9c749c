import type { ServerName } from '../../../hack/servers.ts'
import type { Connection } from '../../../src/redis/connection.ts'
import { prepare } from '../../../src/redis/prepare.ts'
import { probeServer } from '../../../src/redis/probe.ts'
import { promote } from '../../../src/redis/promote.ts'
import { writeRecord } from '../../../src/redis/recordscript.ts'
import { join, setQuorum, waitReplicas } from '../../../src/redis/replication.ts'
import type { ServerFacts } from '../../../src/redis/types.ts'
import { until } from '../../support/until.ts'
import { type Group, type Member, startGroup } from './group.ts'

/** A running store: s-0 is the primary of epoch 1, the others follow it. */
export type Store = Group &
  Readonly<{
    member: (ordinal: number) => Member
    /** The operator's connection to a member, opened at the start. */
    link: (ordinal: number) => Connection
    facts: (ordinal: number) => Promise<ServerFacts>
  }>

/** The record of a store that startStore() made. */
export const RECORD = { storeUID: 'uid-1', epoch: 1, n: 3, w: 1, primary: 's-0' } as const

/** Boots three servers, prepares them and elects s-0, in the order the operator does. */
export async function startStore(name: ServerName, w = 1): Promise<Store> {
  const group = await startGroup(name, 3)
  const links = await Promise.all(group.members.map((member) => group.connect(member)))
  const store: Store = {
    ...group,
    member: (ordinal) => at(group.members, ordinal),
    link: (ordinal) => at(links, ordinal),
    facts: async (ordinal) => factsOf(at(links, ordinal)),
  }
  for (const result of await Promise.all(links.map((link) => prepare(link, group.prepareInput)))) must(result)
  const primary = store.link(0)
  must(await promote(primary, { expectedEpoch: 'none' }))
  must(await setQuorum(primary, w, 2))
  await follow(store, [1, 2], 0)
  await until(async () => (await writeRecord(primary, { ...RECORD, w })).ok, {
    what: 'the record',
    deadlineMs: 5000,
    everyMs: 20,
  })
  must(await waitReplicas(primary, 2, 5000))
  return store
}

/** Lets members follow another and waits until each is online there. */
export async function follow(store: Store, ordinals: readonly number[], primary: number): Promise<void> {
  const upstream = { host: store.member(primary).ip, port: store.port }
  for (const ordinal of ordinals) must(await join(store.link(ordinal), upstream))
  const wanted = ordinals.map((ordinal) => store.member(ordinal).ip)
  await until(
    async (see) => {
      const { replicas } = await store.facts(primary)
      see(replicas)
      return wanted.every((ip) => replicas.some(({ host, state }) => host === ip && state === 'online'))
    },
    { what: `${wanted} to be online`, deadlineMs: 15_000, everyMs: 20 },
  )
}

/** Probes on a connection; throws when there are no facts. */
export async function factsOf(connection: Connection): Promise<ServerFacts> {
  const result = await probeServer(connection, { nowMs: Date.now })
  if (!result.ok) throw new Error(`Cannot probe: ${result.reason} ${result.message}`)
  return result.facts
}

/** Throws with the reason when a command failed. */
export function must<T extends Readonly<{ ok: boolean }>>(result: T): T {
  if (!result.ok) throw new Error(`Cannot go on: ${JSON.stringify(result)}`)
  return result
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`Cannot find member ${index}: there are ${list.length}`)
  return item
}

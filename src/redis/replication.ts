import { isIP } from 'node:net'
import type { Connection } from './connection.ts'
import { poll } from './deadline.ts'
import { infoNumber, parseInfo, parseReplicaLinks, parseRole, parseStringPairs, type RoleFacts } from './parse.ts'
import { type LineageStart, lostBytes } from './record.ts'
import { type Failure, recordCommand, toFailure } from './recordscript.ts'

/** Where a replica replicates from: a pod's name or, in a failover, its IP; never a Service. */
export type Upstream = Readonly<{ host: string; port: number }>

/** A command that was done, or why not. */
export type Done = Readonly<{ ok: true }> | Failure

const DONE: Done = { ok: true }

/** No server has so many replicas: nothing can be written, by new and old connections alike. */
const FENCE_REPLICAS = '1000'

/** The setting by which a server, once it is a primary, takes no write. */
export const SHUT_GATE = { 'min-replicas-to-write': FENCE_REPLICAS } as const

/** Reads ROLE. */
export async function readRole(connection: Connection): Promise<Readonly<{ ok: true; role: RoleFacts }> | Failure> {
  const result = await connection.call(['ROLE'])
  if (!result.ok) return toFailure(result)
  const role = parseRole(result.value)
  return role
    ? { ok: true, role }
    : { ok: false, reason: 'UnknownRole', message: 'ROLE is neither primary nor replica' }
}

/** Lets a prepared replica follow the primary of the epoch. A primary is refused: it has to be demoted. */
export async function join(connection: Connection, upstream: Upstream): Promise<Done> {
  const read = await readRole(connection)
  if (!read.ok) return read
  if (read.role.role === 'master') {
    return { ok: false, reason: 'IsPrimary', message: 'the server is a primary: it must be fenced and demoted' }
  }
  return follow(connection, upstream)
}

/** Makes a server unable to take a write and cuts its clients. The fence stays until setQuorum. */
export async function fence(connection: Connection): Promise<Done> {
  const shut = await setConfig(connection, SHUT_GATE)
  if (!shut.ok) return shut
  const shown = await connection.call(['CONFIG', 'GET', 'min-replicas-*'])
  if (!shown.ok) return toFailure(shown)
  const settings = parseStringPairs(shown.value)
  // With a max lag of 0 the server does not look at the gate at all.
  if (settings.get('min-replicas-to-write') !== FENCE_REPLICAS || settings.get('min-replicas-max-lag') === '0') {
    return { ok: false, reason: 'NotAsserted', message: 'the write gate was read back open' }
  }
  return cutClients(connection)
}

/** Closes all clients and subscribers but the caller: they would otherwise stay on a demoted server for ever. */
export async function cutClients(connection: Connection): Promise<Done> {
  const results = await connection.callAll([
    ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
    ['CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes'],
  ])
  return firstFailure(results) ?? DONE
}

/** Closes every other connection of a user: a stale leader's next command then dies. */
export async function cutUser(connection: Connection, username: string): Promise<Done> {
  const result = await connection.call(['CLIENT', 'KILL', 'USER', username, 'SKIPME', 'yes'])
  return result.ok ? DONE : toFailure(result)
}

/** Sets the write gate and reads it back; this also lifts a fence. */
export async function setQuorum(connection: Connection, w: number, maxLagSeconds: number): Promise<Done> {
  const settings = { 'min-replicas-to-write': String(w), 'min-replicas-max-lag': String(maxLagSeconds) }
  const set = await setConfig(connection, settings)
  if (!set.ok) return set
  const shown = await connection.call(['CONFIG', 'GET', 'min-replicas-*'])
  if (!shown.ok) return toFailure(shown)
  const got = parseStringPairs(shown.value)
  const isSame = Object.entries(settings).every(([name, value]) => got.get(name) === value)
  return isSame ? DONE : { ok: false, reason: 'NotAsserted', message: 'the write gate was read back otherwise' }
}

/** A write gate and the record that is written as soon as it is open. */
export type Opening = Readonly<{ w: number; maxLagSeconds: number; record: Parameters<typeof recordCommand>[0] }>

/**
 * Opens the write gate of a promoted server and writes its record, sent together so that no client's command comes in
 * between. Shut again when the record is refused.
 */
export async function openGate(connection: Connection, { w, maxLagSeconds, record }: Opening): Promise<Done> {
  const gate = ['min-replicas-to-write', String(w), 'min-replicas-max-lag', String(maxLagSeconds)]
  const results = await connection.callAll([['CONFIG', 'SET', ...gate], recordCommand(record)])
  const failure = firstFailure(results)
  if (!failure) return DONE
  await setConfig(connection, SHUT_GATE)
  return failure
}

/** What a demoted server had written that its successor never got; undefined when they share no lineage. */
export type Demoted = Readonly<{ ok: true; lostBytes?: number }> | Failure

/**
 * Turns a primary that must no longer be one into a replica: fences it, counts what it will lose, repoints it.
 * `promoted` is what the new primary's INFO says of the lineage it came from.
 */
export async function demote(
  connection: Connection,
  upstream: Upstream,
  options: Readonly<{ promoted?: LineageStart }> = {},
): Promise<Demoted> {
  const fenced = await fence(connection)
  if (!fenced.ok) return fenced
  const info = await connection.call(['INFO', 'replication'])
  if (!info.ok) return toFailure(info)
  const fields = parseInfo(String(info.value))
  const former = { replicationId: fields.get('master_replid') ?? '', offset: infoNumber(fields, 'master_repl_offset') }
  const lost = options.promoted && fields.get('role') === 'master' ? lostBytes(former, options.promoted) : undefined
  const followed = await follow(connection, upstream)
  if (!followed.ok) return followed
  return lost === undefined ? { ok: true } : { ok: true, lostBytes: lost }
}

/** Waits until at least so many replicas are online at the primary. */
export async function awaitReplicaOnline(
  connection: Connection,
  options: Readonly<{ count: number; timeoutMs: number }>,
): Promise<Done> {
  const { count, timeoutMs } = options
  const done = await poll<Done>(
    async () => {
      const info = await connection.call(['INFO', 'replication'])
      if (!info.ok) return toFailure(info)
      const fields = parseInfo(String(info.value))
      const online = parseReplicaLinks(fields).filter(({ state }) => state === 'online').length
      // Where the write gate is set the server also says how many replicas it counts for it, a moment later.
      return Math.min(online, infoNumber(fields, 'min_slaves_good_slaves', online)) >= count ? DONE : undefined
    },
    { timeoutMs, everyMs: 20 },
  )
  return done ?? { ok: false, reason: 'Timeout', message: `fewer than ${count} replicas online after ${timeoutMs} ms` }
}

/** WAIT holds up everything else on its connection, the monitor's probe too: so it is asked in short pieces. */
const WAIT_PIECE_MS = 200

/** Waits until so many replicas have all that this connection wrote. */
export async function waitReplicas(connection: Connection, w: number, timeoutMs: number): Promise<Done> {
  const pieceMs = Math.max(1, Math.min(WAIT_PIECE_MS, timeoutMs))
  const done = await poll<Done>(
    async () => {
      const result = await connection.call(['WAIT', String(w), String(pieceMs)])
      if (!result.ok) return toFailure(result)
      return Number(result.value) >= w ? DONE : undefined
    },
    { timeoutMs, everyMs: 1 },
  )
  return done ?? { ok: false, reason: 'Timeout', message: `fewer than ${w} replicas have all after ${timeoutMs} ms` }
}

/** Puts back what promote() opened: no stale reads when this server is a replica again, and one full sync for several. */
export async function restoreServing(connection: Connection): Promise<Done> {
  return setConfig(connection, { 'replica-serve-stale-data': 'no', 'repl-diskless-sync-delay': '1' })
}

/** Where a server finds what it presents, and whom it trusts. */
export type CertificateFiles = Readonly<{
  certFile: string
  keyFile: string
  caFile: string
  /** Presented to its primary. */
  client?: Readonly<{ certFile: string; keyFile: string }>
  /** `tls-auth-clients`; all of TLS is set at once, as each such command reads all files again. */
  authClients?: string
}>

/**
 * Lets a server read its certificate files again, without a restart and without closing a connection. Refused while the
 * pair on disk does not match, as in the middle of the kubelet's change of the mounted Secret.
 */
export async function reloadCertificate(connection: Connection, files: CertificateFiles): Promise<Done> {
  const { certFile, keyFile, caFile, client, authClients } = files
  return setConfig(connection, {
    'tls-cert-file': certFile,
    'tls-key-file': keyFile,
    'tls-ca-cert-file': caFile,
    ...(client && { 'tls-client-cert-file': client.certFile, 'tls-client-key-file': client.keyFile }),
    ...(authClients !== undefined && { 'tls-auth-clients': authClients }),
  })
}

/** CONFIG SET of several parameters at once, all or none. */
export async function setConfig(connection: Connection, settings: Readonly<Record<string, string>>): Promise<Done> {
  const result = await connection.call(['CONFIG', 'SET', ...Object.entries(settings).flat()])
  return result.ok ? DONE : toFailure(result)
}

async function follow(connection: Connection, { host, port }: Upstream): Promise<Done> {
  // Without the dot a resolver tries its search domains first, and a silent DNS blocks the server's main thread.
  const name = isIP(host) > 0 || host.endsWith('.') ? host : `${host}.`
  const result = await connection.call(['REPLICAOF', name, String(port)])
  return result.ok ? DONE : toFailure(result)
}

function firstFailure(results: Awaited<ReturnType<Connection['callAll']>>): Failure | undefined {
  for (const result of results) if (!result.ok) return toFailure(result)
  return undefined
}

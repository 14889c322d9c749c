import type { PersistenceMode } from '../api/v1alpha1/defaults.ts'
import type { ServerSettings } from './types.ts'

/** What the server's configuration is rendered from: effective values, computed elsewhere. */
export type ServerConfigInput = Readonly<{
  port: number
  /** Paths in the container; absent: no TLS, plain port. There is never both. */
  tls?: Readonly<{
    certFile: string
    keyFile: string
    caFile: string
    /** `tls-auth-clients`. */
    clientAuth: 'None' | 'Optional' | 'Require'
  }>
  aclFile: string
  persistence: PersistenceMode
  dataDir: string
  maxMemoryBytes: number
  /** One of the eight policies, e.g. `volatile-ttl`. */
  maxMemoryPolicy: string
  /** Connections of applications and our own together. */
  maxClients: number
  backlogBytes: number
  /** Hard limit of a replica's output buffer; the soft one is half of it for 60 s. */
  replicaBufferBytes: number
  /** What a restarted server starts with; on a live one only setQuorum changes it. */
  minReplicasToWrite: number
  maxLagSeconds: number
}>

/** `tls-auth-clients` by the word of the CR. */
export const AUTH_CLIENTS = { None: 'no', Optional: 'optional', Require: 'yes' } as const

/**
 * A replica that cannot write to its disk goes on in memory: by the server's default it ends itself, and the primary
 * then refuses writes for the lack of it. The condition VolumeFull tells.
 */
const ON_DISK = { 'replica-ignore-disk-write-errors': 'yes' } as const

/** What is written to disk, and when. */
const PERSISTENCE = {
  // Nothing comes back after a restart: a leftover full-sync file would revive deleted sessions.
  None: { save: '', appendonly: 'no', 'rdb-del-sync-files': 'yes' },
  // The record's heartbeat is a change each second, so the first pair alone is a snapshot every five minutes.
  RDB: { save: '300 1 60 10000', appendonly: 'no', ...ON_DISK },
  AOF: {
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'auto-aof-rewrite-percentage': '100',
    'auto-aof-rewrite-min-size': '64mb',
    'aof-use-rdb-preamble': 'yes',
    ...ON_DISK,
  },
} as const satisfies Readonly<Record<PersistenceMode, ServerSettings>>

/** The parameters whose change needs a restart of the server: the pod template's hash covers them. */
export function staticConfig(input: ServerConfigInput): ServerSettings {
  return {
    ...listen(input),
    aclfile: input.aclFile,
    dir: input.dataDir,
    daemonize: 'no',
    // The lack of a bind address is meant: TLS and users guard the port.
    'protected-mode': 'no',
    // Boot guard: a server that starts is a replica of a closed port and serves nothing until the operator has decided.
    replicaof: '127.0.0.1 1',
    'replica-serve-stale-data': 'no',
    ...PERSISTENCE[input.persistence],
    'repl-diskless-sync': 'yes',
    'repl-diskless-sync-delay': '1',
    'repl-ping-replica-period': '1',
    'repl-timeout': '10',
    'shutdown-timeout': '10',
  }
}

/** The parameters prepare() asserts on a live server. The write gate is not among them: asserting it would lift a fence. */
export function liveSettings(input: ServerConfigInput): ServerSettings {
  const { replicaBufferBytes } = input
  return {
    maxmemory: String(input.maxMemoryBytes),
    'maxmemory-policy': input.maxMemoryPolicy,
    'maxmemory-clients': String(clientBytes(input)),
    maxclients: String(input.maxClients),
    'repl-backlog-size': String(input.backlogBytes),
    'client-output-buffer-limit': `replica ${replicaBufferBytes} ${Math.floor(replicaBufferBytes / 2)} 60`,
    'tcp-keepalive': '60',
  }
}

/** What one connection takes on Redis 7.0 just after a command; newer servers need a third of it. */
const CONNECTION_BYTES = 40 * 1024

/**
 * What all connections together may take before the largest are cut: as many as may be open, and a tenth of the memory
 * for those that need more. With the tenth alone 606 of 1,000 connections were cut at 64 Mi by Valkey 9.1, 822 by Redis 7.0.
 */
function clientBytes({ maxMemoryBytes, maxClients }: Pick<ServerConfigInput, 'maxMemoryBytes' | 'maxClients'>): number {
  return Math.floor(maxMemoryBytes / 10) + maxClients * CONNECTION_BYTES
}

/** The write gate a server starts with. */
export function quorumSettings(input: Pick<ServerConfigInput, 'minReplicasToWrite' | 'maxLagSeconds'>): ServerSettings {
  return {
    'min-replicas-to-write': String(input.minReplicasToWrite),
    'min-replicas-max-lag': String(input.maxLagSeconds),
  }
}

/** The whole configuration file. Passwords are not in it: users are in the ACL file, masterauth is set by prepare(). */
export function renderServerConfig(input: ServerConfigInput): string {
  const asked: ServerSettings = input.tls ? { 'tls-auth-clients': AUTH_CLIENTS[input.tls.clientAuth] } : {}
  const settings = { ...staticConfig(input), ...asked, ...liveSettings(input), ...quorumSettings(input) }
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
    .join('')
}

function listen({ port, tls }: ServerConfigInput): ServerSettings {
  if (!tls) return { port: String(port) }
  return {
    port: '0',
    'tls-port': String(port),
    'tls-replication': 'yes',
    // Set anew below where it is another: it can be changed live, and what is here is hashed into the template.
    'tls-auth-clients': AUTH_CLIENTS.None,
    'tls-cert-file': tls.certFile,
    'tls-key-file': tls.keyFile,
    'tls-ca-cert-file': tls.caFile,
    'tls-protocols': '"TLSv1.2 TLSv1.3"',
  }
}

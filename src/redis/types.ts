/**
 * The epoch record: hash `__ss:meta` in db 1 of every store, without TTL, written only by the operator on the primary
 * and replicated like any write. Who may write is decided from it, never from offsets alone: a zombie's lost writes
 * give it a higher offset than the rightful primary.
 */
export type EpochRecord = Readonly<{
  storeUID: string
  /** Rises by one with each change of the primary. */
  epoch: number
  /** Members the quorum was computed for. */
  n: number
  /** `min-replicas-to-write` in force. */
  w: number
  /** Pod name of the primary of this epoch. */
  primary: string
  /** Rises about once a second on the primary: the liveness of writing, and the order of copies within one epoch. */
  seq: number
  /** Server time of the last write, in ms since 1970. */
  timeMs: number
}>

/** One replica as its primary lists it in INFO. */
export type ReplicaLink = Readonly<{ host: string; port: number; state: string; offset: number; lagSeconds: number }>

/** Kinds of files that a server writes. */
export type FailedWrite = 'snapshot' | 'log' | 'rewrite of the log'

/** What a member's server said of itself in one probe (INFO, ROLE, CONFIG GET, HGETALL of the record). */
export type ServerFacts = Readonly<{
  kind: 'reached'
  /** New with every start of the process: a changed run id is a death (F24). */
  runId: string
  version: string
  role: 'master' | 'replica'
  /** REPLICAOF target of a replica; `127.0.0.1:1` until the operator lets it join. */
  upstream?: Readonly<{ host: string; port: number }>
  isLinkUp: boolean
  isSyncing: boolean
  isLoading: boolean
  /** `master_last_io_seconds_ago`; a replica hears its primary when it is at most 2. */
  lastHeardSeconds?: number
  replicationId: string
  replicationId2: string
  offset: number
  secondOffset: number
  /** `master_failover_state` of INFO: `no-failover`, `waiting-for-sync`, `failover-in-progress`. */
  failoverState: string
  /** Keys in all databases but the record itself. */
  keyCount: number
  usedMemoryBytes: number
  /** Part of it that holds the replication stream: the backlog, as far as it is filled, and what replicas are behind. */
  replicationBufferBytes: number
  /** Counters since the start of the process: keys evicted, full copies given to replicas, and links cut as their buffer overflowed. */
  evictedKeys: number
  fullCopies: number
  bufferCuts: number
  maxMemoryBytes: number
  minReplicasToWrite: number
  /** `min-replicas-max-lag`. */
  maxLagSeconds: number
  /** undefined: none, or not readable (a member that serves no stale data answers MASTERDOWN). */
  record?: EpochRecord
  /** True when the record could not be read: the server serves no stale data (MASTERDOWN) or is loading, and holds keys in db 1. */
  isRecordHidden: boolean
  replicas: readonly ReplicaLink[]
  /** What the server could not write to its disk when it last tried. */
  failedWrites: readonly FailedWrite[]
  /** Of the certificate presented when the held connection was opened; absent: plain TCP. */
  servedFingerprint?: string
  /** `tls-ca-cert-file`: shows which content of the TLS Secret was read; absent: plain TCP. */
  trustFile?: string
  /** `tls-auth-clients`. */
  authClients?: string
  /** Hash of the settings asserted and read back for this run id; empty: not prepared. */
  preparedHash: string
  observedAtMs: number
}>

export type UnreachableReason = 'Refused' | 'Timeout' | 'Closed' | 'AuthFailed' | 'TLSFailed' | 'NoAddress' | 'Unknown'

/** A member that did not answer. */
export type UnreachableFacts = Readonly<{
  kind: 'unreachable'
  reason: UnreachableReason
  /** First failure since the member was last reached; the clock of downAfter. */
  sinceMs: number
  /** The held connection was closed by the peer and two fresh ones, 100 ms apart, to the same pod's IP were refused. */
  isRefusalConfirmed: boolean
  /** Run id and role when the member was last reached by this process. */
  lastKnown?: Readonly<{ runId: string; role: 'master' | 'replica' }>
}>

/** `unknown`: this process has not finished a first probe of the member. */
export type ProbeFacts = ServerFacts | UnreachableFacts | Readonly<{ kind: 'unknown' }>

/** What a store runs: the words of the CR and `major.minor`, e.g. Valkey 9.1. */
export type EngineVersion = Readonly<{ engine: 'Valkey' | 'Redis'; version: string }>

/** Server parameters by name, as CONFIG SET and the configuration file take them. */
export type ServerSettings = Readonly<Record<string, string>>

/** One ACL user, as rendered into the ACL file and asserted live by SETUSER. */
export type AclUser = Readonly<{
  name: string
  /** Lower-case hex SHA-256 of each accepted password; empty: the user is off. */
  passwordHashes: readonly string[]
  /** ACL rules after `reset`, e.g. `~sess:*`, `+get`; no `+@all`, no passwords. */
  rules: readonly string[]
}>

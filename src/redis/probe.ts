import type { CallResult, Connection } from './connection.ts'
import {
  type InfoFields,
  infoNumber,
  parseInfo,
  parseKeyspace,
  parseReplicaLinks,
  parseStringPairs,
  parseVersion,
} from './parse.ts'
import { parseRecord, RECORD_KEY } from './record.ts'
import type { EpochRecord, FailedWrite, ServerFacts } from './types.ts'

/** What a probe is given beside the connection. */
export type ProbeOptions = Readonly<{
  /** The facts before: what was prepared stays so while the run id is the same. */
  previous?: Readonly<{ runId: string; preparedHash: string }>
  nowMs: () => number
  /** Longest wait for the answers, in ms. Default: the connection's. */
  timeoutMs?: number
}>

/** The server's facts, or why it gave none. */
export type ProbeResult =
  | Readonly<{ ok: true; facts: ServerFacts }>
  | Readonly<{ ok: false; reason: 'Closed' | 'Timeout' | 'Unknown'; message: string }>

const PROBE = [
  ['INFO', 'server', 'memory', 'persistence', 'stats', 'replication', 'keyspace'],
  [
    'CONFIG',
    'GET',
    ...['min-replicas-to-write', 'min-replicas-max-lag', 'maxmemory', 'tls-ca-cert-file', 'tls-auth-clients'],
  ],
  ['HGETALL', RECORD_KEY],
] as const

/** Asks a server everything that is needed to decide about it, in one round trip, on a connection to db 1. */
export async function probeServer(connection: Connection, options: ProbeOptions): Promise<ProbeResult> {
  const timeout = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }
  const [info, config, record] = await connection.callAll(PROBE, timeout)
  if (!info || !config || !record) throw new Error('Cannot probe: callAll gave fewer results than commands')
  for (const result of [info, config]) if (!result.ok) return notProbed(result)
  if (!record.ok && record.reason !== 'ServerError') return notProbed(record)
  if (!info.ok || !config.ok || typeof info.value !== 'string') {
    return { ok: false, reason: 'Unknown', message: 'INFO is no text' }
  }
  const read = readRecordReply(record)
  const fields = parseInfo(info.value)
  const runId = fields.get('run_id') ?? ''
  const settings = parseStringPairs(config.value)
  const facts = toFacts(fields, read)
  const trustFile = settings.get('tls-ca-cert-file')
  const authClients = settings.get('tls-auth-clients')
  const previous = options.previous
  return {
    ok: true,
    facts: {
      ...facts,
      minReplicasToWrite: Number(settings.get('min-replicas-to-write') ?? 0),
      maxLagSeconds: Number(settings.get('min-replicas-max-lag') ?? 0),
      maxMemoryBytes: Number(settings.get('maxmemory') ?? 0),
      ...(trustFile && { trustFile, ...(authClients && { authClients }) }),
      ...(connection.servedFingerprint && { servedFingerprint: connection.servedFingerprint }),
      preparedHash: previous?.runId === runId ? previous.preparedHash : '',
      observedAtMs: options.nowMs(),
    },
  }
}

function notProbed(result: CallResult): ProbeResult {
  if (result.ok) return { ok: false, reason: 'Unknown', message: 'the reply has another shape' }
  const reason = result.reason === 'ServerError' ? 'Unknown' : result.reason
  return { ok: false, reason, message: result.message }
}

type RecordReply = Readonly<{ record?: EpochRecord; isHidden: boolean }>

function readRecordReply(result: CallResult): RecordReply {
  if (!result.ok) return { isHidden: result.code === 'MASTERDOWN' || result.code === 'LOADING' }
  const record = parseRecord(result.value)
  return record ? { record, isHidden: false } : { isHidden: false }
}

type InfoFacts = Omit<
  ServerFacts,
  'minReplicasToWrite' | 'maxLagSeconds' | 'maxMemoryBytes' | 'preparedHash' | 'observedAtMs'
>

function toFacts(fields: InfoFields, { record, isHidden }: RecordReply): InfoFacts {
  const role = fields.get('role') === 'master' ? 'master' : 'replica'
  const host = fields.get('master_host')
  const lastHeardSeconds = infoNumber(fields, 'master_last_io_seconds_ago', -1)
  return {
    kind: 'reached',
    runId: fields.get('run_id') ?? '',
    version: parseVersion(fields),
    role,
    ...(role === 'replica' && host ? { upstream: { host, port: infoNumber(fields, 'master_port') } } : {}),
    isLinkUp: fields.get('master_link_status') === 'up',
    isSyncing: fields.get('master_sync_in_progress') === '1',
    isLoading: fields.get('loading') === '1' || fields.get('async_loading') === '1',
    ...(lastHeardSeconds >= 0 ? { lastHeardSeconds } : {}),
    replicationId: fields.get('master_replid') ?? '',
    replicationId2: fields.get('master_replid2') ?? '',
    offset: infoNumber(fields, 'master_repl_offset'),
    secondOffset: infoNumber(fields, 'second_repl_offset', -1),
    failoverState: fields.get('master_failover_state') ?? 'no-failover',
    keyCount: countKeys(fields, isHidden || record !== undefined),
    usedMemoryBytes: infoNumber(fields, 'used_memory'),
    replicationBufferBytes: infoNumber(fields, 'mem_total_replication_buffers'),
    evictedKeys: infoNumber(fields, 'evicted_keys'),
    fullCopies: infoNumber(fields, 'sync_full'),
    bufferCuts: infoNumber(fields, 'client_output_buffer_limit_disconnections'),
    ...(record ? { record } : {}),
    // A server without a key in db 1 has no record to hide.
    isRecordHidden: isHidden && (fields.get('loading') === '1' || (parseKeyspace(fields).get(1) ?? 0) > 0),
    replicas: parseReplicaLinks(fields),
    failedWrites: readFailedWrites(fields),
  }
}

const WRITE_STATES = [
  ['rdb_last_bgsave_status', 'snapshot'],
  ['aof_last_write_status', 'log'],
  ['aof_last_bgrewrite_status', 'rewrite of the log'],
] as const

function readFailedWrites(fields: InfoFields): readonly FailedWrite[] {
  return WRITE_STATES.filter(([name]) => fields.get(name) === 'err').map(([, what]) => what)
}

/** A hidden record counts as one key of db 1 when that has any: what a server holds besides makes it not empty. */
function countKeys(fields: InfoFields, mayHaveRecord: boolean): number {
  const counts = parseKeyspace(fields)
  const total = [...counts.values()].reduce((sum, keys) => sum + keys, 0)
  return mayHaveRecord && (counts.get(1) ?? 0) > 0 ? total - 1 : total
}

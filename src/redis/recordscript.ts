import type { CallResult, Connection } from './connection.ts'
import { parseRecord, RECORD_KEY } from './record.ts'
import type { EpochRecord } from './types.ts'

/** Whether a command on the data plane was done, or why not. */
export type Failure = Readonly<{ ok: false; reason: string; message: string }>

/** What reading the record gave: there may be none, or it may be hidden (MASTERDOWN). */
export type RecordRead = Readonly<{ ok: true; record?: EpochRecord }> | Failure

/** What writing the record gave. */
export type RecordWrite = Readonly<{ ok: true }> | Failure

// allow-oom: a full store under noeviction could otherwise not fail over. A script without no-writes is refused by
// replicas (READONLY) and by a primary that lacks its replicas (NOREPLICAS): only a primary that may write runs it.
const WRITE = `#!lua flags=allow-oom
local held = redis.call('HMGET', KEYS[1], 'storeUID', 'epoch', 'seq')
if held[1] and held[1] ~= ARGV[1] then return redis.error_reply('FOREIGN record of another store') end
if held[2] and tonumber(held[2]) > tonumber(ARGV[2]) then return redis.error_reply('STALE record has a newer epoch') end
if held[1] == ARGV[1] and held[2] == ARGV[2] and redis.call('HGET', KEYS[1], 'primary') ~= ARGV[5] then
  return redis.error_reply('STALE epoch belongs to another primary')
end
local now = redis.call('TIME')
local seq = held[3] and tonumber(held[3]) + 1 or 1
redis.call('HSET', KEYS[1], 'storeUID', ARGV[1], 'epoch', ARGV[2], 'n', ARGV[3], 'w', ARGV[4], 'primary', ARGV[5],
  'seq', string.format('%.0f', seq), 'time', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
redis.call('PERSIST', KEYS[1])
return 'OK'`

const HEARTBEAT = `#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return redis.error_reply('STALE record has another epoch') end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'time', string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000)))
return redis.call('HINCRBY', KEYS[1], 'seq', 1)`

/** Reads the record through a connection to db 1. */
export async function readRecord(connection: Connection): Promise<RecordRead> {
  const reply = await connection.call(['HGETALL', RECORD_KEY])
  if (!reply.ok) return toFailure(reply)
  const record = parseRecord(reply.value)
  return record ? { ok: true, record } : { ok: true }
}

/** The command that writes the record. */
export function recordCommand(
  record: Pick<EpochRecord, 'storeUID' | 'epoch' | 'n' | 'w' | 'primary'>,
): readonly string[] {
  const { storeUID, epoch, n, w, primary } = record
  return ['EVAL', WRITE, '1', RECORD_KEY, storeUID, String(epoch), String(n), String(w), primary]
}

/**
 * Writes the record; `seq` and time are the server's own. Refused with STALE when a newer epoch is there, with FOREIGN
 * when the data is another store's, with READONLY on a replica and NOREPLICAS where the write gate is shut.
 */
export async function writeRecord(
  connection: Connection,
  record: Pick<EpochRecord, 'storeUID' | 'epoch' | 'n' | 'w' | 'primary'>,
): Promise<RecordWrite> {
  const reply = await connection.call(recordCommand(record))
  return reply.ok ? { ok: true } : toFailure(reply)
}

/** Raises `seq` when the server is the primary of this epoch and may write. */
export async function raiseSeq(connection: Connection, epoch: number): Promise<RecordWrite> {
  const reply = await connection.call(['EVAL', HEARTBEAT, '1', RECORD_KEY, String(epoch)])
  return reply.ok ? { ok: true } : toFailure(reply)
}

/** A failed call as the result of a command: the server's error code is the reason where there is one. */
export function toFailure(result: Extract<CallResult, { ok: false }>): Failure {
  const reason = result.reason === 'ServerError' && result.code !== '' ? result.code : result.reason
  return { ok: false, reason, message: result.message }
}

import { parseStringPairs, type Reply } from './parse.ts'
import type { EpochRecord } from './types.ts'

/** Key of the epoch record, in db 1. */
export const RECORD_KEY = '__ss:meta'

/** Reads the reply of HGETALL; undefined when it is no complete record. */
export function parseRecord(reply: Reply): EpochRecord | undefined {
  const fields = parseStringPairs(reply)
  const storeUID = fields.get('storeUID')
  const primary = fields.get('primary')
  if (!storeUID || !primary) return undefined
  const [epoch, n, w, seq, timeMs] = ['epoch', 'n', 'w', 'seq', 'time'].map((name) => toCount(fields.get(name)))
  if (epoch === undefined || n === undefined || w === undefined || seq === undefined || timeMs === undefined) {
    return undefined
  }
  return { storeUID, epoch, n, w, primary, seq, timeMs }
}

function toCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** What is known of a former primary's end of the data: both fields are of INFO replication. */
export type LineageEnd = Readonly<{ replicationId: string; offset: number }>

/** What a promoted server keeps of the lineage it was promoted from. */
export type LineageStart = Readonly<{ replicationId2: string; secondOffset: number }>

/**
 * Bytes of the replication stream the former primary wrote that the new one never got:
 * `old.master_repl_offset − new.second_repl_offset + 1`. undefined when they share no lineage: the loss is unknown.
 */
export function lostBytes(former: LineageEnd, promoted: LineageStart): number | undefined {
  if (former.replicationId !== promoted.replicationId2 || promoted.secondOffset < 0) return undefined
  return Math.max(0, former.offset - promoted.secondOffset + 1)
}

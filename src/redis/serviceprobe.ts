import { type ConnectionOptions, openConnection } from './connection.ts'
import { parseInfo } from './parse.ts'
import { toFailure } from './recordscript.ts'

/** Key the probe writes, in db 1. */
export const PROBE_KEY = '__ss:probe'

/** It goes away by itself when nobody probes any more. */
const PROBE_TTL_SECONDS = 60

/** Which server took the write, or why none did: an UnreachableReason, or the server's own error code. */
export type ServiceProbe =
  | Readonly<{ ok: true; runId: string }>
  | Readonly<{ ok: false; reason: string; message: string }>

/**
 * Writes through an address, usually the primary Service, on a fresh connection, as a client that connects now would:
 * what Ready means.
 */
export async function probeService(options: Omit<ConnectionOptions, 'db'>): Promise<ServiceProbe> {
  const opened = await openConnection({ ...options, db: 1 })
  if (!opened.ok) return opened
  const { connection } = opened
  const [written, info] = await connection.callAll([
    ['SET', PROBE_KEY, '1', 'EX', String(PROBE_TTL_SECONDS)],
    ['INFO', 'server'],
  ])
  connection.close()
  if (!written || !info) return { ok: false, reason: 'Closed', message: 'no reply' }
  if (!written.ok) return toFailure(written)
  if (!info.ok) return toFailure(info)
  return { ok: true, runId: parseInfo(String(info.value)).get('run_id') ?? '' }
}

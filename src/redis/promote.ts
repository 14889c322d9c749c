import type { Connection } from './connection.ts'
import { isList } from './parse.ts'
import { RECORD_KEY } from './record.ts'
import { type Failure, toFailure } from './recordscript.ts'
import { type Done, readRole, SHUT_GATE, setConfig } from './replication.ts'

/** What the candidate's record must say at the moment of the promotion. */
export type PromoteOptions = Readonly<{
  /** `none`: the store was never written (bootstrap), a record of any epoch refuses. */
  expectedEpoch: number | 'none'
  /** Checked too when given: data of another store is never promoted. */
  storeUID?: string
}>

/** Writes of the old primary may still arrive and change the record between the look and the act. */
const ATTEMPTS = 3

/**
 * Makes a candidate the primary, if its record still has the expected epoch: WATCH, look, MULTI, REPLICAOF NO ONE, EXEC.
 * A candidate that serves no stale data is opened first: HGET would answer MASTERDOWN and EXEC promote all the same.
 * Its write gate is shut first and stays so until openGate: whoever is connected to it could otherwise write before its
 * epoch is recorded.
 * Refusals: EpochMismatch, ForeignRecord, RecordExists. On a server that is a primary already this only checks.
 */
export async function promote(connection: Connection, options: PromoteOptions): Promise<Done> {
  const opened = await setConfig(connection, {
    'replica-serve-stale-data': 'yes',
    'repl-diskless-sync-delay': '0',
    ...SHUT_GATE,
  })
  if (!opened.ok) return opened
  const promoted = await tryPromote(connection, options)
  if (promoted.ok) return promoted
  await setConfig(connection, { 'replica-serve-stale-data': 'no', 'repl-diskless-sync-delay': '1' })
  return promoted
}

async function tryPromote(connection: Connection, options: PromoteOptions): Promise<Done> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [watched, read] = await connection.callAll([
      ['WATCH', RECORD_KEY],
      ['HMGET', RECORD_KEY, 'storeUID', 'epoch'],
    ])
    const refusal = failed(watched) ?? failed(read) ?? judgeRecord(read, options)
    if (refusal) {
      await connection.call(['UNWATCH'])
      return refusal
    }
    const results = await connection.callAll([['MULTI'], ['REPLICAOF', 'NO', 'ONE'], ['EXEC']])
    for (const result of results) if (!result.ok) return toFailure(result)
    const executed = results.at(-1)
    if (executed?.ok && isList(executed.value)) return checkPrimary(connection)
  }
  return { ok: false, reason: 'RecordMoves', message: `the record changed during each of ${ATTEMPTS} attempts` }
}

type Result = Awaited<ReturnType<Connection['call']>> | undefined

function failed(result: Result): Failure | undefined {
  if (!result) return { ok: false, reason: 'Closed', message: 'no reply' }
  return result.ok ? undefined : toFailure(result)
}

function judgeRecord(result: Result, { expectedEpoch, storeUID }: PromoteOptions): Failure | undefined {
  const [heldUID, heldEpoch] = result?.ok && isList(result.value) ? result.value : []
  if (expectedEpoch === 'none') {
    if (heldUID === null && heldEpoch === null) return undefined
    return { ok: false, reason: 'RecordExists', message: `the record has epoch ${heldEpoch}, must have none` }
  }
  if (storeUID !== undefined && heldUID !== storeUID) {
    return { ok: false, reason: 'ForeignRecord', message: `the record is of store ${heldUID}, must be ${storeUID}` }
  }
  if (heldEpoch === String(expectedEpoch)) return undefined
  return {
    ok: false,
    reason: 'EpochMismatch',
    message: `the record has epoch ${heldEpoch ?? 'none'}, must be ${expectedEpoch}`,
  }
}

async function checkPrimary(connection: Connection): Promise<Done> {
  const read = await readRole(connection)
  if (!read.ok) return read
  if (read.role.role === 'master') return { ok: true }
  return { ok: false, reason: 'NotPromoted', message: 'ROLE is replica after the promotion, must be primary' }
}

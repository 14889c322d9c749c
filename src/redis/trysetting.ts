import { clip } from '../clip.ts'
import type { CallResult, Connection } from './connection.ts'
import { parseStringPairs } from './parse.ts'
import { type Failure, toFailure } from './recordscript.ts'
import { differingSettings, isSameSetting } from './settings.ts'
import type { ServerSettings } from './types.ts'

/** What a server says to a parameter and its value. */
export type Tried =
  | Readonly<{ kind: 'live'; shown: string }>
  /** Known, and only a start can change it; whether the value is good nobody has looked at. */
  | Readonly<{ kind: 'restart' }>
  | Readonly<{ kind: 'refused'; message: string }>

const MAX_MESSAGE_LENGTH = 200

/** What parameters are now; those that the server does not know are left out. */
export async function readSettings(
  connection: Connection,
  names: readonly string[],
): Promise<Readonly<{ ok: true; shown: ReadonlyMap<string, string> }> | Failure> {
  const result = await connection.call(['CONFIG', 'GET', ...names])
  return result.ok ? { ok: true, shown: parseStringPairs(result.value) } : toFailure(result)
}

/** Sets one parameter and reads it back: a value that the server refuses changes nothing. */
export async function trySetting(
  connection: Connection,
  name: string,
  value: string,
): Promise<Readonly<{ ok: true; tried: Tried }> | Failure> {
  const set = await connection.call(['CONFIG', 'SET', name, value])
  if (!set.ok && set.reason !== 'ServerError') return toFailure(set)
  if (!set.ok) return { ok: true, tried: readRefusal(set) }
  const read = await readSettings(connection, [name])
  if (!read.ok) return read
  const shown = read.shown.get(name)
  const tried: Tried =
    shown === undefined ? { kind: 'refused', message: 'the server does not show it' } : { kind: 'live', shown }
  return { ok: true, tried }
}

function readRefusal({ message }: Extract<CallResult, { ok: false }>): Tried {
  if (message.includes("can't set immutable config")) return { kind: 'restart' }
  return { kind: 'refused', message: serverWords(message) }
}

/** The server's own words without the code and the name of the parameter, which whoever tells them gives. */
export function serverWords(message: string): string {
  const words = message
    .replace(/^ERR /, '')
    .replace(/^CONFIG SET failed \(possibly related to argument '[^']*'\) - /, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return clip(words, MAX_MESSAGE_LENGTH)
}

/** A parameter that a server did not take, and why. */
export type NotTaken = Readonly<{ name: string; message: string }>

/**
 * Sets parameters that another server took, and reads them back. Each by itself: one that this server refuses, as it is of
 * another version, keeps it from nothing.
 */
export async function setParameters(
  connection: Connection,
  wanted: ServerSettings,
): Promise<Readonly<{ ok: true; refused: readonly NotTaken[] }> | Failure> {
  const names = Object.keys(wanted)
  if (names.length === 0) return { ok: true, refused: [] }
  const before = await readSettings(connection, names)
  if (!before.ok) return before
  const refused: NotTaken[] = []
  for (const [name, value] of Object.entries(differingSettings(wanted, before.shown))) {
    const result = await trySetting(connection, name, value)
    if (!result.ok) return result
    const message = whyNotTaken(name, value, result.tried)
    if (message !== undefined) refused.push({ name, message })
  }
  return { ok: true, refused }
}

function whyNotTaken(name: string, value: string, tried: Tried): string | undefined {
  switch (tried.kind) {
    case 'live':
      return isSameSetting(name, value, tried.shown) ? undefined : `the server shows ${tried.shown} instead`
    case 'restart':
      return 'only a start of the server can change it'
    case 'refused':
      return tried.message
  }
}

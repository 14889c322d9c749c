import type { CallResult, Connection } from '../../../src/redis/connection.ts'
import type { Reply } from '../../../src/redis/parse.ts'

/** What a fake server answers: a value, or an Error whose message is the server's error. */
export type Answer = Reply | Error

/** A connection to a server made of one function; what was asked is kept in order. */
export type FakeConnection = Connection & Readonly<{ asked: readonly string[] }>

/** Builds a connection whose server answers by the function; `OK` where it gives undefined. */
export function fakeConnection(answer: (command: string) => Answer | undefined): FakeConnection {
  const asked: string[] = []
  async function call(words: readonly string[]): Promise<CallResult> {
    const command = words.join(' ')
    asked.push(command)
    const given = answer(command)
    if (!(given instanceof Error)) return { ok: true, value: given === undefined ? 'OK' : given }
    const code = /^[A-Z]+/.exec(given.message)?.[0] ?? ''
    if (code === '') return { ok: false, reason: 'Timeout', code, message: given.message }
    return { ok: false, reason: 'ServerError', code, message: given.message }
  }
  return {
    asked,
    call,
    callAll: (commands) => Promise.all(commands.map(call)),
    isOpen: () => true,
    onClose: () => undefined,
    close: () => undefined,
    passwordIndex: 0,
  }
}

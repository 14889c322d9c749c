import type { Socket } from 'node:net'
import { createSecureContext, createServer, type Server } from 'node:tls'
import type { Connection } from '../../src/redis/connection.ts'
import type { Reply } from '../../src/redis/parse.ts'

const PORT = 6379
/** What a client says before its first command; the fake server behind knows no logins. */
const GREETINGS: ReadonlySet<string> = new Set(['AUTH', 'SELECT', 'CLIENT', 'QUIT'])

/** Serves a fake server over TLS, as the operator meets a real one; `behind` is asked for each command. */
export function serve(
  host: string,
  pair: Readonly<{ certificatePem: string; keyPem: string }>,
  behind: () => Connection | undefined,
): Promise<Server> {
  const secureContext = createSecureContext({ cert: pair.certificatePem, key: pair.keyPem })
  const server = createServer({ SNICallback: (_name, answer) => answer(null, secureContext) }, (socket) => {
    socket.on('error', () => socket.destroy())
    let rest = ''
    let last = Promise.resolve()
    socket.setEncoding('latin1').on('data', (text: string) => {
      const { commands, left } = parseCommands(rest + text)
      rest = left
      for (const words of commands) last = last.then(() => answer(socket, words, behind))
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(PORT, host, () => resolve(server))
  })
}

async function answer(socket: Socket, words: readonly string[], behind: () => Connection | undefined): Promise<void> {
  const name = words[0]?.toUpperCase() ?? ''
  if (GREETINGS.has(name)) {
    socket.write('+OK\r\n')
    return
  }
  const result = await behind()?.call([name, ...words.slice(1)])
  if (!result) socket.destroy()
  else if (result.ok) socket.write(encode(result.value))
  else socket.write(`-${result.message}\r\n`)
}

function encode(value: Reply): string {
  if (value === null) return '$-1\r\n'
  if (typeof value === 'number') return `:${value}\r\n`
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`
  return `*${value.length}\r\n${value.map(encode).join('')}`
}

/** Whole commands at the beginning of a text of RESP arrays, and what is left of an unfinished one. */
function parseCommands(text: string): Readonly<{ commands: readonly (readonly string[])[]; left: string }> {
  const commands: string[][] = []
  let at = 0
  for (;;) {
    const parsed = parseCommand(text, at)
    if (!parsed) return { commands, left: text.slice(at) }
    commands.push(parsed.words)
    at = parsed.end
  }
}

function parseCommand(text: string, from: number): Readonly<{ words: string[]; end: number }> | undefined {
  let at = from
  function number(): number | undefined {
    const end = text.indexOf('\r\n', at)
    if (end < 0) return undefined
    const value = Number(text.slice(at + 1, end))
    at = end + 2
    return value
  }
  const count = number()
  if (count === undefined) return undefined
  const words: string[] = []
  for (let index = 0; index < count; index += 1) {
    const length = number()
    if (length === undefined || text.length < at + length + 2) return undefined
    words.push(text.slice(at, at + length))
    at += length + 2
  }
  return { words, end: at }
}

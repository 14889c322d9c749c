// Tries one verified TLS handshake and prints how it ended: {"authorized":true} or {"code":"…"}.
//
//   handshake.mjs --host HOST [--port 6379] [--name NAME] [--ca-file FILE]
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    port: { type: 'string', default: '6379' },
    name: { type: 'string' },
    'ca-file': { type: 'string' },
  },
})
const socket = connect({
  host: values.host,
  port: Number(values.port),
  servername: values.name ?? values.host,
  ...(values['ca-file'] ? { ca: readFileSync(values['ca-file']) } : {}),
})

function end(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.exit(0)
}

socket.once('secureConnect', () => end({ authorized: socket.authorized }))
socket.once('error', (error) => end({ code: error.code ?? error.message }))
socket.setTimeout(5000, () => end({ code: 'TIMEOUT' }))

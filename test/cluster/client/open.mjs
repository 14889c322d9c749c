// Holds a connection open, in silence, until the server closes it; then tries to log in again, until that is refused.
// Prints {"event":"open"}, {"event":"closed"} and {"event":"WRONGPASS"}, and ends.
//
//   open.mjs BINDING
import { Redis } from 'ioredis'
import { readBinding, tlsOptions } from './binding.mjs'

const binding = readBinding(process.argv[2])
const { host, port, username, password, prefix } = binding
const options = { host, port, username, password, tls: tlsOptions(binding), enableReadyCheck: false }
const say = (event) => process.stdout.write(`${JSON.stringify({ event })}\n`)

const held = new Redis({ ...options, retryStrategy: () => null })
held.on('error', () => undefined)
const ended = new Promise((resolve) => held.once('end', resolve))
await held.get(`${prefix}x`)
say('open')
await ended
say('closed')

/** How a fresh log-in ends. */
async function logIn() {
  const fresh = new Redis({ ...options, lazyConnect: true, retryStrategy: () => null })
  let cause
  fresh.on('error', (error) => {
    cause = error
  })
  try {
    await fresh.connect()
    return 'OK'
  } catch (error) {
    return /^[A-Z]{4,}/.exec((cause ?? error).message)?.[0] ?? 'failed'
  } finally {
    fresh.disconnect()
  }
}

const until = Date.now() + 30_000
let last = await logIn()
while (last !== 'WRONGPASS' && Date.now() < until) {
  await new Promise((resolve) => setTimeout(resolve, 100))
  last = await logIn()
}
say(last)

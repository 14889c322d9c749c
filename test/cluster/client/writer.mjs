// Writes sessions at a steady rate and tells, as JSON lines, what the store acknowledged and what it did not.
//
//   writer.mjs [--binding NAME] [--connections 4] [--rate 100] [--keys 0] [--ttl-seconds 3600] [--value-bytes 64]
//              [--seconds 0] [--idle 0] [--run NAME] [--log FILE] [--timeout-ms 1000] [--retries]
//
// --keys 0 writes ever new keys: each acknowledged write can be looked for later. --keys N writes over a fixed set.
// --idle N opens N more connections that write nothing until the line "wake" comes on standard input.
// --retries lets ioredis queue and resend, READONLY included; without it the first refusal is a failed write.
// --log FILE takes the lines of every write; standard output then carries only what changes, a line of numbers each
// second, and the summary. The line "stop", the end of standard input, SIGTERM, SIGINT or --seconds end it.
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { readBinding, tlsOptions } from './binding.mjs'
import { createTally } from './tally.mjs'

const { values } = parseArgs({
  options: {
    binding: { type: 'string' },
    connections: { type: 'string', default: '4' },
    rate: { type: 'string', default: '100' },
    keys: { type: 'string', default: '0' },
    'ttl-seconds': { type: 'string', default: '3600' },
    'value-bytes': { type: 'string', default: '64' },
    seconds: { type: 'string', default: '0' },
    idle: { type: 'string', default: '0' },
    run: { type: 'string', default: randomBytes(4).toString('hex') },
    log: { type: 'string' },
    'timeout-ms': { type: 'string', default: '1000' },
    retries: { type: 'boolean', default: false },
  },
})
const connectionCount = Number(values.connections)
const intervalMs = (1000 * connectionCount) / Number(values.rate)
const fixedKeys = Number(values.keys)
const ttlSeconds = Number(values['ttl-seconds'])
const timeoutMs = Number(values['timeout-ms'])
const filler = '.'.repeat(Number(values['value-bytes']))

const binding = readBinding(values.binding)
const log = values.log === undefined ? undefined : createWriteStream(values.log)
const tally = createTally()
const wake = Promise.withResolvers()
let isStopped = false

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** A line of one write: to the file when there is one, so that standard output stays small. */
function note(line) {
  if (log) log.write(`${JSON.stringify(line)}\n`)
  else tell(line)
}

/** Every refusal is a failed write, and a new connection is tried at once: what is measured is the store's gap alone. */
const impatient = {
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  retryStrategy: () => 50,
}

/**
 * What README recommends: ioredis queues and resends by itself after a lost connection, but hands READONLY on, which a
 * primary gives for a moment after it handed over; 2 means reconnect and send again.
 */
const patient = {
  commandTimeout: 10 * timeoutMs,
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
}

function connect() {
  const tls = tlsOptions(binding)
  const redis = new Redis({
    host: binding.host,
    port: binding.port,
    username: binding.username,
    password: binding.password,
    ...(tls ? { tls } : {}),
    connectTimeout: timeoutMs,
    disconnectTimeout: 200,
    keepAlive: 5000,
    ...(values.retries ? patient : { ...impatient, commandTimeout: timeoutMs }),
  })
  redis.on('error', (error) => tally.cause(causeOf(error)))
  redis.on('reconnecting', () => tally.reconnected())
  return redis
}

/** Resolves once the connection was logged in to for the first time. */
function whenReady(redis) {
  return redis.status === 'ready' ? Promise.resolve() : new Promise((resolve) => redis.once('ready', resolve))
}

/** A short stable text: the code of the server's or the socket's error, never a value. */
function causeOf(error) {
  const text = String(error?.message ?? error)
  if (text.startsWith("Stream isn't writeable")) return 'NotConnected'
  if (text.startsWith('Reached the max retries') || text === 'Connection is closed.') return 'ConnectionLost'
  if (text === 'Command timed out') return 'Timeout'
  return error?.code ?? /^([A-Z]{4,})\b/.exec(text)?.[1] ?? text.slice(0, 80)
}

/** Writes on one connection, one write at a time, until stopped. */
async function writeLoop(redis, connection, isIdle) {
  let seq = 0
  let nextMs = performance.now() + Math.random() * intervalMs
  while (!isStopped) {
    const pauseMs = nextMs - performance.now()
    if (pauseMs > 0) await delay(pauseMs)
    // After a stall the missed writes are not made up for: a burst would hide the length of the gap.
    nextMs = Math.max(nextMs + intervalMs, performance.now())
    seq += 1
    await writeOnce(redis, { connection, seq, key: keyOf(connection, seq), isIdle })
  }
}

function keyOf(connection, seq) {
  if (fixedKeys === 0) return `${binding.prefix}${values.run}-${connection}-${seq}`
  // Each fixed key belongs to one connection, so that its values only rise.
  const perConnection = Math.max(1, Math.floor(fixedKeys / connectionCount))
  return `${binding.prefix}${values.run}-${connection}-${seq % perConnection}`
}

async function writeOnce(redis, { connection, seq, key, isIdle }) {
  const sentMs = performance.now()
  const idle = isIdle ? { idle: true } : {}
  try {
    await redis.set(key, `${seq}:${filler}`, 'EX', ttlSeconds)
    const outage = tally.acknowledged(connection, sentMs)
    note({ event: 'acknowledged', key, value: seq, atMs: Date.now(), connection, ...idle })
    if (outage) tell({ event: 'recovered', atMs: Date.now(), connection, ...outage })
  } catch (error) {
    const cause = causeOf(error)
    const isFirst = tally.failed(connection, sentMs, cause)
    note({ event: 'failed', key, value: seq, atMs: Date.now(), connection, cause, ...idle })
    if (isFirst && log) tell({ event: 'outage', atMs: Date.now(), connection, cause })
    // What a socket timeout of an application does: a connection that does not answer is given up.
    if (cause === 'Timeout') redis.disconnect(true)
  }
}

function stop() {
  isStopped = true
  wake.resolve()
}

const writers = Array.from({ length: connectionCount }, connect)
const sleepers = Array.from({ length: Number(values.idle) }, connect)
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
let typed = ''
process.stdin.setEncoding('utf8').on('data', (text) => {
  typed += text
  const lines = typed.split('\n')
  typed = lines.pop() ?? ''
  if (lines.includes('wake')) wake.resolve()
  if (lines.includes('stop')) stop()
})
process.stdin.once('end', stop)

await Promise.all([...writers, ...sleepers].map(whenReady))
tell({ event: 'ready', atMs: Date.now(), run: values.run, connections: writers.length, idle: sleepers.length })
if (Number(values.seconds) > 0) setTimeout(stop, Number(values.seconds) * 1000).unref()
const ticker = setInterval(() => tell({ event: 'numbers', atMs: Date.now(), ...tally.numbers() }), 1000)

await Promise.all([
  ...writers.map((redis, index) => writeLoop(redis, index, false)),
  ...sleepers.map(async (redis, index) => {
    await wake.promise
    await writeLoop(redis, connectionCount + index, true)
  }),
])
clearInterval(ticker)
if (log) {
  log.end()
  await finished(log)
}
tell({ event: 'summary', run: values.run, ...tally.summary() })
for (const redis of [...writers, ...sleepers]) redis.disconnect()
process.exit(0)

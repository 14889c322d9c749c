// Fills a store with sessions. Arguments: the name of a binding, and JSON:
// {"averageSize": bytes, "connections": idle ones to open first, "until": "evicted" | "refused", "beyondPercent", "most", "keep", "holdMs"}.
// Without keep, what was written is removed at the end. Prints one JSON object.
import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { readBinding, tlsOptions } from './binding.mjs'

const BATCH = 200
const OPEN_AT_ONCE = 20
const name = process.argv[2]
const options = JSON.parse(process.argv[3])
const binding = readBinding(name)

function connect() {
  const { host, port, username, password } = binding
  const tls = tlsOptions(binding)
  const redis = new Redis({
    host,
    port,
    username,
    password,
    ...(tls ? { tls } : {}),
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 20_000,
  })
  redis.on('error', () => undefined)
  return redis
}

async function openIdle(count) {
  const opened = []
  let failed = 0
  while (opened.length + failed < count) {
    const wanted = Math.min(OPEN_AT_ONCE, count - opened.length - failed)
    const batch = Array.from({ length: wanted }, connect)
    const results = await Promise.allSettled(batch.map((redis) => redis.connect().then(() => redis.ping())))
    results.forEach((result, index) => {
      if (result.status === 'fulfilled') opened.push(batch[index])
      else failed += 1
    })
  }
  return { opened, failed }
}

async function infoOf(redis) {
  const text = await redis.info()
  const number = (field) => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return {
    evicted: number('evicted_keys'),
    usedBytes: number('used_memory'),
    rssBytes: number('used_memory_rss'),
    maxMemoryBytes: number('maxmemory'),
    clients: number('connected_clients'),
  }
}

/** A value between half and one and a half of the average. */
function makeValue(averageSize) {
  const bytes = Math.round(averageSize * (0.5 + Math.random()))
  return randomBytes(Math.ceil(bytes / 2))
    .toString('hex')
    .slice(0, bytes)
}

async function fill(redis, { averageSize, until, beyondPercent = 20, most = 1_000_000 }) {
  const refused = {}
  const keys = []
  let [written, fit, end] = [0, 0, most]
  while (written < end) {
    const pipeline = redis.pipeline()
    for (let index = 0; index < BATCH; index += 1) {
      const key = `${binding.prefix}${randomBytes(16).toString('hex')}`
      keys.push(key)
      pipeline.set(key, makeValue(averageSize), 'EX', 1800 + Math.floor(Math.random() * 1800))
    }
    const results = await pipeline.exec()
    const errors = results.map(([error]) => error).filter(Boolean)
    for (const error of errors) {
      const code = error.message.split(' ')[0]
      refused[code] = (refused[code] ?? 0) + 1
    }
    written += BATCH - errors.length
    const { evicted } = await infoOf(redis)
    const isOver = until === 'evicted' ? evicted > 0 : errors.length > 0
    if (!isOver) fit = written
    else if (until === 'refused') break
    else if (end === most) end = Math.ceil(written * (1 + beyondPercent / 100))
  }
  return { fit, written, refused, keys }
}

/** Goes on writing, as applications do: a full server has room again for moments. */
async function hold(redis, holdMs) {
  const end = Date.now() + holdMs
  while (Date.now() < end) {
    const pipeline = redis.pipeline()
    for (let index = 0; index < 20; index += 1)
      pipeline.set(`${binding.prefix}${randomBytes(16).toString('hex')}`, 'x', 'EX', 60)
    await pipeline.exec()
  }
}

const redis = connect()
await redis.connect()
const { opened, failed } = await openIdle(options.connections ?? 0)
const { keys, ...result } = await fill(redis, options)
const info = await infoOf(redis)
if (options.holdMs) await hold(redis, options.holdMs)
process.stdout.write(
  `${JSON.stringify({ ...result, ...info, connections: opened.length, failedConnections: failed })}\n`,
)
// A login of a binding may not list keys, so they are remembered.
for (let index = 0; !options.keep && index < keys.length; index += BATCH)
  await redis.unlink(...keys.slice(index, index + BATCH))
for (const each of [redis, ...opened]) each.disconnect()

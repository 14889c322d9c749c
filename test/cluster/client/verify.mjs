// Counts the acknowledged writes that a store no longer has.
//
//   verify.mjs --log FILE [--binding NAME]
//
// Reads the writer's log and every key in it. A key that is gone has lost each of its acknowledged writes; a key with
// an older value has lost those after it. A newer value is a write whose answer was lost: not a loss.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { readBinding, tlsOptions } from './binding.mjs'

const { values } = parseArgs({ options: { log: { type: 'string' }, binding: { type: 'string' } } })
if (values.log === undefined) throw new Error('Cannot verify: --log is unset, must be the file a writer wrote')
const BATCH = 200

/** Key → the acknowledged writes in order, as [value, time] pairs. */
async function readAcknowledged(file) {
  const writes = new Map()
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = JSON.parse(text)
    if (line.event !== 'acknowledged') continue
    const list = writes.get(line.key)
    if (list) list.push(line)
    else writes.set(line.key, [line])
  }
  return writes
}

const binding = readBinding(values.binding)
const tls = tlsOptions(binding)
const redis = new Redis({ ...binding, ...(tls ? { tls } : {}), connectTimeout: 2000, commandTimeout: 5000 })
redis.on('error', (error) => process.stderr.write(`${error.message}\n`))

const writes = await readAcknowledged(values.log)
const keys = [...writes.keys()]
const lost = []
for (let start = 0; start < keys.length; start += BATCH) {
  const batch = keys.slice(start, start + BATCH)
  const found = await redis.mget(batch)
  for (const [index, key] of batch.entries()) {
    const value = found[index] === null ? -1 : Number(String(found[index]).split(':')[0])
    lost.push(...writes.get(key).filter((write) => write.value > value))
  }
}
redis.disconnect()

const timesMs = lost.map((write) => write.atMs)
const count = lost.length
const firstMs = count === 0 ? null : timesMs.reduce((least, ms) => Math.min(least, ms))
const lastMs = count === 0 ? null : timesMs.reduce((most, ms) => Math.max(most, ms))
const checked = [...writes.values()].reduce((sum, list) => sum + list.length, 0)
const summary = {
  event: 'verified',
  keys: keys.length,
  checked,
  lost: count,
  lostIdle: lost.filter((write) => write.idle).length,
  lostFirstMs: firstMs,
  lostLastMs: lastMs,
  lostSpanMs: count === 0 ? 0 : lastMs - firstMs,
  examples: lost.slice(0, 5).map((write) => write.key),
}
process.stdout.write(`${JSON.stringify(summary)}\n`)

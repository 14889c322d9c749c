// An ordinary program with ioredis: it knows nothing but the uri and the ca.crt of its service binding.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { bindingDir } from './binding.mjs'

const dir = bindingDir(process.argv[2])
const uri = readFileSync(join(dir, 'uri'), 'utf8').trim()
const caFile = join(dir, 'ca.crt')

const client = existsSync(caFile) ? new Redis(uri, { tls: { ca: readFileSync(caFile) } }) : new Redis(uri)
client.on('error', (error) => process.stderr.write(`${error.message}\n`))
const id = `sess:ioredis-${process.pid}-${Date.now()}`
await client.set(id, JSON.stringify({ user: 'ada' }), 'EX', 60)
const session = JSON.parse((await client.get(id)) ?? '{}')
const ttl = await client.ttl(id)
await client.expire(id, 120)
const longer = await client.ttl(id)
await client.del(id)
const gone = await client.get(id)
client.disconnect()
if (session.user !== 'ada' || ttl < 1 || ttl > 60 || longer < 61 || gone !== null) {
  throw new Error(`Cannot use the store: read ${JSON.stringify({ session, ttl, longer, gone })}`)
}
process.stdout.write('OK\n')

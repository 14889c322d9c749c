// An application on a store that it shares: uses a key of its own, and tries another's. Prints how each ended.
//
//   tenant.mjs BINDING KEY-OF-ANOTHER
import { Redis } from 'ioredis'
import { readBinding, tlsOptions } from './binding.mjs'

const [binding, theirs] = [readBinding(process.argv[2]), process.argv[3]]
const { host, port, username, password, prefix } = binding
// The defaults of the library: its ready check sends INFO, which a shared store refuses.
const client = new Redis({ host, port, username, password, tls: tlsOptions(binding) })
client.on('error', (error) => process.stderr.write(`${error.message}\n`))

async function attempt(...command) {
  try {
    return String(await client.call(...command))
  } catch (error) {
    return /^[A-Z]+/.exec(error.message)?.[0] ?? error.message
  }
}

const own = `${prefix}visit`
const results = {
  set: await attempt('set', own, username, 'EX', '600'),
  get: await attempt('get', own),
  theirs: await attempt('get', theirs),
  overwrite: await attempt('set', theirs, 'x'),
  transaction: (await attempt('multi')) && (await attempt('del', theirs)) && (await attempt('exec')),
  scan: await attempt('scan', '0'),
  info: await attempt('info', 'keyspace'),
  dbsize: await attempt('dbsize'),
  clients: await attempt('client', 'list'),
  subscribe: await attempt('subscribe', '__keyevent@0__:expired'),
  select: await attempt('select', '1'),
}
client.disconnect()
process.stdout.write(`${JSON.stringify(results)}\n`)

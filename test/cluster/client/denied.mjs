// Tries what the login of a binding must not do, and prints how each ended: {"flushall":"NOPERM",…}; "OK" is a fault.
//
//   denied.mjs [BINDING]
import { Redis } from 'ioredis'
import { readBinding, tlsOptions } from './binding.mjs'

const binding = readBinding(process.argv[2])
const tls = tlsOptions(binding)
const COMMANDS = [
  ['flushall'],
  ['flushdb'],
  ['keys', '*'],
  ['scan', '0'],
  ['config', 'get', '*'],
  ['acl', 'list'],
  ['replicaof', 'no', 'one'],
  ['shutdown', 'nosave'],
  ['client', 'kill', 'type', 'normal'],
  ['swapdb', '0', '1'],
  ['randomkey'],
  ['dbsize'],
  ['select', '1'],
  ['eval', 'return 1', '0'],
  ['set', 'other:key', '1'],
  ['get', '__ss:meta'],
  ['del', '__ss:meta'],
]

async function attempt(login, command) {
  const redis = new Redis({
    host: binding.host,
    port: binding.port,
    ...login,
    ...(tls ? { tls } : {}),
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  })
  let cause
  redis.on('error', (error) => {
    cause = error
  })
  try {
    await redis.connect()
    await redis.call(...command)
    return 'OK'
  } catch (error) {
    const text = String((cause ?? error).message)
    return /^([A-Z]{4,})\b/.exec(text)?.[1] ?? text.slice(0, 80)
  } finally {
    redis.disconnect()
  }
}

const { username, password } = binding
const results = {}
for (const command of COMMANDS) results[command.join(' ')] = await attempt({ username, password }, command)
results['no login'] = await attempt({}, ['get', `${binding.prefix}x`])
results['default without password'] = await attempt({ username: 'default', password: '' }, ['ping'])
results['wrong password'] = await attempt({ username, password: 'wrong' }, ['ping'])
process.stdout.write(`${JSON.stringify(results)}\n`)

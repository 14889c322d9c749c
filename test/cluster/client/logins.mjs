// Tries the login of a binding at each given server, whatever its role. Prints host → OK or the error's code.
//
//   logins.mjs BINDING HOST...
import { Redis } from 'ioredis'
import { readBinding } from './binding.mjs'

const { port, username, password, ca } = readBinding(process.argv[2])

async function logIn(host) {
  const tls = ca === undefined ? undefined : { ca, servername: host }
  const client = new Redis({
    ...{ host, port, username, password, tls },
    lazyConnect: true,
    connectTimeout: 3000,
    retryStrategy: () => null,
    enableReadyCheck: false,
  })
  let cause
  client.on('error', (error) => {
    cause = error
  })
  try {
    await client.connect()
    return 'OK'
  } catch (error) {
    return /^[A-Z]{4,}/.exec((cause ?? error).message)?.[0] ?? String((cause ?? error).message)
  } finally {
    client.disconnect()
  }
}

const hosts = process.argv.slice(3)
const results = await Promise.all(hosts.map(async (host) => [host, await logIn(host)]))
process.stdout.write(`${JSON.stringify(Object.fromEntries(results))}\n`)

/**
 * Loaded into the built operator by `--import`, so that it runs as in a pod: the name of a primary Service leads to its
 * stand-in, as cluster DNS does, and its ServiceAccount is in `BENCH_SERVICE_ACCOUNT`. Plain JavaScript, as what strips types
 * costs 40 MiB of the memory that is measured; so would the common client that reads a kubeconfig.
 */
import dns from 'node:dns'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename, join } from 'node:path'

const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount'
const { lookup } = dns
const { readFile } = fs.promises

/** As `serviceAddress` of addresses.ts. */
function serviceAddress(store) {
  const index = Number(/(\d+)$/.exec(store)?.[1] ?? 0)
  return `127.${128 + (index >> 8)}.${index & 255}.1`
}

dns.lookup = (...call) => {
  const [host, options] = call
  const store = /^(.+)-primary\.[^.]+\.svc$/.exec(String(host))?.[1]
  if (store === undefined) return lookup(...call)
  const answer = call.at(-1)
  const address = serviceAddress(store)
  return setImmediate(() => (options?.all ? answer(null, [{ address, family: 4 }]) : answer(null, address, 4)))
}

fs.promises.readFile = (path, ...more) => {
  const isMount = String(path).startsWith(SERVICE_ACCOUNT_DIR)
  return readFile(isMount ? join(process.env.BENCH_SERVICE_ACCOUNT, basename(String(path))) : path, ...more)
}
syncBuiltinESMExports()

/** Loaded into the built operator by `--import`: the name of a primary Service leads to its stand-in, as cluster DNS does. */
import dns from 'node:dns'

const lookup = dns.lookup

/** As `serviceAddress` of addresses.ts; plain JavaScript, as what strips types costs 40 MiB of the memory that is measured. */
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

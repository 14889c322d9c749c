// Asks each member's server what it is. Standard input: {"username","password","ca","members":[{"name","host","port"}],"parameters":[]}.
// Prints one JSON object: name → {role, offset, replid, linkUp, upstream, record, minReplicasToWrite, …} or {error}.
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { tlsOptions } from './binding.mjs'

const input = JSON.parse(await text(process.stdin))

async function ask({ host, port }) {
  const tls = tlsOptions({ ca: input.ca, host })
  const redis = new Redis({
    host,
    port,
    username: input.username,
    password: input.password,
    ...(tls ? { tls } : {}),
    lazyConnect: true,
    connectTimeout: 2000,
    disconnectTimeout: 200,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    db: 1,
  })
  let cause
  redis.on('error', (error) => {
    cause = error
  })
  const timer = setTimeout(() => redis.disconnect(), 3000)
  try {
    await redis.connect()
    const [info, role, gate, config, record] = await Promise.all([
      redis.info(),
      redis.role(),
      redis.config('GET', 'min-replicas-*'),
      input.parameters?.length > 0 ? redis.config('GET', ...input.parameters) : [],
      redis.hgetall('__ss:meta').catch((error) => ({ error: error.message })),
    ])
    return { ...factsOf(info), role: role[0], gate: gateOf(gate), config: pairs(config), record }
  } catch (error) {
    return { error: (cause ?? error).message }
  } finally {
    clearTimeout(timer)
    redis.disconnect()
  }
}

/** How many replicas must keep up, and how many seconds they may be behind. */
function gateOf(reply) {
  const of = (name) => reply[reply.indexOf(name) + 1]
  return `${of('min-replicas-to-write')} ${of('min-replicas-max-lag')}`
}

function pairs(list) {
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])))
}

function factsOf(info) {
  const fields = Object.fromEntries(
    info
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  )
  return {
    version: fields.valkey_version ?? fields.redis_version,
    runId: fields.run_id,
    offset: Number(fields.master_repl_offset),
    replid: fields.master_replid,
    linkUp: fields.master_link_status === 'up',
    upstream: fields.master_host === undefined ? null : `${fields.master_host}:${fields.master_port}`,
    replicas: Number(fields.connected_slaves),
    goodReplicas: fields.min_slaves_good_slaves === undefined ? null : Number(fields.min_slaves_good_slaves),
    usedMemoryBytes: Number(fields.used_memory),
    rssBytes: Number(fields.used_memory_rss),
    evictedKeys: Number(fields.evicted_keys),
    maxMemoryBytes: Number(fields.maxmemory),
    eviction: fields.maxmemory_policy,
    clients: Number(fields.connected_clients),
    keys: Number(/keys=(\d+)/.exec(fields.db0 ?? '')?.[1] ?? 0),
  }
}

const answers = await Promise.all(input.members.map(async (member) => [member.name, await ask(member)]))
process.stdout.write(`${JSON.stringify(Object.fromEntries(answers))}\n`)

import { writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { buildGenericUser, renderAclFile } from '../../../src/redis/acl.ts'
import type { CallResult, Connection, Opened } from '../../../src/redis/connection.ts'
import { isList, parsePairs, type Reply } from '../../../src/redis/parse.ts'
import { prepare } from '../../../src/redis/prepare.ts'
import type { AclUser } from '../../../src/redis/types.ts'
import { until } from '../../support/until.ts'
import { SERVER_NAMES, sha256 } from './group.ts'
import { must, type Store, startStore } from './store.ts'

/** As product and docs say it: what `generic` grants on a shared store. */
const GRANTED =
  `get set setex psetex setnx getex getset getdel mget del unlink exists type ttl pttl expire pexpire expireat pexpireat
  hset hget hmget hgetall hdel hexists hincrby incr decr multi exec discard watch unwatch ping hello auth reset quit
  client|setname client|setinfo client|id echo command`.split(/\s+/)

/** What one tenant may try on the sessions of the other, by what ACL LOG records of it. */
const ATTEMPTS: readonly (readonly [recorded: string, ...command: readonly string[]])[] = [
  ['a:web:1', 'GET', 'a:web:1'],
  ['a:web:2', 'MGET', 'b:web:1', 'a:web:2'],
  ['a:web:3', 'SET', 'a:web:3', 'mine'],
  ['a:web:4', 'DEL', 'b:web:1', 'a:web:4'],
  ['a:web:5', 'UNLINK', 'a:web:5'],
  ['a:web:6', 'HGETALL', 'a:web:6'],
  ['a:web:7', 'GETEX', 'a:web:7', 'PERSIST'],
  ['a:web:8', 'EXISTS', 'b:web:1', 'a:web:8'],
  ['a:web:9', 'TTL', 'a:web:9'],
  ['a:web:10', 'TYPE', 'a:web:10'],
  ['a:web:11', 'WATCH', 'a:web:11'],
  ['a:web:12', 'GETDEL', 'a:web:12'],
  ['a:web:13', 'EXPIRE', 'a:web:13', '1'],
  ['__ss:meta', 'HGETALL', '__ss:meta'],
  ['eval', 'EVAL', "return redis.call('GET', 'a:web:1')", '1', 'b:web:1'],
  ['eval_ro', 'EVAL_RO', 'return 1', '0'],
  ['evalsha', 'EVALSHA', '0'.repeat(40), '0'],
  ['script|load', 'SCRIPT', 'LOAD', 'return 1'],
  ['fcall', 'FCALL', 'f', '0'],
  ['function|list', 'FUNCTION', 'LIST'],
  ['scan', 'SCAN', '0', 'MATCH', 'b:web:*'],
  ['randomkey', 'RANDOMKEY'],
  ['dbsize', 'DBSIZE'],
  ['flushdb', 'FLUSHDB'],
  ['flushall', 'FLUSHALL'],
  ['select or 1', 'SELECT', '1'],
  ['swapdb or 1', 'SWAPDB', '0', '1'],
  ['move or 1', 'MOVE', 'b:web:1', '1'],
  ['copy', 'COPY', 'b:web:1', 'b:web:2'],
  ['rename', 'RENAME', 'b:web:1', 'b:web:2'],
  ['sort', 'SORT', 'b:web:1', 'BY', 'nosort', 'GET', 'a:web:*'],
  ['object|encoding', 'OBJECT', 'ENCODING', 'b:web:1'],
  ['memory|usage', 'MEMORY', 'USAGE', 'b:web:1'],
  ['memory|stats', 'MEMORY', 'STATS'],
  ['dump', 'DUMP', 'b:web:1'],
  ['restore', 'RESTORE', 'b:web:9', '0', 'x'],
  ['migrate', 'MIGRATE', '127.0.0.1', '1', 'b:web:1', '0', '1'],
  ['subscribe', 'SUBSCRIBE', '__keyevent@0__:expired'],
  ['psubscribe', 'PSUBSCRIBE', '*'],
  ['publish', 'PUBLISH', 'a', 'x'],
  ['pubsub|channels', 'PUBSUB', 'CHANNELS'],
  ['client|list', 'CLIENT', 'LIST'],
  ['client|info', 'CLIENT', 'INFO'],
  ['client|kill', 'CLIENT', 'KILL', 'USER', 'a.web'],
  ['client|pause', 'CLIENT', 'PAUSE', '1000'],
  ['client|no-evict', 'CLIENT', 'NO-EVICT', 'ON'],
  ['client|tracking', 'CLIENT', 'TRACKING', 'ON', 'BCAST'],
  ['client|unblock', 'CLIENT', 'UNBLOCK', '1'],
  ['info', 'INFO', 'keyspace'],
  ['monitor', 'MONITOR'],
  ['slowlog|get', 'SLOWLOG', 'GET'],
  ['latency|latest', 'LATENCY', 'LATEST'],
  ['config|get', 'CONFIG', 'GET', '*'],
  ['acl|list', 'ACL', 'LIST'],
  ['acl|log', 'ACL', 'LOG'],
  ['acl|whoami', 'ACL', 'WHOAMI'],
  ['acl|setuser', 'ACL', 'SETUSER', 'b.web', '+@all'],
  ['blpop', 'BLPOP', 'b:web:list', '0'],
  ['wait', 'WAIT', '1', '0'],
  ['time', 'TIME'],
  ['role', 'ROLE'],
  ['lastsave', 'LASTSAVE'],
  ['bgsave', 'BGSAVE'],
  ['replicaof', 'REPLICAOF', 'NO', 'ONE'],
  ['psync', 'PSYNC', '?', '-1'],
  ['shutdown', 'SHUTDOWN', 'NOSAVE'],
  ['failover', 'FAILOVER'],
  ['module|list', 'MODULE', 'LIST'],
  ['cluster|info', 'CLUSTER', 'INFO'],
]

for (const server of SERVER_NAMES) {
  describe(`two tenants of a shared store on ${server}`, function () {
    this.timeout(60_000)
    let store: Store
    let a: Connection
    let b: Connection

    before(async () => {
      store = await startStore(server)
      const users = [...store.users, tenant('a'), tenant('b')]
      must(await prepare(store.link(0), { ...store.prepareInput, users, hash: 'h' }))
      a = await login('a')
      b = await login('b')
      for (let i = 1; i <= 13; i += 1) must(await a.call(['SET', `a:web:${i}`, `of a ${i}`]))
      must(await b.call(['SET', 'b:web:1', 'of b']))
    })
    after(() => store?.stop())

    function tenant(namespace: string): AclUser {
      const input = { namespace, binding: 'web', keyPrefix: `${namespace}:web:`, tenancy: 'Shared' } as const
      return buildGenericUser({ ...input, server: store.server, passwordHashes: [sha256(`password of ${namespace}`)] })
    }

    function login(namespace: string): Promise<Connection> {
      const own = { username: `${namespace}.web`, passwords: [`password of ${namespace}`], db: 0 }
      return store.connect(store.member(0), own)
    }

    /** What ACL LOG has of the tenant b, newest first. */
    async function recorded(): Promise<readonly string[]> {
      const log = must(await store.link(0).call(['ACL', 'LOG', '128']))
      const entries = 'value' in log && isList(log.value) ? log.value.map(parsePairs) : []
      return entries.filter((entry) => entry.get('username') === 'b.web').map((entry) => String(entry.get('object')))
    }

    it('have a log that records: the first denied command is in it, alone', async () => {
      must(await store.link(0).call(['ACL', 'LOG', 'RESET']))
      expect(await recorded()).to.deep.equal([])

      expect(await b.call(['KEYS', '*'])).to.deep.include({ ok: false, code: 'NOPERM' })

      expect(await recorded()).to.deep.equal(['keys'])
    })

    it('do not reach each other, and each attempt is recorded', async () => {
      for (const [, ...command] of ATTEMPTS)
        expect(await b.call(command), command.join(' ')).to.deep.include({ ok: false, code: 'NOPERM' })

      const objects = await recorded()
      const missing = ATTEMPTS.filter(([wanted]) => !wanted.split(' or ').some((object) => objects.includes(object)))
      expect(missing).to.deep.equal([])
      for (let i = 1; i <= 13; i += 1)
        expect(await a.call(['GET', `a:web:${i}`])).to.deep.equal({ ok: true, value: `of a ${i}` })
    })

    it('cannot escape by a transaction', async () => {
      const results: readonly CallResult[] = await b.callAll([
        ['MULTI'],
        ['GET', 'b:web:1'],
        ['GET', 'a:web:1'],
        ['EXEC'],
        ['GET', 'b:web:1'],
      ])

      expect(results.map((result) => (result.ok ? result.value : result.code))).to.deep.equal([
        'OK',
        'QUEUED',
        'NOPERM',
        'EXECABORT',
        'of b',
      ])
    })

    it('are asked again when a transaction is executed', async () => {
      const c = await login('b')
      must(await c.call(['MULTI']))
      must(await c.call(['GET', 'b:web:1']))
      must(await store.link(0).call(['ACL', 'SETUSER', 'b.web', 'resetkeys', '~elsewhere:*']))

      const executed = await c.call(['EXEC'])

      const replies = must(executed)
      expect(String('value' in replies && replies.value))
        .to.contain('NOPERM')
        .and.not.contain('of b')
      const users = [...store.users, tenant('a'), tenant('b')]
      must(await prepare(store.link(0), { ...store.prepareInput, users, hash: 'h' }))
    })

    it('cannot become another user', async () => {
      for (const command of [
        ['AUTH', 'a.web', 'guess'],
        ['AUTH', 'password of b'],
        ['HELLO', '3', 'AUTH', 'operator', 'guess'],
      ])
        expect(await b.call(command), command.join(' ')).to.deep.include({ ok: false, code: 'WRONGPASS' })
      const c = await login('b')
      must(await c.call(['RESET']))
      expect(await c.call(['GET', 'b:web:1'])).to.deep.include({ ok: false, code: 'NOAUTH' })
    })

    it('see nothing of another database where the server can forbid it', async () => {
      const shown = must(await store.link(0).call(['ACL', 'GETUSER', 'b.web']))
      const pairs = parsePairs('value' in shown ? shown.value : null)

      const databases = store.server.engine === 'Valkey' ? '0' : 'undefined'
      expect(String(pairs.get('databases')).replace('db=', '')).to.equal(databases)
      expect(String(pairs.get('channels'))).to.equal('')
    })

    it('are granted exactly what is listed, and no other command that the server has', async () => {
      const operator = await store.connect(store.member(0))
      must(await operator.call(['ACL', 'SETUSER', 'root', 'on', '>root', '~*', '&*', '+@all']))
      const root = await store.connect(store.member(0), { username: 'root', passwords: ['root'], db: 0 })
      const commands = must(await root.call(['COMMAND']))
      const leaves = leavesOf('value' in commands ? commands.value : [])
      const dryRuns = await root.callAll(
        leaves.map(({ name, arity }) => {
          const words = name.split('|')
          const missing = Math.max(0, Math.abs(arity) - words.length)
          return ['ACL', 'DRYRUN', 'b.web', ...words, ...Array.from({ length: missing }, () => 'b:web:x')]
        }),
      )
      const answers = dryRuns.map((result) => (result.ok ? String(result.value) : `${result.code} ${result.message}`))

      const granted = leaves.filter((_, i) => answers[i] === 'OK').map(({ name }) => name)
      const unclear = answers.filter(
        (answer) => answer !== 'OK' && !/has no permissions to (run|access database)/.test(answer),
      )
      const known = new Set(leaves.map(({ name }) => name))
      const wanted = GRANTED.filter((name) => known.has(name) || name === 'command')
      const ofCommand = leaves.map(({ name }) => name).filter((name) => name.startsWith('command|'))
      expect(unclear).to.deep.equal([])
      expect(leaves.length).to.be.above(300)
      expect(granted.filter((name) => name !== 'command').sort()).to.deep.equal(
        [...wanted.filter((name) => name !== 'command'), ...ofCommand].sort(),
      )
    })

    it('are gone from a server that was away when they went, before it serves anybody', async () => {
      const away = store.member(2)
      await away.kill('SIGKILL')
      const users = [...store.users, tenant('a')]
      must(await prepare(store.link(0), { ...store.prepareInput, users, hash: 'h' }))
      // The file that the server finds is of before, as a mounted Secret may be.
      await writeFile(store.config.aclFile, renderAclFile([...users, tenant('b')]))
      await away.start()
      const operator = await until(async () => connectionOf(await store.open(away)), {
        what: 'the server to be back',
        deadlineMs: 10_000,
        everyMs: 20,
      })
      const own = { username: 'b.web', passwords: ['password of b'], db: 0 }
      const left = await store.connect(away, own)
      const cut = new Promise((resolve) => left.onClose(resolve))
      expect(await left.call(['GET', 'b:web:1'])).to.deep.include({ ok: false, code: 'MASTERDOWN' })

      const prepared = must(await prepare(operator, { ...store.prepareInput, users, hash: 'h' }))

      expect('changed' in prepared && prepared.changed).to.include('b.web')
      expect(await cut).to.equal('peer')
      expect(await store.open(away, own)).to.deep.include({ ok: false, reason: 'AuthFailed' })
    })
  })
}

function connectionOf(opened: Opened): Connection | undefined {
  return opened.ok ? opened.connection : undefined
}

type Leaf = Readonly<{ name: string; arity: number }>

/** Every command, and of one with subcommands those. */
function leavesOf(commands: Reply): readonly Leaf[] {
  if (!isList(commands)) return []
  return commands.flatMap((entry) => {
    if (!isList(entry)) return []
    const [name, arity] = entry
    const below = leavesOf(entry[9] ?? [])
    return below.length > 0 ? below : [{ name: String(name), arity: Number(arity) }]
  })
}

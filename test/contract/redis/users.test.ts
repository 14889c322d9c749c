import { expect } from 'chai'
import type { Connection } from '../../../src/redis/connection.ts'
import { isList, parsePairs } from '../../../src/redis/parse.ts'
import { prepare } from '../../../src/redis/prepare.ts'
import type { AclUser } from '../../../src/redis/types.ts'
import { SERVER_NAMES, sha256 } from './group.ts'
import { must, type Store, startStore } from './store.ts'

/** What a binding's user may not do; `ACL LOG` names the command, the key, or (Valkey 9.1) the database. */
const DENIED: readonly (readonly [command: readonly string[], object: string])[] = [
  [['GET', 'other:1'], 'other:1'],
  [['SET', '__ss:meta', 'x'], '__ss:meta'],
  [['KEYS', '*'], 'keys'],
  [['SCAN', '0'], 'scan'],
  [['FLUSHALL'], 'flushall'],
  [['FLUSHDB'], 'flushdb'],
  [['CONFIG', 'GET', 'masterauth'], 'config|get'],
  [['SELECT', '1'], 'select or 1'],
  [['EVAL', 'return 1', '0'], 'eval'],
  [['ACL', 'LIST'], 'acl|list'],
  [['SUBSCRIBE', 'news'], 'subscribe'],
  [['RENAME', 'sess:a', 'sess:b'], 'rename'],
  [['PERSIST', 'sess:a'], 'persist'],
  [['MONITOR'], 'monitor'],
  [['REPLICAOF', 'NO', 'ONE'], 'replicaof'],
  [['CLIENT', 'KILL', 'TYPE', 'normal'], 'client|kill'],
  [['SWAPDB', '0', '1'], 'swapdb or 1'],
  [['RANDOMKEY'], 'randomkey'],
  [['DBSIZE'], 'dbsize'],
]

const ALLOWED: readonly (readonly string[])[] = [
  ['SET', 'sess:a', 'x', 'EX', '60'],
  ['GET', 'sess:a'],
  ['EXPIRE', 'sess:a', '30'],
  ['TTL', 'sess:a'],
  ['HSET', 'sess:h', 'a', '1'],
  ['HGETALL', 'sess:h'],
  ['DEL', 'sess:h'],
  ['MULTI'],
  ['EXEC'],
  ['INFO', 'server'],
  ['CLIENT', 'SETNAME', 'app'],
  ['COMMAND', 'COUNT'],
]

for (const name of SERVER_NAMES) {
  describe(`users on ${name}`, function () {
    this.timeout(60_000)
    let store: Store

    before(async () => {
      store = await startStore(name)
    })
    after(() => store?.stop())

    function asApp(password = store.passwords.app): Promise<Connection> {
      return store.connect(store.member(0), { username: 'shop.web', passwords: [password], db: 0 })
    }

    it('denies a binding what is not its own, and ACL LOG records each', async () => {
      const app = await asApp()
      for (const [command] of DENIED) {
        expect(await app.call(command), command.join(' ')).to.deep.include({ ok: false, code: 'NOPERM' })
      }
      const log = await store.link(0).call(['ACL', 'LOG', '128'])
      const entries = log.ok && isList(log.value) ? log.value.map(parsePairs) : []
      const recorded = entries
        .filter((entry) => entry.get('username') === 'shop.web')
        .map((entry) => entry.get('object'))
      const unrecorded = DENIED.filter(
        ([, objects]) => !objects.split(' or ').some((object) => recorded.includes(object)),
      )
      expect(unrecorded).to.deep.equal([])
    })

    it('allows a binding what a session library needs', async () => {
      const app = await asApp()
      for (const command of ALLOWED) expect(await app.call(command), command.join(' ')).to.have.property('ok', true)
    })

    it('lets nobody in without a name', async () => {
      const opened = await store.open(store.member(0), { username: 'default', passwords: [''], db: 0 })
      expect(opened).to.deep.include({ ok: false, reason: 'AuthFailed' })
    })

    it('lets the metrics user read numbers only', async () => {
      const options = { username: 'metrics', passwords: [store.passwords.metrics], db: 0 }
      const metrics = await store.connect(store.member(0), options)
      expect(await metrics.call(['INFO'])).to.have.property('ok', true)
      expect(await metrics.call(['LATENCY', 'LATEST'])).to.have.property('ok', true)
      for (const command of [
        ['GET', 'sess:a'],
        ['CONFIG', 'GET', 'masterauth'],
        ['SLOWLOG', 'GET'],
        ['CLIENT', 'LIST'],
      ]) {
        expect(await metrics.call(command)).to.deep.include({ ok: false, code: 'NOPERM' })
      }
    })

    it('keeps the operator out of the keys of applications', async () => {
      expect(await store.link(0).call(['GET', 'sess:a'])).to.deep.include({ ok: false, code: 'NOPERM' })
      expect(await store.link(0).call(['SAVE'])).to.deep.include({ ok: false, code: 'NOPERM' })
    })

    it('asserts changed users without dropping a connection', async () => {
      const app = await asApp()
      const next = 'the-second-password'
      const users = store.users.map((user) => (user.name === 'shop.web' ? withPassword(user, next) : user))
      const extra: AclUser = { name: 'shop.new', passwordHashes: [sha256('n')], rules: ['~new:*', '+get', '+ping'] }
      const prepared = must(
        await prepare(store.link(0), { ...store.prepareInput, users: [...users, extra], hash: 'h2' }),
      )
      expect(prepared).to.deep.include({ hash: 'h2', changed: ['shop.web', 'shop.new'] })
      expect(await app.call(['PING'])).to.deep.equal({ ok: true, value: 'PONG' })
      expect(await (await asApp(next)).call(['PING'])).to.have.property('ok', true)
    })

    it('deletes users that are not wanted any more, and cuts them', async () => {
      const options = { username: 'shop.new', passwords: ['n'], db: 0 }
      const obsolete = await store.connect(store.member(0), options)
      const cut = new Promise((resolve) => obsolete.onClose(resolve))
      const prepared = must(await prepare(store.link(0), store.prepareInput))
      expect(prepared).to.have.deep.property('changed', ['shop.web', 'shop.new'])
      expect(await cut).to.equal('peer')
      expect(await store.open(store.member(0), options)).to.deep.include({ ok: false, reason: 'AuthFailed' })
    })

    it('asserts settings in whatever form the server shows them', async () => {
      const settings = {
        ...store.prepareInput.settings,
        'notify-keyspace-events': 'KEx$g',
        maxmemory: '70mb',
        'client-output-buffer-limit': 'replica 33mb 16mb 60',
      }
      const first = must(await prepare(store.link(0), { ...store.prepareInput, settings }))
      expect(first)
        .to.have.property('changed')
        .that.has.members(['notify-keyspace-events', 'maxmemory', 'client-output-buffer-limit'])
      expect(await prepare(store.link(0), { ...store.prepareInput, settings })).to.have.deep.property('changed', [])
    })

    it('tells which parameter the server refuses, and no password', async () => {
      const settings = { ...store.prepareInput.settings, 'maxmemory-policy': 'bogus' }
      const refused = await prepare(store.link(0), { ...store.prepareInput, settings })
      expect(refused).to.deep.include({ ok: false, reason: 'ERR' })
      expect(JSON.stringify(refused)).to.include('maxmemory-policy').and.not.include(store.passwords.replication)
    })

    it('does not lock the operator out', async () => {
      const users = store.users.filter((user) => user.name !== 'operator')
      const refused = await prepare(store.link(0), { ...store.prepareInput, users })
      expect(refused).to.deep.include({ ok: false, reason: 'OwnUserMissing' })
    })
  })
}

function withPassword(user: AclUser, password: string): AclUser {
  return { ...user, passwordHashes: [...user.passwordHashes, sha256(password)] }
}

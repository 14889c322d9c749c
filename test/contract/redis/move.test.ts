import { expect } from 'chai'
import type { Connection } from '../../../src/redis/connection.ts'
import { moveTo } from '../../../src/redis/move.ts'
import { readRole } from '../../../src/redis/replication.ts'
import { until } from '../../support/until.ts'
import { SERVER_NAMES } from './group.ts'
import { factsOf, follow, type Store, startStore } from './store.ts'
import { missing, startWriter } from './writer.ts'

for (const name of SERVER_NAMES) {
  describe(`a planned move on ${name}`, function () {
    this.timeout(60_000)
    let store: Store

    before(async () => {
      store = await startStore(name)
    })
    after(() => store?.stop())

    function asApp(ordinal: number): Promise<Connection> {
      return store.connect(store.member(ordinal), { username: 'shop.web', passwords: [store.passwords.app], db: 0 })
    }

    function end(ordinal: number, connection = store.link(ordinal)) {
      return { connection, host: store.member(ordinal).ip, port: store.port }
    }

    it('loses no acknowledged write and cuts the clients of the old primary', async () => {
      const client = await asApp(0)
      const writer = startWriter(client, 'sess:')
      await writer.more(500)
      const moved = await moveTo(end(0), end(1), { timeoutMs: 2000 })
      await writer.stop()
      expect(moved).to.deep.include({ ok: true })
      expect(client.isOpen()).to.equal(false)
      expect(await missing(await asApp(1), writer.acknowledged)).to.deep.equal([])
      expect(moved).to.have.property('tookMs').that.is.lessThan(2000)
      expect(await readRole(store.link(0))).to.have.nested.property('role.role', 'replica')
    })

    it('refuses a target that does not follow the primary', async () => {
      const moved = await moveTo(end(1), { ...end(2), host: '192.0.2.1' }, { timeoutMs: 2000 })
      expect(moved).to.deep.include({ ok: false, reason: 'NotJoined' })
    })

    it('begins nothing when the target hangs', async () => {
      await follow(store, [2], 1)
      await store.member(2).kill('SIGSTOP')
      const moved = await moveTo(end(1), end(2), { timeoutMs: 2000 })
      await store.member(2).kill('SIGCONT')
      expect(moved).to.deep.include({ ok: false, reason: 'TargetSilent' })
      expect((await store.facts(1)).failoverState).to.equal('no-failover')
    })

    it('is called off when the target hangs meanwhile, and the old primary writes again at once', async () => {
      const target = store.link(2)
      const hanging: Connection = {
        ...target,
        call: async (command, options) => {
          const result = await target.call(command, options)
          if (command[0] === 'PING') await store.member(2).kill('SIGSTOP')
          return result
        },
      }
      await until(async () => (await target.call(['PING'])).ok, { what: 's-2', deadlineMs: 3000 })
      const startedMs = performance.now()
      const moved = await moveTo(end(1), end(2, hanging), { timeoutMs: 1000, watchMs: 1500, alignMs: 0 })
      const tookMs = performance.now() - startedMs
      await store.member(2).kill('SIGCONT')
      expect(moved).to.deep.include({ ok: false, reason: 'Aborted' })
      expect(tookMs).to.be.lessThan(3500)
      expect(await (await asApp(1)).call(['SET', 'sess:after', 'x'])).to.deep.include({ ok: true })
      await until(async () => (await factsOf(target)).isLinkUp, { what: 'the link of s-2', deadlineMs: 15_000 })
      expect((await factsOf(store.link(1))).role).to.equal('master')
    })
  })
}

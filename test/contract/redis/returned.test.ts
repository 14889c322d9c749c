import { expect } from 'chai'
import { promote } from '../../../src/redis/promote.ts'
import { awaitReplicaOnline, join, readRole, setConfig } from '../../../src/redis/replication.ts'
import { until } from '../../support/until.ts'
import { SERVER_NAMES } from './group.ts'
import { must, type Store, startStore } from './store.ts'

for (const name of SERVER_NAMES) {
  describe(`a primary that comes back behind its boot guard on ${name} (F1, F20)`, function () {
    this.timeout(60_000)
    let store: Store

    before(async () => {
      store = await startStore(name)
      const app = await store.connect(store.member(0), {
        username: 'shop.web',
        passwords: [store.passwords.app],
        db: 0,
      })
      must(await app.call(['SET', 'sess:kept', 'yes']))
      await store.member(0).kill('SIGKILL')
      await store.member(0).start()
    })
    after(() => store?.stop())

    it('makes its replicas say that they are syncing, though it gives them nothing', async () => {
      const facts = await until(
        async (see) => {
          const seen = await store.facts(1)
          see([seen.isSyncing, seen.isLinkUp])
          return seen.isSyncing ? seen : undefined
        },
        { what: 's-1 to say that it is syncing', deadlineMs: 15_000, everyMs: 5 },
      )

      expect(facts).to.deep.include({ isLinkUp: false, isLoading: false })
      expect(facts.keyCount).to.equal(1)
    })

    it('does not keep such a replica from being promoted with all of its data', async () => {
      must(await setConfig(store.link(1), { 'replica-serve-stale-data': 'yes' }))
      must(await promote(store.link(1), { expectedEpoch: 1, storeUID: 'uid-1' }))
      must(await join(store.link(2), { host: store.member(1).ip, port: store.port }))
      must(await awaitReplicaOnline(store.link(1), { count: 1, timeoutMs: 15_000 }))
      const reader = await store.connect(store.member(1), {
        username: 'shop.web',
        passwords: [store.passwords.app],
        db: 0,
      })

      expect(await readRole(store.link(1))).to.have.nested.property('role.role', 'master')
      expect(await reader.call(['GET', 'sess:kept'])).to.deep.equal({ ok: true, value: 'yes' })
      expect((await store.facts(1)).record).to.deep.include({ epoch: 1, storeUID: 'uid-1' })
    })
  })
}

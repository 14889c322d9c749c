import { expect } from 'chai'
import type { Connection } from '../../../src/redis/connection.ts'
import { promote } from '../../../src/redis/promote.ts'
import { raiseSeq, readRecord, writeRecord } from '../../../src/redis/recordscript.ts'
import {
  awaitReplicaOnline,
  demote,
  fence,
  join,
  openGate,
  readRole,
  restoreServing,
  SHUT_GATE,
  setConfig,
  setQuorum,
  waitReplicas,
} from '../../../src/redis/replication.ts'
import { probeService } from '../../../src/redis/serviceprobe.ts'
import { until } from '../../support/until.ts'
import { SERVER_NAMES } from './group.ts'
import { factsOf, must, RECORD, type Store, startStore } from './store.ts'
import { missing, startWriter } from './writer.ts'

for (const name of SERVER_NAMES) {
  describe(`an unplanned failover on ${name}`, function () {
    this.timeout(60_000)
    let store: Store

    before(async () => {
      store = await startStore(name)
    })
    after(() => store?.stop())

    function asApp(ordinal: number): Promise<Connection> {
      return store.connect(store.member(ordinal), { username: 'shop.web', passwords: [store.passwords.app], db: 0 })
    }

    function upstream(ordinal: number) {
      return { host: store.member(ordinal).ip, port: store.port }
    }

    function probe(ordinal: number) {
      const { ip, host } = store.member(ordinal)
      return probeService({
        address: { host: ip, port: store.port },
        tls: { ca: store.certificates.ca, servername: host },
        username: 'operator',
        passwords: [store.passwords.operator],
        connectTimeoutMs: 1000,
        commandTimeoutMs: 1000,
        clientName: 'probe',
      })
    }

    it('sees a write through the primary succeed, through a replica refused', async () => {
      const { runId } = await store.facts(0)
      expect(await probe(0)).to.deep.equal({ ok: true, runId })
      expect(await probe(1)).to.deep.include({ ok: false, reason: 'READONLY' })
    })

    it('refuses a record and a heartbeat that do not belong to the epoch', async () => {
      const primary = store.link(0)
      expect(await raiseSeq(primary, 1)).to.deep.equal({ ok: true })
      expect(await raiseSeq(primary, 2)).to.deep.include({ ok: false, reason: 'STALE' })
      expect(await raiseSeq(store.link(1), 1)).to.deep.include({ ok: false, reason: 'READONLY' })
      expect(await writeRecord(primary, { ...RECORD, epoch: 0 })).to.deep.include({ ok: false, reason: 'STALE' })
      expect(await writeRecord(primary, { ...RECORD, primary: 's-1' })).to.deep.include({ ok: false, reason: 'STALE' })
      expect(await writeRecord(primary, { ...RECORD, storeUID: 'x' })).to.deep.include({ ok: false, reason: 'FOREIGN' })
    })

    it('fences a primary: its clients are cut, nobody writes any more, old or new', async () => {
      const client = await asApp(0)
      const writer = startWriter(client, 'sess:a')
      await writer.more(100)
      const cut = new Promise((resolve) => client.onClose(resolve))
      expect(await fence(store.link(0))).to.deep.equal({ ok: true })
      expect(await cut).to.equal('peer')
      await writer.stop()
      expect(await (await asApp(0)).call(['SET', 'sess:b', 'x'])).to.deep.include({ ok: false, code: 'NOREPLICAS' })
      expect(await raiseSeq(store.link(0), 1)).to.deep.include({ ok: false, reason: 'NOREPLICAS' })
      expect(await probe(0)).to.deep.include({ ok: false, reason: 'NOREPLICAS' })
    })

    it('refuses to promote a candidate whose record says otherwise, and leaves it a replica', async () => {
      const refusals = [
        await promote(store.link(1), { expectedEpoch: 7 }),
        await promote(store.link(1), { expectedEpoch: 'none' }),
        await promote(store.link(1), { expectedEpoch: 1, storeUID: 'another' }),
      ]
      expect(refusals.map((refusal) => !refusal.ok && refusal.reason)).to.deep.equal([
        'EpochMismatch',
        'RecordExists',
        'ForeignRecord',
      ])
      expect(await readRole(store.link(1))).to.have.nested.property('role.role', 'replica')
    })

    it('promotes a candidate, cut off and serving nothing, and moves the others to it', async () => {
      await store.member(0).kill('SIGSTOP')
      // Repointed to where nobody answers, as a fence does it: the candidate then serves no stale data.
      const nowhere = { host: '127.0.0.1', port: 1 }
      for (const ordinal of [1, 2]) expect(await join(store.link(ordinal), nowhere)).to.deep.equal({ ok: true })
      const hidden = await store.facts(1)
      expect(hidden).to.deep.include({ isRecordHidden: true, isLinkUp: false })
      expect(hidden.record).to.equal(undefined)

      const startedMs = performance.now()
      must(await promote(store.link(1), { expectedEpoch: 1, storeUID: 'uid-1' }))
      const writer = startWriter(await asApp(1), 'sess:early')
      must(await setConfig(store.link(1), { ...SHUT_GATE, 'min-replicas-max-lag': '2' }))
      must(await join(store.link(2), upstream(1)))
      must(await awaitReplicaOnline(store.link(1), { count: 1, timeoutMs: 5000 }))
      const early = writer.acknowledged.length
      const record = { ...RECORD, epoch: 2, primary: 's-1' }
      await until(async () => (await openGate(store.link(1), { w: 1, maxLagSeconds: 2, record })).ok, {
        what: 'w',
        deadlineMs: 3000,
        everyMs: 10,
      })
      await writer.more(10)
      await writer.stop()
      expect(early, 'writes before the record').to.equal(0)
      expect([...writer.errors.keys()], 'what clients were told').to.deep.equal(['NOREPLICAS'])
      must(await waitReplicas(store.link(1), 1, 3000))
      expect(performance.now() - startedMs).to.be.lessThan(2500)
      must(await restoreServing(store.link(1)))
      expect(await readRecord(store.link(2))).to.have.nested.property('record.primary', 's-1')
      expect(await (await asApp(1)).call(['SET', 'sess:c', 'x'])).to.deep.equal({ ok: true, value: 'OK' })
    })

    it('opens no gate for a record that is refused', async () => {
      const stale = { ...RECORD, epoch: 1 }

      const opened = await openGate(store.link(1), { w: 1, maxLagSeconds: 2, record: stale })

      expect(opened).to.deep.include({ ok: false, reason: 'STALE' })
      expect(await (await asApp(1)).call(['SET', 'sess:d', 'x'])).to.deep.include({ ok: false, code: 'NOREPLICAS' })
      must(await setQuorum(store.link(1), 1, 2))
    })

    it('demotes the old primary when it returns: fenced, its losses counted, one of them again', async () => {
      await store.member(0).kill('SIGCONT')
      const old = await store.connect(store.member(0))
      // What it writes while it is cut off: its gate lifted by hand stands for w = 0.
      must(await setQuorum(old, 0, 2))
      const client = await asApp(0)
      const writer = startWriter(client, 'sess:lost')
      await writer.more(50)
      const { secondOffset, replicationId2 } = await store.facts(1)
      const before = await factsOf(old)
      expect(before).to.deep.include({ role: 'master', replicationId: replicationId2 })
      const demoted = must(await demote(old, upstream(1), { promoted: { secondOffset, replicationId2 } }))
      await writer.stop()
      expect(demoted)
        .to.have.property('lostBytes')
        .that.is.greaterThan(50 * 50)
      await until(async () => (await factsOf(old)).isLinkUp, { what: 'the link', deadlineMs: 10_000, everyMs: 20 })
      expect(await missing(await asApp(1), writer.acknowledged)).to.have.lengthOf(writer.acknowledged.length)
      expect(await (await asApp(0)).call(['SET', 'sess:d', 'x'])).to.deep.include({ ok: false, code: 'READONLY' })
    })

    it('joins only replicas', async () => {
      expect(await join(store.link(1), upstream(2))).to.deep.include({ ok: false, reason: 'IsPrimary' })
    })

    it('writes the record though the store is full', async () => {
      const primary = store.link(1)
      must(await setConfig(primary, { maxmemory: '1', 'maxmemory-policy': 'noeviction' }))
      expect(await (await asApp(1)).call(['SET', 'sess:e', 'x'])).to.deep.include({ ok: false, code: 'OOM' })
      must(await raiseSeq(primary, 2))
      must(await writeRecord(primary, { ...RECORD, epoch: 3, primary: 's-1' }))
    })
  })
}

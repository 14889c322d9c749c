import { expect } from 'chai'
import { until } from '../../../hack/processes.ts'
import type { Connection } from '../../../src/redis/connection.ts'
import { prepare } from '../../../src/redis/prepare.ts'
import { probeServer } from '../../../src/redis/probe.ts'
import { promote } from '../../../src/redis/promote.ts'
import { readRecord, writeRecord } from '../../../src/redis/recordscript.ts'
import { awaitReplicaOnline, join, setQuorum, waitReplicas } from '../../../src/redis/replication.ts'
import type { ServerFacts } from '../../../src/redis/types.ts'
import { type Group, SERVER_NAMES, startGroup } from './group.ts'

for (const name of SERVER_NAMES) {
  describe(`a store's servers on ${name}`, function () {
    this.timeout(60_000)
    let group: Group
    let links: readonly Connection[] = []

    before(async () => {
      group = await startGroup(name, 3)
      links = await Promise.all(group.members.map((member) => group.connect(member)))
    })
    after(() => group?.stop())

    async function facts(index: number): Promise<ServerFacts> {
      const result = await probeServer(link(index), { nowMs: Date.now })
      if (!result.ok) throw new Error(`${result.reason} ${result.message}`)
      return result.facts
    }

    function link(index: number): Connection {
      const found = links[index]
      if (!found) throw new Error(`no member ${index}`)
      return found
    }

    it('start as replicas of a closed port and hold nothing', async () => {
      const first = await facts(0)
      expect(first).to.deep.include({ role: 'replica', upstream: { host: '127.0.0.1', port: 1 }, isLinkUp: false })
      expect(first).to.deep.include({
        isRecordHidden: false,
        keyCount: 0,
        preparedHash: '',
        failoverState: 'no-failover',
      })
      expect(first.version.startsWith(group.server.version)).to.equal(true)
      expect(first.runId).to.match(/^[0-9a-f]{40}$/)
    })

    it('are prepared once: the second time nothing is changed', async () => {
      const before = await facts(0)
      const [first] = await Promise.all(links.map((connection) => prepare(connection, group.prepareInput)))
      expect(first).to.deep.equal({ ok: true, runId: before.runId, hash: 'h1', changed: ['masteruser', 'masterauth'] })
      const again = await prepare(link(0), group.prepareInput)
      expect(again).to.deep.equal({ ok: true, runId: before.runId, hash: 'h1', changed: [] })
    })

    it('become a primary with two replicas and a record', async () => {
      expect(await promote(link(0), { expectedEpoch: 'none' })).to.deep.equal({ ok: true })
      expect(await setQuorum(link(0), 1, 2)).to.deep.equal({ ok: true })
      const record = { storeUID: 'uid-1', epoch: 1, n: 3, w: 1, primary: 's-0' }
      const [upstream] = group.members
      expect(await writeRecord(link(0), record)).to.deep.include({ ok: false, reason: 'NOREPLICAS' })
      for (const replica of [1, 2]) {
        expect(await join(link(replica), { host: upstream?.ip ?? '', port: group.port })).to.deep.equal({ ok: true })
      }
      expect(await awaitReplicaOnline(link(0), { count: 2, timeoutMs: 5000 })).to.deep.equal({ ok: true })
      await until('the record to be accepted', async () => (await writeRecord(link(0), record)).ok, { timeoutMs: 3000 })
      expect(await waitReplicas(link(0), 2, 2000)).to.deep.equal({ ok: true })
      const read = await readRecord(link(2))
      expect(read).to.have.property('ok', true)
      const replica = await facts(2)
      expect(replica.record).to.deep.include(record)
      expect(replica).to.deep.include({ isLinkUp: true, keyCount: 0, isRecordHidden: false })
      const primary = await facts(0)
      expect(primary.replicas.map(({ state }) => state)).to.deep.equal(['online', 'online'])
      expect(primary).to.deep.include({ role: 'master', minReplicasToWrite: 1 })
    })
  })
}

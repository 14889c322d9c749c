import { expect } from 'chai'
import { until } from '../../../hack/processes.ts'
import type { Connection } from '../../../src/redis/connection.ts'
import { prepare } from '../../../src/redis/prepare.ts'
import { probeServer } from '../../../src/redis/probe.ts'
import { promote } from '../../../src/redis/promote.ts'
import { readRecord, writeRecord } from '../../../src/redis/recordscript.ts'
import { awaitReplicaOnline, join, setQuorum, waitReplicas } from '../../../src/redis/replication.ts'
import type { ServerFacts } from '../../../src/redis/types.ts'
import { type Group, type Member, SERVER_NAMES, startGroup } from './group.ts'

const SESSIONS = 50
/** How each mode is ended: a log needs no warning, a snapshot is written on a clean stop. */
const ENDS = { AOF: 'SIGKILL', RDB: 'SIGTERM' } as const
const RECORD = { storeUID: 'uid-1', epoch: 1, n: 2, w: 1, primary: 's-0' }

for (const name of SERVER_NAMES) {
  for (const mode of ['AOF', 'RDB'] as const) {
    describe(`servers with ${mode} on ${name}`, function () {
      this.timeout(60_000)
      let group: Group
      const member = (index: number): Member => group.members[index] ?? expect.fail(`no member ${index}`)

      before(async () => {
        group = await startGroup(name, 2, { tls: 'Disabled', persistence: mode })
      })
      after(() => group?.stop())

      async function facts(connection: Connection): Promise<ServerFacts> {
        const result = await probeServer(connection, { nowMs: Date.now })
        return result.ok ? result.facts : expect.fail(`${result.reason} ${result.message}`)
      }

      async function prepared(index: number): Promise<Connection> {
        const connection = await group.connect(member(index))
        expect(await prepare(connection, group.prepareInput)).to.include({ ok: true })
        return connection
      }

      it('hold what they held after all of them ended, behind the same guard as empty ones', async () => {
        const [primary, replica] = await Promise.all([prepared(0), prepared(1)])
        expect(await promote(primary, { expectedEpoch: 'none' })).to.deep.equal({ ok: true })
        expect(await setQuorum(primary, 0, 2)).to.deep.equal({ ok: true })
        expect(await join(replica, { host: member(0).ip, port: group.port })).to.deep.equal({ ok: true })
        expect(await awaitReplicaOnline(primary, { count: 1, timeoutMs: 20_000 })).to.include({ ok: true })
        expect(await writeRecord(primary, RECORD)).to.deep.equal({ ok: true })
        const app = await group.connect(member(0), {
          username: 'shop.web',
          passwords: [group.passwords.app],
          db: 0,
        })
        for (let index = 0; index < SESSIONS; index += 1)
          expect(await app.call(['SET', `sess:${index}`, 'x', 'EX', '3600'])).to.include({ ok: true })
        expect(await waitReplicas(primary, 1, 5000)).to.deep.equal({ ok: true })
        // A replica's log begins anew with each full copy, and is on its disk only once that first rewrite has ended.
        const isWritten = async (): Promise<boolean> =>
          /aof_rewrite_in_progress:0\r?\n/.test(
            String(((await replica.call(['INFO', 'persistence'])) as { value?: unknown }).value),
          )
        await until('the log of the replica to be on its disk', isWritten, { timeoutMs: 20_000, everyMs: 20 })

        await Promise.all([member(0).kill(ENDS[mode]), member(1).kill(ENDS[mode])])
        await Promise.all([member(0).start(), member(1).start()])

        for (const index of [0, 1]) {
          const again = await until('it to answer', async () => await reopened(index), {
            timeoutMs: 20_000,
            everyMs: 50,
          })
          const seen = await until(
            'it to have read its data',
            async () => {
              const now = await facts(again)
              return now.isLoading ? undefined : now
            },
            { timeoutMs: 20_000, everyMs: 50 },
          )
          expect(seen).to.deep.include({ role: 'replica', upstream: { host: '127.0.0.1', port: 1 }, isLinkUp: false })
          expect(seen, member(index).name).to.include({ isRecordHidden: true, keyCount: SESSIONS })
          expect(seen.failedWrites).to.deep.equal([])
        }
      })

      it('show their record when asked to, and the elected one has every session', async () => {
        const again = await prepared(1)
        await again.call(['CONFIG', 'SET', 'replica-serve-stale-data', 'yes'])
        const read = await readRecord(again)
        expect(read.ok && read.record).to.deep.include(RECORD)

        expect(await promote(again, { expectedEpoch: 1, storeUID: RECORD.storeUID })).to.deep.equal({ ok: true })

        expect(await facts(again)).to.include({ role: 'master', keyCount: SESSIONS })
      })

      async function reopened(index: number): Promise<Connection | undefined> {
        const opened = await group.open(member(index))
        return opened.ok ? opened.connection : undefined
      }
    })
  }
}

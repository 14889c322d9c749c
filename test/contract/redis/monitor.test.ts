import { expect } from 'chai'
import { StoreMonitor } from '../../../src/redis/monitor.ts'
import { setQuorum } from '../../../src/redis/replication.ts'
import type { ProbeFacts, ServerFacts } from '../../../src/redis/types.ts'
import { until } from '../../support/until.ts'
import { SERVER_NAMES } from './group.ts'
import { type Store, startStore } from './store.ts'

const TIMES = { intervalMs: 300, probeTimeoutMs: 400, connectTimeoutMs: 400 }

for (const name of SERVER_NAMES) {
  describe(`StoreMonitor on ${name}`, function () {
    this.timeout(60_000)
    let store: Store
    let monitor: StoreMonitor
    let changes = 0

    before(async () => {
      store = await startStore(name)
      monitor = new StoreMonitor(TIMES)
      monitor.onChange(() => {
        changes += 1
      })
      monitor.setTarget(target())
      await monitor.refresh()
    })
    after(async () => {
      monitor?.stop()
      await store?.stop()
    })

    function target() {
      return {
        members: store.members.map(({ name, ip, host }) => ({ name, podUID: `uid-${name}`, ip, host })),
        port: store.port,
        tls: { ca: store.certificates.ca },
        username: 'operator',
        passwords: [store.passwords.operator],
        maxLagSeconds: 2,
      }
    }

    function reached(member: string): ServerFacts {
      const facts = monitor.facts(member)
      if (facts.kind !== 'reached') throw new Error(`${member} is ${JSON.stringify(facts)}`)
      return facts
    }

    function sees(member: string, isSo: (facts: ProbeFacts) => boolean, deadlineMs = 5000): Promise<boolean> {
      return until(
        (see) => {
          see(monitor.facts(member))
          return isSo(monitor.facts(member))
        },
        { what: `${member} to be seen so`, deadlineMs, everyMs: 5 },
      )
    }

    it('reaches every member and holds one connection to each', async () => {
      expect(store.members.map(({ name }) => reached(name).role)).to.deep.equal(['master', 'replica', 'replica'])
      expect(monitor.connection('s-1')?.isOpen()).to.equal(true)
      expect(monitor.isLoggedInWithCurrent('s-1')).to.equal(true)
      expect(monitor.facts('s-9')).to.deep.equal({ kind: 'unknown' })
    })

    it('raises seq once an interval, and tells nobody of it', async () => {
      monitor.setPrimary('s-0', 1)
      const before = reached('s-0').record?.seq ?? 0
      const changesBefore = changes
      await sees('s-2', (facts) => facts.kind === 'reached' && (facts.record?.seq ?? 0) >= before + 4)
      expect(changes - changesBefore).to.equal(0)
    })

    it('knows when the primary was last heard, and that enough replicas are in sync', () => {
      expect(performance.now() - monitor.lastHeardMs('s-0')).to.be.lessThan(2000)
      expect(monitor.degradedSinceMs).to.equal(undefined)
    })

    it('keeps what was prepared for the run id', async () => {
      monitor.recordPrepared('s-1', reached('s-1').runId, 'hash-1')
      await monitor.refresh()
      expect(reached('s-1').preparedHash).to.equal('hash-1')
      monitor.recordPrepared('s-2', 'another run', 'hash-1')
      await monitor.refresh()
      expect(reached('s-2').preparedHash).to.equal('')
    })

    it('gives a stopped server up after the deadlines, and takes it back', async () => {
      await store.member(2).kill('SIGSTOP')
      const startedMs = performance.now()
      await monitor.refresh()
      const tookMs = performance.now() - startedMs
      const facts = monitor.facts('s-2')
      await store.member(2).kill('SIGCONT')
      expect(facts).to.deep.include({ kind: 'unreachable', reason: 'Timeout', isRefusalConfirmed: false })
      expect(tookMs).to.be.lessThan(1300)
      await sees('s-2', ({ kind }) => kind === 'reached')
    })

    it('confirms the refusal of a killed server at once, and sees it come back as another run', async () => {
      const { runId } = reached('s-2')
      const killedMs = performance.now()
      await store.member(2).kill('SIGKILL')
      await sees('s-2', (facts) => facts.kind === 'unreachable' && facts.isRefusalConfirmed, 2000)
      expect(performance.now() - killedMs).to.be.lessThan(800)
      expect(monitor.facts('s-2')).to.deep.include({ reason: 'Refused', lastKnown: { runId, role: 'replica' } })
      await store.member(2).start()
      await sees('s-2', ({ kind }) => kind === 'reached')
      expect(reached('s-2').runId).not.to.equal(runId)
      expect(reached('s-2')).to.deep.include({
        isRecordHidden: false,
        keyCount: 0,
        upstream: { host: '127.0.0.1', port: 1 },
      })
    })

    it('confirms the death of a server that hung before', async () => {
      await store.member(2).kill('SIGSTOP')
      await sees('s-2', (facts) => facts.kind === 'unreachable' && facts.reason === 'Timeout')
      await store.member(2).kill('SIGKILL')
      await sees('s-2', (facts) => facts.kind === 'unreachable' && facts.isRefusalConfirmed)
    })

    it('tells since when the primary lacks replicas', async () => {
      await store.member(1).kill('SIGKILL')
      await sees('s-0', (facts) => facts.kind === 'reached' && facts.replicas.length === 0)
      await until(() => monitor.degradedSinceMs !== undefined, { what: 'degraded', deadlineMs: 1000, everyMs: 10 })
      expect(performance.now() - (monitor.degradedSinceMs ?? 0)).to.be.lessThan(2000)
    })

    it('cuts every other connection of the operator on taking over', async () => {
      const stale = await store.connect(store.member(0))
      const cut = new Promise((resolve) => stale.onClose(resolve))
      const results = await monitor.takeOver()
      expect(results.get('s-0')).to.deep.equal({ ok: true })
      expect(results.get('s-1')).to.deep.include({ ok: false, reason: 'Unreachable' })
      expect(await cut).to.equal('peer')
      expect(await stale.call(['PING'])).to.deep.include({ ok: false, reason: 'Closed' })
      expect(monitor.connection('s-0')?.isOpen()).to.equal(true)
    })

    it('does the same on a member that was away, before anything else', async () => {
      await store.member(1).start()
      const stale = await until(() => store.connect(store.member(1)), { what: 's-1', deadlineMs: 5000, everyMs: 5 })
      const cut = new Promise((resolve) => stale.onClose(resolve))
      await sees('s-1', ({ kind }) => kind === 'reached')
      expect(stale.isOpen() && (await stale.call(['PING'])).ok && (await cut)).to.equal(false)
    })

    it('logs in with a new password while the held connection stays', async () => {
      const next = 'a-new-password-of-the-operator'
      monitor.setTarget({ ...target(), passwords: [next, store.passwords.operator] })
      await monitor.refresh()
      expect(monitor.connection('s-0')?.passwordIndex).to.equal(1)
      expect(monitor.isLoggedInWithCurrent('s-0')).to.equal(false)
      await monitor.connection('s-0')?.call(['ACL', 'SETUSER', 'operator', `>${next}`])
      monitor.recordPrepared('s-0', reached('s-0').runId, 'hash-2')
      await until(() => monitor.isLoggedInWithCurrent('s-0'), { what: 'the new log-in', deadlineMs: 3000, everyMs: 20 })
    })

    it('leaves nothing behind when it is stopped', async () => {
      const own = new StoreMonitor(TIMES)
      const handlesBefore = process.getActiveResourcesInfo().filter((kind) => /TCP|TLS/.test(kind)).length
      own.setTarget(target())
      own.setPrimary('s-0', 1)
      await own.refresh()
      own.stop()
      monitor.stop()
      await setQuorum(store.link(0), 1, 2)
      await until(
        (see) => {
          const handles = process.getActiveResourcesInfo().filter((kind) => /TCP|TLS/.test(kind)).length
          see(`${handles} sockets, ${handlesBefore} before`)
          return handles <= handlesBefore
        },
        { what: 'the sockets to close', deadlineMs: 2000, everyMs: 20 },
      )
    })
  })
}

import { expect } from 'chai'
import type { Connection, ConnectionOptions } from '../../../src/redis/connection.ts'
import { issueCertificates } from './certificates.ts'
import { type Group, type Member, SERVER_NAMES, startGroup } from './group.ts'

for (const name of SERVER_NAMES) {
  describe(`openConnection() on ${name}`, function () {
    this.timeout(60_000)
    let group: Group
    let member: Member

    before(async () => {
      group = await startGroup(name, 1)
      const [first] = group.members
      if (!first) throw new Error('Cannot start a server')
      member = first
    })
    after(() => group?.stop())

    /** Why there is no connection, without the message. */
    async function reason(options: Partial<ConnectionOptions>): Promise<string> {
      const opened = await group.open(member, options)
      if (opened.ok) throw new Error('Cannot test a failure: it connected')
      expect(opened.message).not.to.include(group.passwords.operator)
      return opened.reason
    }

    it('takes the previous password while a rotation is under way', async () => {
      const connection = await group.connect(member, { passwords: ['not yet', group.passwords.operator] })
      expect(connection.passwordIndex).to.equal(1)
    })

    it('tells a wrong password', async () => {
      expect(await reason({ passwords: ['wrong', 'wrong too'] })).to.equal('AuthFailed')
    })

    it('tells a refused connection', async () => {
      expect(await reason({ address: { host: member.ip, port: 1 } })).to.equal('Refused')
    })

    it('tells a name that does not resolve', async () => {
      expect(await reason({ address: { host: 'nowhere.invalid', port: 6379 } })).to.equal('NoAddress')
    })

    it('refuses a certificate with another name', async () => {
      const tls = { ca: group.certificates.ca, servername: 'another.s-nodes.test' }
      expect(await reason({ tls })).to.equal('TLSFailed')
    })

    it('refuses a certificate of another CA', async () => {
      const { ca } = await issueCertificates(['x.test'], [])
      expect(await reason({ tls: { ca, servername: member.host } })).to.equal('TLSFailed')
    })

    it('takes a name with a trailing dot', async () => {
      await group.connect(member, { tls: { ca: group.certificates.ca, servername: `${member.host}.` } })
    })

    it('gives a stopped server no more than its deadline, connecting and asking', async () => {
      const connection = await group.connect(member)
      await member.kill('SIGSTOP')
      const startedMs = performance.now()
      const [opening, asking] = await Promise.all([
        reason({ connectTimeoutMs: 300 }),
        connection.call(['PING'], { timeoutMs: 300 }),
      ])
      const tookMs = performance.now() - startedMs
      await member.kill('SIGCONT')
      expect(opening).to.equal('Timeout')
      expect(asking).to.deep.include({ ok: false, reason: 'Timeout' })
      expect(tookMs).to.be.lessThan(600)
      expect(await connection.call(['ROLE'])).to.have.property('ok', true)
    })

    it('connects without TLS only where the server has none', async () => {
      const plain = await startGroup(name, 1, { tls: 'Disabled' })
      try {
        const [other] = plain.members
        if (!other) throw new Error('Cannot start a server')
        const tls = { ca: group.certificates.ca, servername: other.host }
        // A plain server waits for the rest of what it takes for a command.
        expect(await plain.open(other, { tls, connectTimeoutMs: 300 })).to.have.property('ok', false)
        expect(await (await plain.connect(other)).call(['ROLE'])).to.have.property('ok', true)
      } finally {
        await plain.stop()
      }
    })

    it('is given up by a signal at once', async () => {
      const abort = new AbortController()
      await member.kill('SIGSTOP')
      const startedMs = performance.now()
      const opening = reason({ connectTimeoutMs: 5000, signal: abort.signal })
      setImmediate(() => abort.abort())
      expect(await opening).to.equal('Closed')
      await member.kill('SIGCONT')
      expect(performance.now() - startedMs).to.be.lessThan(500)
    })

    it('hands the replies of a connection closed meanwhile as failures, and says who closed it', async () => {
      const connection = await group.connect(member)
      const other = await group.connect(member)
      const closed = new Promise((resolve) => connection.onClose(resolve))
      await other.call(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
      expect(await closed).to.equal('peer')
      expect(await connection.call(['PING'])).to.deep.include({ ok: false, reason: 'Closed' })
      const ours = new Promise((resolve) => other.onClose(resolve))
      other.close()
      expect(await ours).to.equal('us')
    })

    it('is over with the first reply that says so: who sends while it is open does not send for ever', async () => {
      const other = await group.connect(member)
      let refused = 0
      // The event loop gets no turn from a command that is refused at once.
      async function sendWhileOpen(connection: Connection): Promise<void> {
        while (connection.isOpen() && refused < 1000) {
          if ((await connection.call(['PING'])).ok) return
          refused += 1
        }
      }
      for (let round = 0; round < 10; round += 1) {
        const connection = await group.connect(member)
        const sending: Promise<void>[] = []
        const killed = other.call(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
        while (connection.isOpen()) {
          sending.push(sendWhileOpen(connection))
          await new Promise(setImmediate)
        }
        await Promise.all([killed, ...sending])
        const perConnection = refused
        refused = 0
        expect(perConnection, `commands refused in round ${round}`).to.be.lessThan(1000)
      }
    })
  })
}

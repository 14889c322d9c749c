import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { reloadCertificate } from '../../../src/redis/replication.ts'
import { issueCertificates, type TestCertificates } from './certificates.ts'
import { type Group, type Member, SERVER_NAMES, startGroup } from './group.ts'

for (const name of SERVER_NAMES) {
  describe(`reloadCertificate() on ${name} (F11)`, function () {
    this.timeout(30_000)
    let group: Group
    let member: Member
    let renewed: TestCertificates

    before(async () => {
      group = await startGroup(name, 1)
      const [first] = group.members
      if (!first) throw new Error('Cannot find the member: the group is empty')
      member = first
      renewed = await issueCertificates([member.host], [member.ip])
    })
    after(() => group?.stop())

    function files() {
      const { tls } = group.config
      if (!tls) throw new Error('Cannot reload: the group has no TLS')
      return tls
    }

    it('tells what a connection was presented', async () => {
      const connection = await group.connect(member)

      expect(connection.servedFingerprint).to.equal(new X509Certificate(group.certificates.cert).fingerprint256)
      connection.close()
    })

    it('refuses a pair that does not match, and goes on with the old one', async () => {
      const connection = await group.connect(member)
      await writeFile(files().keyFile, renewed.key)

      const reloaded = await reloadCertificate(connection, files())
      const next = await group.connect(member)

      expect(reloaded.ok).to.equal(false)
      expect(next.servedFingerprint).to.equal(connection.servedFingerprint)
      connection.close()
      next.close()
    })

    it('presents the new one to new connections and keeps the open ones', async () => {
      const connection = await group.connect(member)
      await writeFile(files().certFile, renewed.cert)
      await writeFile(files().caFile, renewed.ca)

      const reloaded = await reloadCertificate(connection, files())
      const next = await group.connect(member, { tls: { ca: renewed.ca, servername: member.host } })
      // The boot guard answers PING with MASTERDOWN.
      const answer = await connection.call(['ROLE'])

      expect(reloaded).to.deep.equal({ ok: true })
      expect(next.servedFingerprint).to.equal(new X509Certificate(renewed.cert).fingerprint256)
      expect(answer.ok).to.equal(true)
      connection.close()
      next.close()
    })
  })
}

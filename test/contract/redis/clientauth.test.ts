import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createAuthority, type IssuedPair, issueClientCertificate } from '../../../src/certificates/authority.ts'
import { type CertificateFiles, reloadCertificate } from '../../../src/redis/replication.ts'
import { issueServerOnly } from '../../support/intermediate.ts'
import { until } from '../../support/until.ts'
import { SERVER_NAMES } from './group.ts'
import { must, type Store, startStore } from './store.ts'

const HOUR_MS = 3_600_000

for (const name of SERVER_NAMES) {
  describe(`client certificates on ${name}`, function () {
    this.timeout(60_000)
    let store: Store
    let dir: string
    let own: IssuedPair
    let client: IssuedPair
    let files: CertificateFiles

    before(async () => {
      store = await startStore(name)
      dir = await mkdtemp(join(tmpdir(), 'sessionstore-clientauth-'))
      const times = { nowMs: Date.now(), validityMs: HOUR_MS }
      const [mine, company] = await Promise.all([
        createAuthority({ commonName: 'own', ...times }),
        createAuthority({ commonName: 'company', ...times }),
      ])
      own = mine
      const dnsNames = store.members.map(({ host }) => host)
      const server = await issueServerOnly(company, { dnsNames, ...times })
      client = await issueClientCertificate({ authority: own, commonName: 'sessionstore', ...times })
      const bundle = [store.certificates.ca, own.certificatePem, company.certificatePem].join('\n')
      const texts = {
        'tls.crt': server.certificatePem,
        'tls.key': server.keyPem,
        'client.crt': client.certificatePem,
        'client.key': client.keyPem,
        'ca-1.crt': bundle,
      }
      for (const [file, text] of Object.entries(texts)) await writeFile(join(dir, file), text)
      files = {
        certFile: join(dir, 'tls.crt'),
        keyFile: join(dir, 'tls.key'),
        caFile: join(dir, 'ca-1.crt'),
        client: { certFile: join(dir, 'client.crt'), keyFile: join(dir, 'client.key') },
        authClients: 'no',
      }
      trusted = { ca: bundle, servername: store.member(0).host }
    })
    after(async () => {
      await store?.stop()
      await rm(dir, { recursive: true, force: true })
    })

    let trusted: Readonly<{ ca: string; servername: string }>

    async function reloadAll(authClients: string): Promise<void> {
      for (const ordinal of [0, 1, 2]) must(await reloadCertificate(store.link(ordinal), { ...files, authClients }))
    }

    /** Cuts the links of the replicas, so that each has to be made anew, and waits for them. */
    async function relink(): Promise<void> {
      await store.link(0).call(['CLIENT', 'KILL', 'TYPE', 'replica'])
      await until(
        async (see) => {
          const { replicas } = await store.facts(0)
          see(replicas)
          return replicas.filter(({ state }) => state === 'online').length === 2
        },
        { what: 'both replicas to be online again', deadlineMs: 20_000, everyMs: 50 },
      )
    }

    it('a server that has not got a bundle yet refuses to read it, and goes on as it was', async () => {
      const before = await store.facts(0)

      const reloaded = await reloadCertificate(store.link(0), { ...files, caFile: join(dir, 'ca-2.crt') })

      expect(reloaded.ok).to.equal(false)
      expect((await store.facts(0)).trustFile).to.equal(before.trustFile)
      await relink()
    })

    it('a server tells by the name of the file which bundle it has read', async () => {
      await reloadAll('no')

      expect(await store.facts(0)).to.include({ trustFile: files.caFile, authClients: 'no' })
      await relink()
    })

    it('takes clients with and without a certificate while it is optional', async () => {
      await reloadAll('optional')

      const without = await store.connect(store.member(0), { tls: trusted })
      const shown = await store.connect(store.member(0), { tls: { ...trusted, client } })

      expect([without.isOpen(), shown.isOpen()]).to.deep.equal([true, true])
      await relink()
    })

    it('refuses a client without one, or with one of a stranger, as soon as it is required, and keeps open connections', async () => {
      const held = await store.connect(store.member(0), { tls: trusted })
      const stranger = await createAuthority({ commonName: 'own', nowMs: Date.now(), validityMs: HOUR_MS })
      const times = { nowMs: Date.now(), validityMs: HOUR_MS }
      const forged = await issueClientCertificate({ authority: stranger, commonName: 'sessionstore', ...times })
      await reloadAll('yes')

      const without = await store.open(store.member(0), { tls: trusted })
      const wrong = await store.open(store.member(0), { tls: { ...trusted, client: forged } })
      const shown = await store.open(store.member(0), { tls: { ...trusted, client } })

      expect([without.ok, wrong.ok, shown.ok]).to.deep.equal([false, false, true])
      expect((await held.call(['PING'])).ok).to.equal(true)
    })

    it('replicates with the client certificate, though what it serves is for servers only', async () => {
      expect(await store.facts(0)).to.include({ authClients: 'yes' })

      await relink()
    })

    it('does not replicate with a certificate that is for servers only', async () => {
      const served = { certFile: files.certFile, keyFile: files.keyFile }
      must(await reloadCertificate(store.link(1), { ...files, client: served, authClients: 'yes' }))
      await store.link(0).call(['CLIENT', 'KILL', 'TYPE', 'replica'])
      await until(async () => (await store.facts(0)).replicas.some(({ state }) => state === 'online'), {
        what: 'the other replica to be online again',
        deadlineMs: 20_000,
        everyMs: 50,
      })

      const { isLinkUp } = await store.facts(1)

      expect(isLinkUp).to.equal(false)
      must(await reloadCertificate(store.link(1), { ...files, authClients: 'yes' }))
      await relink()
    })
  })
}

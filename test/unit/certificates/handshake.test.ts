import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls'
import { expect } from 'chai'
import {
  createAuthority,
  type IssuedPair,
  issueServerCertificate,
  VALIDITY_MS,
} from '../../../src/certificates/authority.ts'
import { serverDnsNames } from '../../../src/certificates/dnsnames.ts'
import { readCertificate } from '../../../src/certificates/read.ts'

const STORE = { name: 'shop', namespace: 'web' }

describe('TLS handshake with issued certificates', () => {
  let authority: IssuedPair
  let served: IssuedPair
  let stranger: IssuedPair
  const server = createServer()

  before(async () => {
    const nowMs = Date.now()
    const ca = { commonName: 'ca', nowMs, validityMs: VALIDITY_MS.authority }
    const leaf = { dnsNames: serverDnsNames(STORE, 'cluster.local'), nowMs, validityMs: VALIDITY_MS.server }
    authority = await createAuthority(ca)
    served = await issueServerCertificate({ ...leaf, authority })
    stranger = await issueServerCertificate({ ...leaf, authority: await createAuthority(ca) })
    server.setSecureContext({ cert: served.certificatePem, key: served.keyPem, ca: authority.certificatePem })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  after(() => {
    server.close()
  })

  /** Connects as a client of the store does and resolves once the server was verified. */
  async function handshake(servername: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const { port } = server.address() as AddressInfo
    const trust = { ca: authority.certificatePem, host: '127.0.0.1', port, servername }
    const socket = connect({ ...trust, ...options })
    await once(socket, 'secureConnect')
    socket.end()
    return socket
  }

  const names = [
    'localhost',
    'shop-primary',
    'shop-primary.web.svc',
    'shop-primary.web.svc.cluster.local',
    'shop-0.shop-nodes.web.svc',
    'shop-8.shop-nodes.web.svc.cluster.local',
  ]
  for (const name of names) {
    it(`the server is who it says under ${name}`, async () => {
      const socket = await handshake(name)

      expect(socket.authorized).to.equal(true)
      expect(socket.getPeerCertificate().fingerprint256).to.equal(readCertificate(served.certificatePem)?.fingerprint)
    })
  }

  for (const name of [
    'shop-primary.other.svc',
    'shop-0.shop-nodes.other.svc.cluster.local',
    'a.b.shop-nodes.web.svc',
  ]) {
    it(`the server is refused under ${name}`, async () => {
      const error = await handshake(name).catch((e: unknown) => e)

      expect(error).to.include({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    })
  }

  it('a CA of the same name with another key does not vouch for the server', async () => {
    const other = await createAuthority({ commonName: 'ca', nowMs: Date.now(), validityMs: VALIDITY_MS.authority })
    const error = await handshake('localhost', { ca: other.certificatePem }).catch((e: unknown) => e)

    expect(error)
      .to.have.property('code')
      .that.matches(/SIGNATURE|ISSUER|SELF_SIGNED/)
  })

  it('old and new CA in one bundle are both trusted', async () => {
    const other = await createAuthority({ commonName: 'ca', nowMs: Date.now(), validityMs: VALIDITY_MS.authority })
    const socket = await handshake('localhost', { ca: other.certificatePem + authority.certificatePem })

    expect(socket.authorized).to.equal(true)
  })

  describe('of a member with its primary', () => {
    const primary = createServer({ requestCert: true })

    before(async () => {
      primary.setSecureContext({ cert: served.certificatePem, key: served.keyPem, ca: authority.certificatePem })
      primary.listen(0, '127.0.0.1')
      await once(primary, 'listening')
    })

    after(() => {
      primary.close()
    })

    it('the served certificate is accepted as a client certificate', async () => {
      const { port } = primary.address() as AddressInfo
      const accepted = once(primary, 'secureConnection')
      await handshake('shop-0.shop-nodes.web.svc', { port, cert: served.certificatePem, key: served.keyPem })
      const [socket] = (await accepted) as [TLSSocket]

      expect(socket.authorized).to.equal(true)
    })

    it('one of another CA is not', async () => {
      const { port } = primary.address() as AddressInfo
      const refused = once(primary, 'tlsClientError')
      const client = handshake('shop-0.shop-nodes.web.svc', {
        port,
        cert: stranger.certificatePem,
        key: stranger.keyPem,
      })
      await client.catch((e: unknown) => e)
      const [error] = (await refused) as [unknown]

      expect(error).to.be.instanceOf(Error)
    })
  })
})

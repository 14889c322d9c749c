import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Access, cachedAccess, inClusterAccess, isInCluster } from '../../../src/kube/auth.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { rejectionOf } from '../../support/kube.ts'

function access(token: string): Access {
  return { server: 'https://a', tls: {}, headers: { authorization: token } }
}

describe('cachedAccess()', () => {
  it('reads again after a minute, or when it is told to', async () => {
    const clock = fakeClock()
    let count = 0
    const source = cachedAccess(async () => access(`token-${++count}`), { clock })
    const tokens: (string | undefined)[] = []
    const note = async (read: Promise<Access>): Promise<void> => {
      tokens.push((await read).headers['authorization'])
    }

    await note(source.current())
    await clock.advance(59_999)
    await note(source.current())
    await clock.advance(1)
    await note(source.current())
    await note(source.refresh())

    expect(tokens).to.deep.equal(['token-1', 'token-1', 'token-2', 'token-3'])
  })

  it('reads once for callers at the same time', async () => {
    let count = 0
    const source = cachedAccess(async () => access(`token-${++count}`))

    await Promise.all([source.current(), source.current(), source.refresh()])

    expect(count).to.equal(1)
  })

  it('keeps the old value when a later read fails, but not without one', async () => {
    let isBroken = true
    const source = cachedAccess(async () => {
      if (isBroken) throw new Error('half a file')
      return access('token')
    })

    const first = await rejectionOf(source.current())
    isBroken = false
    await source.current()
    isBroken = true
    const kept = await source.refresh()

    expect(first).to.have.property('message', 'half a file')
    expect(kept.headers).to.deep.equal({ authorization: 'token' })
  })
})

describe('inClusterAccess()', () => {
  let dir: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'service-account-'))
  })

  afterEach(() => rmSync(dir, { recursive: true }))

  it('reads token and CA, and brackets an IPv6 address', async () => {
    writeFileSync(join(dir, 'token'), 'secret\n')
    writeFileSync(join(dir, 'ca.crt'), 'certificate')
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }

    const got = await inClusterAccess({ dir, env }).current()

    expect(got).to.deep.equal({
      server: 'https://[fd00::1]:443',
      tls: { ca: 'certificate' },
      headers: { authorization: 'Bearer secret' },
    })
  })

  it('refuses an empty token, without telling what is in the files', async () => {
    writeFileSync(join(dir, 'token'), '')
    writeFileSync(join(dir, 'ca.crt'), 'certificate')
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }

    const error = await rejectionOf(inClusterAccess({ dir, env }).current())

    expect(error).to.include({ code: 'InvalidConfig', message: `Cannot read "${join(dir, 'token')}": it is empty` })
  })

  it('says what is missing outside a cluster', () => {
    expect(isInCluster({})).to.equal(false)
    expect(() => inClusterAccess({ env: {} })).to.throw('Cannot find the API server')
  })
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { kubeconfigAccess } from '../../../src/kube/kubeconfig.ts'
import { rejectionOf } from '../../support/kube.ts'

type Parts = Readonly<{ cluster?: Readonly<Record<string, unknown>>; user?: Readonly<Record<string, unknown>> }>

describe('kubeconfigAccess()', () => {
  let dir: string
  let path: string

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
    path = join(dir, 'config')
  })

  afterEach(() => rmSync(dir, { recursive: true }))

  function write({ cluster = {}, user = {} }: Parts): void {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443/', ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'main',
    }
    writeFileSync(path, JSON.stringify(config))
  }

  async function read(parts: Parts) {
    write(parts)
    return (await kubeconfigAccess({ path })).current()
  }

  function encode(text: string): string {
    return Buffer.from(text).toString('base64')
  }

  it('takes certificates from the file and from beside it', async () => {
    writeFileSync(join(dir, 'client.crt'), 'CERT')
    const got = await read({
      cluster: { 'certificate-authority-data': encode('CA'), 'tls-server-name': 'api.internal' },
      user: { 'client-certificate': 'client.crt', 'client-key-data': encode('KEY') },
    })

    expect(got).to.deep.equal({
      server: 'https://api.example:6443',
      tls: { ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'api.internal' },
      headers: {},
    })
  })

  it('takes a token, a password and impersonation', async () => {
    const token = await read({ user: { token: 'abc', as: 'somebody' } })
    const basic = await read({ user: { username: 'a', password: 'b' } })

    expect(token.headers).to.deep.equal({ authorization: 'Bearer abc', 'impersonate-user': 'somebody' })
    expect(basic.headers).to.deep.equal({ authorization: `Basic ${encode('a:b')}` })
  })

  it('asks an exec plugin', async () => {
    const plugin = join(dir, 'plugin')
    const status = { token: 'from-plugin' }
    const answer = JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status })
    writeFileSync(plugin, `#!/bin/sh\necho '${answer}'\n`)
    chmodSync(plugin, 0o700)
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, interactiveMode: 'Never' }

    const got = await read({ user: { exec } })

    expect(got.headers).to.deep.equal({ authorization: 'Bearer from-plugin' })
  })

  const refused: readonly (readonly [name: string, parts: Parts, want: RegExp])[] = [
    [
      'a server that is not verified',
      { cluster: { 'insecure-skip-tls-verify': true } },
      /insecure-skip-tls-verify is true/,
    ],
    ['plain HTTP', { cluster: { server: 'http://api.example' } }, /server has the scheme http:, must be https:/],
    ['a proxy', { cluster: { 'proxy-url': 'http://proxy.example' } }, /proxy-url is set/],
  ]
  for (const [name, parts, want] of refused) {
    it(`refuses ${name}`, async () => {
      const error = await rejectionOf(read(parts))

      expect(error).to.have.property('code', 'InvalidConfig')
      expect(error).to.have.property('message').that.matches(want)
    })
  }

  it('refuses a context that the file does not have', async () => {
    write({})

    const error = await rejectionOf(kubeconfigAccess({ path, context: 'other' }))

    expect(error)
      .to.have.property('message')
      .that.matches(/^Cannot use context "other" of the kubeconfig: its cluster is missing/)
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import type { DesiredObject } from '../../../src/kube/types.ts'
import { type BindingLogin, bindingUri, buildBindingSecret } from '../../../src/resources/bindingsecret.ts'
import {
  buildTlsSecret,
  buildUserSecret,
  encodeBase64,
  encodeSecretData,
  readSecretKey,
} from '../../../src/resources/secrets.ts'
import { bindingOf, SHOP } from './samples.ts'

const LOGIN: BindingLogin = {
  username: 'web.shop',
  password: 'p@ss/w:rd?#[]%',
  keyPrefix: 'sess:',
  tlsMode: 'Required',
  bundlePem: 'bundle',
}

/** The texts of a Secret. */
function textsOf(secret: DesiredObject): Readonly<Record<string, string | undefined>> {
  const data = secret['data'] as Readonly<Record<string, string>>
  return Object.fromEntries(Object.keys(data).map((key) => [key, readSecretKey({ data }, key)]))
}

describe('Secret data', () => {
  it('is base64 of UTF-8, and read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const encoded = encodeBase64(text)

        expect(encoded).to.equal(Buffer.from(text, 'utf8').toString('base64'))
        expect(readSecretKey({ data: { key: encoded } }, 'key')).to.equal(text)
      }),
    )
  })

  it('leaves out what is not there', () => {
    expect(encodeSecretData({ a: 'x', b: undefined })).to.deep.equal({ a: 'eA==' })
  })

  for (const [name, data] of Object.entries({ absent: {}, 'not base64': { key: '*' }, 'not UTF-8': { key: '/w==' } })) {
    it(`a key that is ${name} reads as undefined`, () => {
      expect(readSecretKey({ data }, 'key')).to.equal(undefined)
    })
  }

  it('of a Secret without data reads as undefined', () => {
    expect(readSecretKey({}, 'key')).to.equal(undefined)
  })
})

describe('buildUserSecret()', () => {
  it('carries the login', () => {
    expect(textsOf(buildUserSecret(SHOP, 'metrics', { password: 'new' }))).to.deep.equal({
      username: 'metrics',
      password: 'new',
    })
  })

  it('carries the previous password while a rotation is under way', () => {
    const secret = buildUserSecret(SHOP, 'operator', { password: 'new', previousPassword: 'old' })

    expect(textsOf(secret)).to.include({ password: 'new', 'previous-password': 'old' })
  })
})

describe('buildTlsSecret()', () => {
  it('has the type that checks its keys', () => {
    const pair = { certificatePem: 'c', keyPem: 'k' }
    const secret = buildTlsSecret(SHOP, { pair, bundlePem: 'b', revision: 'r', clientAuth: 'None' })

    expect(secret['type']).to.equal('kubernetes.io/tls')
    expect(secret.metadata.annotations).to.deep.equal({
      'sessionstore.dev/trust-since': '',
      'sessionstore.dev/client-auth': 'None',
    })
    expect(textsOf(secret)).to.deep.equal({ 'tls.crt': 'c', 'tls.key': 'k', 'ca.crt': 'b', 'ca-r.crt': 'b' })
  })

  it('carries what clients present, and how far a change has come', () => {
    const pair = { certificatePem: 'c', keyPem: 'k' }
    const client = { certificatePem: 'cc', keyPem: 'ck' }
    const since = '2026-01-01T00:00:00.000Z'
    const content = { pair, client, bundlePem: 'b', revision: 'r', since, clientAuth: 'Optional' } as const
    const secret = buildTlsSecret(SHOP, content)

    expect(textsOf(secret)).to.include({ 'client.crt': 'cc', 'client.key': 'ck' })
    expect(secret.metadata.annotations).to.deep.equal({
      'sessionstore.dev/trust-since': since,
      'sessionstore.dev/client-auth': 'Optional',
    })
  })
})

describe('buildBindingSecret()', () => {
  it('gives everything an application needs to connect', () => {
    const uri = 'rediss://web.shop:p%40ss%2Fw%3Ard%3F%23%5B%5D%25@shop-primary.web.svc:6379/0'

    expect(textsOf(buildBindingSecret(bindingOf(SHOP), SHOP, LOGIN))).to.deep.equal({
      type: 'redis',
      provider: 'sessionstore',
      host: 'shop-primary.web.svc',
      port: '6379',
      username: 'web.shop',
      password: 'p@ss/w:rd?#[]%',
      uri,
      url: uri,
      certificates: 'bundle',
      'ca.crt': 'bundle',
      database: '0',
      'key-prefix': 'sess:',
    })
  })

  it('lives with the binding and names the Service of the store', () => {
    const binding = { ...bindingOf(SHOP), name: 'cart', namespace: 'apps' }
    const secret = buildBindingSecret(binding, SHOP, LOGIN)

    expect(secret.metadata).to.include({ name: 'cart-session-binding', namespace: 'apps' })
    expect(textsOf(secret)['host']).to.equal('shop-primary.web.svc')
    expect(secret.metadata.ownerReferences?.[0]).to.include({ kind: 'SessionBinding', name: 'cart', uid: binding.uid })
  })

  it('says redis and hands out no certificate where TLS is off', () => {
    const texts = textsOf(buildBindingSecret(bindingOf(SHOP), SHOP, { ...LOGIN, tlsMode: 'Disabled' }))

    expect(texts['uri']).to.match(/^redis:/)
    expect(texts).not.to.have.any.keys('certificates', 'ca.crt')
  })

  it('refuses TLS without a bundle, and does not show the password', () => {
    const build = () => buildBindingSecret(bindingOf(SHOP), SHOP, { ...LOGIN, bundlePem: '' })

    expect(build).to.throw(
      TypeError,
      /^Cannot build Secret "shop-session-binding": bundlePem is empty, must be a CA bundle$/,
    )
  })

  it('any user and password survive the way through a URL', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(word, word, (username, password) => {
        const url = new URL(bindingUri('shop-primary.web.svc', { username, password, tlsMode: 'Required' }))

        expect([url.username, url.password].map(decodeURIComponent)).to.deep.equal([username, password])
        expect(url.host).to.equal('shop-primary.web.svc:6379')
      }),
    )
  })
})

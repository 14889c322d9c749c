import { expect } from 'chai'
import { effectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import type { SessionBinding } from '../../../src/api/v1alpha1/sessionbinding.ts'
import type { SessionStore } from '../../../src/api/v1alpha1/sessionstore.ts'
import { createCaches } from '../../../src/caches.ts'
import { silentLog } from '../../../src/kube/log.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import type { DesiredObject, Secret } from '../../../src/kube/types.ts'
import { buildBindingSecret } from '../../../src/resources/bindingsecret.ts'
import { readBindings } from '../../../src/sessionstore/bindings.ts'
import { hashPassword, readCredentials, readLogin } from '../../../src/sessionstore/credentials.ts'
import { issueMissing } from '../../../src/sessionstore/issue.ts'
import type { CertificateState } from '../../../src/sessionstore/source.ts'

const identity = { name: 's', namespace: 'apps', uid: 'uid-s', apiVersion: 'sessionstore.dev/v1alpha1' }
const store: SessionStore = { apiVersion: identity.apiVersion, kind: 'SessionStore', metadata: identity, spec: {} }
const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2026-01-01T00:00:00Z')
const reader = { list: () => Promise.reject(new Error('unused')), watch: () => Promise.reject(new Error('unused')) }

/** A store's Secrets as they stand after each pass. */
class World {
  readonly caches = createCaches({ client: reader as never, metrics: noMetrics, log: silentLog }).caches
  readonly spec = effectiveSpec({})
  certificate: CertificateState = { kind: 'Own' }
  isSpread = true
  #version = 0

  credentials(spec = this.spec) {
    return readCredentials(this.caches, identity, { spec, bindings: readBindings(this.caches, store) })
  }

  async pass(nowMs = NOW_MS, spec = this.spec): Promise<readonly string[]> {
    const common = { identity, spec, clusterDomain: 'cluster.local', nowMs }
    const { certificate, isSpread } = this
    const issued = await issueMissing({ ...common, credentials: this.credentials(spec), certificate, isSpread })
    for (const { object } of issued) this.put(object)
    return issued.map(({ object, isCreateOnly }) => `${object.metadata.name}${isCreateOnly ? '' : ' over'}`).sort()
  }

  put(object: DesiredObject): void {
    this.#version += 1
    const metadata = { ...object.metadata, resourceVersion: String(this.#version) }
    this.caches.secrets.upsert({ ...object, metadata } as Secret)
  }

  remove(name: string): void {
    const secret = this.caches.secrets.get(`apps/${name}`)
    if (secret) this.caches.secrets.delete(secret)
  }

  break(name: string, data: Readonly<Record<string, string>>): void {
    const secret = this.caches.secrets.get(`apps/${name}`)
    if (secret) this.put({ ...secret, data: { ...secret.data, ...data } } as DesiredObject)
  }
}

async function issuedWorld(): Promise<World> {
  const world = new World()
  await world.pass()
  await world.pass()
  return world
}

describe('issueMissing()', () => {
  it('makes logins and the CA, then the certificate from what was stored, then nothing', async () => {
    const world = new World()

    expect(await world.pass()).to.deep.equal(['s-ca', 's-user-metrics', 's-user-operator', 's-user-replication'])
    expect(await world.pass()).to.deep.equal(['s-tls over'])
    expect(await world.pass()).to.deep.equal([])
  })

  it('makes no certificate without TLS', async () => {
    const world = new World()

    const names = await world.pass(NOW_MS, effectiveSpec({ tls: { mode: 'Disabled' } }))

    expect(names).to.deep.equal(['s-user-metrics', 's-user-operator', 's-user-replication'])
  })

  it('gives each user a password of its own', async () => {
    const { logins } = (await issuedWorld()).credentials()

    expect(new Set(Object.values(logins).map(({ passwords }) => passwords[0])).size).to.equal(3)
  })

  it('gives the operator its password back when its Secret is lost, so that no server refuses it', async () => {
    const world = await issuedWorld()
    const before = world.credentials().logins.operator
    world.remove('s-user-operator')

    expect(await world.pass()).to.deep.equal(['s-user-operator'])

    expect(world.credentials().logins.operator).to.deep.equal(before)
  })

  it('keeps a copy of that password, for stores of older operators too', async () => {
    const world = await issuedWorld()
    const before = world.credentials().logins.replication

    world.break('s-user-replication', { 'operator-password': btoa('another') })

    expect(await world.pass()).to.deep.equal(['s-user-replication over'])
    expect(await world.pass()).to.deep.equal([])
    expect(world.credentials().logins.replication).to.deep.equal(before)
  })

  const broken: readonly [what: string, secret: string, data: Readonly<Record<string, string>>, want: string[]][] = [
    ['an empty password', 's-user-operator', { password: '' }, ['s-user-operator']],
    ['a password that is no base64', 's-user-operator', { password: '%' }, ['s-user-operator']],
    ['a CA without its key', 's-ca', { 'tls.key': '' }, ['s-ca']],
    ['a key of another certificate', 's-tls', { 'tls.key': btoa('x') }, ['s-tls over']],
    ['a bundle that did not sign it', 's-tls', { 'ca.crt': btoa('x') }, ['s-tls over']],
  ]
  for (const [what, secret, data, want] of broken) {
    it(`makes anew what cannot be used: ${what}`, async () => {
      const world = await issuedWorld()

      world.break(secret, data)

      expect(await world.pass()).to.deep.equal(want)
    })
  }

  it('renews the certificate when two thirds of its life are over', async () => {
    const world = await issuedWorld()

    expect(await world.pass(NOW_MS + 59 * DAY_MS)).to.deep.equal([])
    expect(await world.pass(NOW_MS + 61 * DAY_MS)).to.deep.equal(['s-tls over'])
    expect(await world.pass(NOW_MS + 61 * DAY_MS)).to.deep.equal([])
  })
})

describe('readCredentials()', () => {
  function bindingOf(name: string, uid: string): SessionBinding {
    const metadata = { name, namespace: 'apps', uid, resourceVersion: '1' }
    return {
      apiVersion: identity.apiVersion,
      kind: 'SessionBinding',
      metadata,
      spec: { storeRef: { name: 's' }, keyPrefix: `${name}:` },
    }
  }

  function secretOf(name: string, uid: string): DesiredObject {
    return buildBindingSecret({ ...identity, name, uid }, identity, {
      username: `apps.${name}`,
      password: 'secret',
      keyPrefix: `${name}:`,
      tlsMode: 'Disabled',
    })
  }

  it('takes a login for each granted binding that owns its Secret, ordered by name', async () => {
    const world = await issuedWorld()
    for (const name of ['b', 'a', 'c']) world.caches.bindings.upsert(bindingOf(name, `uid-${name}`))
    world.put(secretOf('b', 'uid-b'))
    world.put(secretOf('a', 'uid-a'))
    world.put(secretOf('c', 'uid-of-the-one-before'))

    const { users, boundKeys } = world.credentials()

    expect(boundKeys).to.deep.equal(['apps/a', 'apps/b'])
    expect(users.map(({ name }) => name)).to.deep.equal([
      'default',
      'operator',
      'replication',
      'metrics',
      'apps.a',
      'apps.b',
    ])
    expect(JSON.stringify(users)).to.contain(hashPassword('secret')).and.not.contain('"secret"')
  })

  it('accepts the previous password while it is there', () => {
    const data = { password: btoa('new'), 'previous-password': btoa('old') }

    expect(readLogin({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data })?.passwords).to.deep.equal([
      'new',
      'old',
    ])
  })
})

import { expect } from 'chai'
import { SECRETS } from '../../src/kube/resources.ts'
import { LABELS } from '../../src/resources/labels.ts'
import { getObject } from '../support/cluster/api.ts'
import { BINDING_ROOT, execIn, execJson } from '../support/cluster/client.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { secretEntry } from '../support/cluster/store.ts'

const PROGRAMS = {
  ioredis: ['node', '/client/ioredis.mjs', 'minimal'],
  'node-redis': ['node', '/client/node-redis.mjs', 'minimal'],
  'redis-py': ['python3', '/client/redis_py.py', 'minimal'],
} as const

describe('the binding of a store', function () {
  this.timeout(120_000)
  const store = useSharedStore()

  it('is a Secret as the Service Binding specification wants it', async () => {
    const { namespace } = store().ref

    const secret = await getObject(SECRETS, { namespace, name: 'minimal-session-binding' })

    expect(secret.type).to.equal('servicebinding.io/redis')
    expect(secret.data).to.include.keys('type', 'provider', 'host', 'port', 'username', 'password', 'uri', 'ca.crt')
    expect(secret.metadata.labels).to.have.property(LABELS.store, 'minimal')
    expect(await secretEntry(namespace, 'minimal-session-binding', 'uri')).to.match(/^rediss:\/\//)
  })

  for (const [name, program] of Object.entries(PROGRAMS)) {
    it(`is all that an unchanged program with ${name} needs`, async () => {
      expect((await execIn(store().client, program)).trim()).to.equal('OK')
    })
  }

  it('lets its login do nothing but sessions under its prefix', async () => {
    const results = await execJson<Record<string, string>>(store().client, ['node', '/client/denied.mjs', 'minimal'])

    const { 'no login': anonymous, 'default without password': byDefault, 'wrong password': wrong, ...denied } = results
    expect(anonymous).to.equal('NOAUTH')
    expect([byDefault, wrong]).to.deep.equal(['WRONGPASS', 'WRONGPASS'])
    expect(denied).to.deep.equal(Object.fromEntries(Object.keys(denied).map((command) => [command, 'NOPERM'])))
  })

  it('is refused by a client that expects another name or another authority', async () => {
    const { ref, client } = store()
    const host = `minimal-primary.${ref.namespace}.svc`
    const shake = ['node', '/client/handshake.mjs', '--host', host]
    const ca = ['--ca-file', `${BINDING_ROOT}/minimal/ca.crt`]

    const right = await execJson(client, [...shake, ...ca])
    const wrongName = await execJson(client, [...shake, ...ca, '--name', 'shop-primary.elsewhere.svc'])
    const publicRoots = await execJson(client, shake)

    expect(right).to.deep.equal({ authorized: true })
    expect(wrongName).to.deep.equal({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(publicRoots)
      .to.have.property('code')
      .that.matches(/^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_)/)
  })
})

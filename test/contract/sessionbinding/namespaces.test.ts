import { expect } from 'chai'
import { SESSION_BINDINGS, type SessionBinding } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES } from '../../../src/api/v1alpha1/sessionstore.ts'
import { NAMESPACES, SECRETS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { Secret } from '../../../src/kube/types.ts'
import { ANNOTATIONS, LABELS } from '../../../src/resources/labels.ts'
import { newNamespace, rejectionOf, TEST_MANAGER } from '../../support/kube.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

const selector = { matchLabels: { team: 'web' } }

describe('SessionBindings of other namespaces', function () {
  this.timeout(60_000)
  let stage: Stage
  let web: string
  let other: string

  before(async () => {
    stage = await Stage.open()
    web = await newNamespace(stage.client)
    other = await newNamespace(stage.client)
    stage.others.push(web, other)
    await stage.restart()
    await stage.runningStore('shop', { bindings: { tenancy: 'Shared', from: 'Selector', selector } })
  })

  after(() => stage.close())

  const far = (name = 'shop') => ({ storeRef: { name, namespace: stage.namespace } })
  const users = () => stage.servers.all().map((server) => [...server.users.keys()].filter((name) => name.includes('.')))
  const secretOf = (namespace: string, name: string): Promise<Secret> =>
    stage.client.get(SECRETS, { namespace, name: `${name}-session-binding` })

  async function label(namespace: string, team: string | null): Promise<void> {
    const body = { metadata: { labels: { team } } }
    await stage.client.patch(NAMESPACES, { name: namespace }, { kind: 'merge', body, fieldManager: TEST_MANAGER })
  }

  /** The Secret goes as the garbage collector of a cluster takes it. */
  async function unbind(namespace: string, name: string): Promise<void> {
    await stage.client.delete(SESSION_BINDINGS, { namespace, name })
    await stage.client.delete(SECRETS, { namespace, name: `${name}-session-binding` }).catch(() => undefined)
  }

  async function untilUsers(...names: readonly string[]): Promise<void> {
    await until(
      (see) => {
        see(users())
        return users().every((each) => JSON.stringify(each.sort()) === JSON.stringify([...names].sort()))
      },
      { what: `logins ${names.join(', ')}`, deadlineMs: 10_000 },
    )
  }

  function messagesOf({ status }: SessionBinding): readonly string[] {
    return (status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`)
  }

  it('are told the same of a store that does not admit them and of one that is not there', async () => {
    await stage.createBinding('app', far(), web)
    await stage.createBinding('lost', far('nobody'), web)

    const refused = await stage.awaitBinding('app', 'StoreNotAvailable', web)
    const missing = await stage.awaitBinding('lost', 'StoreNotAvailable', web)

    const renamed = messagesOf(missing).map((message) => message.replace('/nobody"', '/shop"'))
    expect(messagesOf(refused)).to.deep.equal(renamed)
    expect(refused.status).to.have.all.keys('observedGeneration', 'conditions')
    expect(missing.status).to.have.all.keys('observedGeneration', 'conditions')
    expect(await rejectionOf(secretOf(web, 'app'))).to.have.property('code', 'NotFound')
  })

  it('get a login and a Secret of their own once their namespace has the labels', async () => {
    await label(web, 'web')

    const bound = await stage.awaitBinding('app', 'Bound', web)

    const secret = await secretOf(web, 'app')
    expect(bound.status).to.deep.include({ keyPrefix: `${web}:app:`, binding: { name: 'app-session-binding' } })
    expect(secret.type).to.equal('servicebinding.io/redis')
    expect(atob(secret.data?.['host'] ?? '')).to.equal(`shop-primary.${stage.namespace}.svc`)
    expect(atob(secret.data?.['username'] ?? '')).to.equal(`${web}.app`)
    expect(atob(secret.data?.['key-prefix'] ?? '')).to.equal(`${web}:app:`)
    expect(secret.metadata.labels).to.include({ [LABELS.store]: 'shop', [LABELS.storeNamespace]: stage.namespace })
    await untilUsers(`${web}.app`)
    for (const server of stage.servers.all()) {
      expect(server.users.get(`${web}.app`))
        .to.include(`~${web}:app:*`)
        .and.not.include('+info')
    }
    await stage.rig.settle()
  })

  it('lose the login with the labels, keep the Secret, and have both again with them', async () => {
    const before = await secretOf(web, 'app')

    await label(web, null)

    const refused = await stage.awaitBinding('app', 'StoreNotAvailable', web)
    await untilUsers()
    expect(refused.status?.binding).to.equal(undefined)
    const withdrawn = await secretOf(web, 'app')
    expect(withdrawn.metadata.annotations).to.include({ [ANNOTATIONS.login]: 'Withdrawn' })
    expect(withdrawn.data).to.deep.equal(before.data)

    await stage.rig.settle()
    stage.takeRequests()
    stage.rig.wake(`${web}/app`)
    await stage.rig.settle()
    expect(stage.takeRequests()).to.deep.equal([])

    await label(web, 'web')
    await stage.awaitBinding('app', 'Bound', web)
    await untilUsers(`${web}.app`)
    const again = await secretOf(web, 'app')
    expect(again.metadata.annotations).to.not.have.property(ANNOTATIONS.login)
    expect(again.data).to.deep.equal(before.data)
  })

  it('do not learn who has the prefix, and get it when the older one goes', async () => {
    await label(other, 'web')
    await stage.createBinding('taker', { ...far(), keyPrefix: `${web}:` }, other)

    const refused = await stage.awaitBinding('taker', 'PrefixConflict', other)
    expect(conditionOf(refused, 'Stalled')?.message)
      .to.contain('a SessionBinding of another namespace')
      .and.not.contain('"app"')
      .and.not.contain(web)

    await unbind(web, 'app')

    await stage.awaitBinding('taker', 'Bound', other)
    await untilUsers(`${other}.taker`)
  })

  it('go from every member, from one that was away too', async () => {
    const away = stage.servers.get('shop-2')
    away.isDown = true
    stage.rig.runtimes.get('last')?.wake()
    await stage.awaitStore('shop', ({ status }) => status?.members?.[2]?.ready === false, 'to miss a member')

    await unbind(other, 'taker')
    await until(() => !stage.servers.get('shop-0').users.has(`${other}.taker`), { what: 'it', deadlineMs: 10_000 })
    expect(away.users.has(`${other}.taker`)).to.equal(true)

    away.isDown = false
    stage.rig.runtimes.get('last')?.wake()
    await untilUsers()
    await stage.awaitReady('shop')
  })

  it('keep a store from becoming Dedicated, and let nobody new in meanwhile', async () => {
    await stage.createBinding('app', far(), web)
    await stage.createBinding('own', { storeRef: { name: 'shop' } })
    await stage.awaitBinding('app', 'Bound', web)
    expect((await stage.awaitBinding('own', 'Bound')).status?.keyPrefix).to.equal(`${stage.namespace}:own:`)

    await stage.changeStore('shop', { bindings: { tenancy: 'Dedicated', from: 'Same', selector: null } })
    const held = await stage.awaitStore(
      'shop',
      (store) => conditionOf(store, 'Stalled')?.reason === 'TenancyInUse',
      'a refusal',
    )
    expect(conditionOf(held, 'Stalled')?.message).to.contain(`(${web})`)
    expect(conditionOf(held, 'Ready')?.status).to.equal('True')
    expect(held.status?.effective?.bindings).to.deep.equal({ tenancy: 'Shared', from: 'Selector' })
    await stage.createBinding('late', far(), other)
    await stage.awaitBinding('late', 'StoreNotAvailable', other)
    await untilUsers(`${web}.app`, `${stage.namespace}.own`)

    await unbind(web, 'app')

    const freed = await stage.awaitStore(
      'shop',
      (store) => conditionOf(store, 'Stalled')?.status === 'False',
      'to be Dedicated',
    )
    expect(freed.status?.effective?.bindings).to.deep.equal({ tenancy: 'Dedicated', from: 'Same' })
    await untilUsers(`${stage.namespace}.own`, `${stage.namespace}.shop`)
    await stage.rig.settle()
    const set = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(set.metadata.annotations).to.not.have.property(ANNOTATIONS.bindings)
    const own = await stage.client.get(SESSION_BINDINGS, stage.ref('own'))
    expect(own.status?.keyPrefix).to.equal(`${stage.namespace}:own:`)
  })

  it('keep what they have where namespaces cannot be read, and nobody gets anything new', async () => {
    await stage.changeStore('shop', { bindings: { tenancy: 'Shared', from: 'Selector', selector } })
    await stage.createBinding('app', far(), web)
    await stage.awaitBinding('app', 'Bound', web)
    await unbind(other, 'late')
    await stage.rig.settle()

    stage.forbidden.add('Namespace')
    await stage.restart()
    await stage.createBinding('late', far(), other)

    await stage.awaitBinding('late', 'StoreNotAvailable', other)
    await stage.awaitStore(
      'shop',
      (store) => conditionOf(store, 'Stalled')?.reason === 'NamespacesForbidden',
      'a condition',
    )
    expect(users().every((each) => each.includes(`${web}.app`))).to.equal(true)
    const warnings = stage.rig.log.lines.filter(
      ({ message }) => message === 'Kind cannot be watched, its feature is off',
    )
    expect(warnings).to.have.length(1)

    stage.forbidden.clear()
    await stage.restart()
    await stage.awaitBinding('late', 'Bound', other)
    await stage.awaitStore('shop', (store) => conditionOf(store, 'Stalled')?.status === 'False', 'no condition')
  })

  it('end at once when spec.bindings does not admit them any more', async () => {
    await stage.changeStore('shop', { bindings: { tenancy: 'Shared', from: 'Same', selector: null } })

    await stage.awaitBinding('late', 'StoreNotAvailable', other)
    await stage.awaitBinding('app', 'StoreNotAvailable', web)
    await untilUsers(`${stage.namespace}.own`, `${stage.namespace}.shop`)
  })

  it('say so when the store is deleted, and their Secret does', async () => {
    await stage.changeStore('shop', { bindings: { tenancy: 'Shared', from: 'All' } })
    await stage.awaitBinding('app', 'Bound', web)

    await stage.client.delete(SESSION_STORES, stage.ref('shop'))

    const left = await stage.awaitBinding('app', 'StoreNotAvailable', web)
    expect(left.status)
      .to.deep.include({ keyPrefix: `${web}:app:` })
      .and.not.have.property('binding')
    expect((await secretOf(web, 'app')).metadata.annotations).to.include({ [ANNOTATIONS.login]: 'Withdrawn' })
  })
})

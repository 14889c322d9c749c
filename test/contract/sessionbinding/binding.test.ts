import { expect } from 'chai'
import { SESSION_BINDINGS } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SECRETS } from '../../../src/kube/resources.ts'
import type { Secret } from '../../../src/kube/types.ts'
import { LABELS } from '../../../src/resources/labels.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('a SessionBinding', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  const secretOf = (name: string): Promise<Secret> => stage.client.get(SECRETS, stage.ref(`${name}-session-binding`))

  it('waits for a store and is bound when it is there', async () => {
    await stage.createBinding('early', { storeRef: { name: 'shop' }, keyPrefix: 'early:' })
    const waiting = await stage.awaitBinding('early', 'StoreNotAvailable')
    expect(waiting.status?.binding).to.equal(undefined)

    await stage.runningStore('shop')

    const bound = await stage.awaitBinding('early', 'Bound')
    expect(bound.status?.binding).to.deep.equal({ name: 'early-session-binding' })
    expect(stage.servers.get('shop-0').users.has(`${stage.namespace}.early`)).to.equal(true)
    expect((await secretOf('early')).type).to.equal('servicebinding.io/redis')
  })

  it('gets its Secret once, and its login on every server', async () => {
    stage.takeRequests()

    await stage.createBinding('app', { storeRef: { name: 'shop' }, keyPrefix: 'app:' })
    await stage.awaitBinding('app', 'Bound')
    await stage.rig.settle()

    const requests = stage.takeRequests()
    expect(requests.filter((each) => each.includes('app'))).to.deep.equal([
      'create Secret app-session-binding',
      'patch SessionBinding/status app',
      'patch SessionBinding/status app',
    ])
    for (const server of stage.servers.all()) expect(server.users.has(`${stage.namespace}.app`)).to.equal(true)
  })

  it('keeps its password through a restart, a label taken off and a changed value', async () => {
    const before = (await secretOf('app')).data?.['password']
    await stage.restart()
    const unlabel = { metadata: { labels: { [LABELS.managedBy]: null } }, data: { host: 'eA==' } }
    const how = { kind: 'merge', body: unlabel, fieldManager: TEST_MANAGER } as const
    await stage.client.patch(SECRETS, stage.ref('app-session-binding'), how)

    stage.rig.wake(`${stage.namespace}/app`)

    const after = await until(
      async () => {
        const secret = await secretOf('app')
        return secret.metadata.labels?.[LABELS.managedBy] !== undefined && secret
      },
      { what: 'the label', deadlineMs: 10_000 },
    )
    expect(after.data?.['password']).to.equal(before)
    expect(atob(after.data?.['host'] ?? '')).to.equal(`shop-primary.${stage.namespace}.svc`)
  })

  it('gets no login where its prefix overlaps an older one, until that one is gone', async () => {
    await stage.createBinding('second', { storeRef: { name: 'shop' }, keyPrefix: 'app:cart:' })
    const refused = await stage.awaitBinding('second', 'PrefixConflict')
    expect(conditionOf(refused, 'Ready')?.message).to.contain('"app"')
    expect(stage.servers.get('shop-0').users.has(`${stage.namespace}.second`)).to.equal(false)

    await stage.client.delete(SESSION_BINDINGS, stage.ref('app'))

    await stage.awaitBinding('second', 'Bound')
    expect(stage.servers.get('shop-0').users.has(`${stage.namespace}.app`)).to.equal(false)
  })

  it('has its prefix by age, and by name among those of one second, whichever was seen first', async () => {
    const spec = { storeRef: { name: 'shop' }, keyPrefix: 'twin:' }
    await stage.createBinding('zeta', spec)
    await stage.createBinding('alpha', spec)
    const twins = await Promise.all(
      ['zeta', 'alpha'].map((name) => stage.client.get(SESSION_BINDINGS, stage.ref(name))),
    )
    const order = ({ metadata }: (typeof twins)[number]) => `${metadata.creationTimestamp} ${metadata.name}`
    const [first = '', second = ''] = twins
      .sort((a, b) => (order(a) < order(b) ? -1 : 1))
      .map((each) => each.metadata.name)

    await stage.awaitBinding(first, 'Bound')
    await stage.awaitBinding(second, 'PrefixConflict')
    await stage.rig.settle()

    const { users } = stage.servers.get('shop-0')
    expect([first, second].map((name) => users.has(`${stage.namespace}.${name}`))).to.deep.equal([true, false])
  })

  it('leaves a Secret of another owner alone and heals when it goes', async () => {
    const foreign: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        ...stage.ref('taken-session-binding'),
        labels: { [LABELS.managedBy]: 'sessionstore-operator', [LABELS.binding]: 'taken' },
      },
      data: { mine: 'eA==' },
    }
    await stage.client.create(SECRETS, foreign, { fieldManager: TEST_MANAGER })

    await stage.createBinding('taken', { storeRef: { name: 'shop' }, keyPrefix: 'taken:' })
    const binding = await stage.awaitBinding('taken', 'NameConflict')

    expect(binding.status?.binding).to.equal(undefined)
    expect((await secretOf('taken')).data).to.deep.equal({ mine: 'eA==' })
    await stage.client.delete(SECRETS, stage.ref('taken-session-binding'))
    await stage.awaitBinding('taken', 'Bound')
  })

  it('is not ready before the servers of a new store know it', async () => {
    await stage.createStore('late')
    const binding = await stage.awaitBinding('late', 'LoginNotApplied')
    expect(conditionOf(binding, 'Reconciling')).to.include({ status: 'True' })

    await runPods(stage.client, stage.ref('late'))

    await stage.awaitBinding('late', 'Bound')
  })
})

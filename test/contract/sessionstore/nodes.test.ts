import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import { grantOperatorRights, grantReading } from '../../support/grants.ts'
import { type HttpProxy, startHttpProxy } from '../../support/http-proxy.ts'
import { adminAccess, clientWith, newName } from '../../support/kube.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('an operator that may not read Nodes', function () {
  this.timeout(60_000)
  const namespace = newName()
  const user = `${namespace}-operator`
  let proxy: HttpProxy
  let operator: KubeClient
  let stage: Stage
  let revoke: () => Promise<void>

  before(async () => {
    const access = await adminAccess()
    proxy = await startHttpProxy(access)
    // Another user by impersonation: the API server then asks RBAC for that user's rights.
    operator = clientWith({ ...proxy.access, headers: { ...access.headers, 'impersonate-user': user } })
    stage = await Stage.open(namespace, {
      client: operator,
      forbiddenRetryMs: 400,
      prepare: (admin) => grantOperatorRights(admin, { namespace, user, without: 'nodes' }),
    })
  })

  after(async () => {
    await stage.close()
    await operator.close()
    await proxy.close()
  })

  function nodesObserved(reason: string): Promise<unknown> {
    return stage.awaitStore('shop', (each) => conditionOf(each, 'NodesObserved')?.reason === reason, reason)
  }

  function said(): readonly string[] {
    return stage.rig.log.lines.map(({ message }) => message).filter((message) => message.startsWith('Kind '))
  }

  function lists(): number {
    return stage.rig.reads.filter((read) => read === 'list Node').length
  }

  it('runs a store all the same, and the store says what is missing', async () => {
    await stage.runningStore('shop')
    const condition = conditionOf(await stage.store('shop'), 'NodesObserved')

    expect(condition).to.include({ status: 'False', reason: 'NodesNotReadable' })
    expect(condition?.message).to.contain('grant it list and watch on nodes')
  })

  it('asks again at leisure, says so once, and changes nothing else', async () => {
    stage.takeRequests()
    const before = lists()
    await until(() => lists() >= before + 3, { what: 'three more tries', deadlineMs: 20_000 })

    expect(said()).to.deep.equal(['Kind cannot be watched, its feature is off'])
    expect(stage.takeRequests()).to.deep.equal([])
  })

  it('turns the feature on when the right is granted', async () => {
    revoke = await grantReading(stage.client, { user, resource: 'nodes' })
    await nodesObserved('NodesWatched')

    expect(stage.rig.caches.nodes.size).to.be.above(0)
    expect(said()).to.deep.equal(['Kind cannot be watched, its feature is off', 'Kind is watched'])
  })

  it('and off again when the right is taken away: what was known of Nodes is not believed any more', async () => {
    await revoke()
    // A watch that was allowed goes on until it ends.
    await until(
      () => {
        proxy.dropAll()
        return stage.rig.caches.nodes.isUnavailable
      },
      { what: 'the refusal', deadlineMs: 20_000, everyMs: 1_500 },
    )
    await nodesObserved('NodesNotReadable')

    expect(stage.rig.caches.nodes.size).to.equal(0)
    expect(conditionOf(await stage.store('shop'), 'Ready')?.status).to.equal('True')
    expect(said()).to.have.length(3)
  })
})

describe('a Node that the watch has not brought', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open(newName())
  })
  after(async () => await stage.close())

  it('is asked for, and the primary on it is not taken for stopped', async () => {
    await stage.runningStore('shop')
    const { caches, reads } = stage.rig
    const { status } = await stage.store('shop')
    const primary = caches.pods.list().find(({ metadata }) => metadata.name === status?.primary)
    const node = caches.nodes.get(primary?.spec?.nodeName ?? '')
    if (!node) throw new Error('Cannot take a Node from the cache: the primary is on none')
    const lists = (): number => reads.filter((read) => read === 'list Node').length
    const before = lists()

    caches.nodes.delete(node)
    await until(() => lists() > before, { what: 'a look at the API server', deadlineMs: 20_000 })
    await stage.changeStore('shop', { eviction: 'noeviction' })
    await stage.awaitStore('shop', (each) => each.status?.effective?.eviction === 'noeviction', 'the change')

    const { primary: now, epoch } = (await stage.store('shop')).status ?? {}
    expect({ now, epoch }).to.deep.equal({ now: status?.primary, epoch: status?.epoch })
  })
})

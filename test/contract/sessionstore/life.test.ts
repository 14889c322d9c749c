import { expect } from 'chai'
import { SESSION_STORES } from '../../../src/api/v1alpha1/sessionstore.ts'
import { PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import { ANNOTATIONS, JOINED_CONDITION, LABELS } from '../../../src/resources/labels.ts'
import { endPod, runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

const OBJECTS = [
  'ConfigMap shop-config',
  'PodDisruptionBudget shop',
  'Secret shop-ca',
  'Secret shop-session-binding',
  'Secret shop-tls',
  'Secret shop-user-metrics',
  'Secret shop-user-operator',
  'Secret shop-user-replication',
  'Secret shop-users',
  'Service shop-nodes',
  'Service shop-primary',
  'Service shop-replicas',
  'ServiceAccount shop-server',
  'SessionBinding shop',
  'StatefulSet shop',
]

describe('the life of a SessionStore', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  async function restingRequests(): Promise<readonly string[]> {
    stage.rig.wake(`${stage.namespace}/shop`)
    await stage.rig.settle()
    return stage.takeRequests()
  }

  it('begins with one POST for each object, and its status', async () => {
    await stage.createStore('shop')
    await stage.awaitBinding('shop', 'LoginNotApplied')
    await stage.rig.settle()

    const requests = stage.takeRequests()

    expect(requests.filter((each) => each.startsWith('create '))).to.deep.equal(OBJECTS.map((each) => `create ${each}`))
    expect(new Set(requests.filter((each) => !each.startsWith('create ')))).to.deep.equal(
      // The login of the binding joins the users: the first apply over a POST moves the ownership of fields too.
      new Set(['patch Secret shop-users', 'patch SessionBinding/status shop', 'patch SessionStore/status shop']),
    )
    expect(requests.length).to.be.at.most(OBJECTS.length + 3 + 3)
  })

  it('elects a first primary: two labels of status and pod for each member, who takes part, a mark, intent and result', async () => {
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')

    const requests = stage.takeRequests()

    const pods = [0, 1, 2].map((ordinal) => `patch Pod shop-${ordinal}`)
    const gates = [0, 1, 2].map((ordinal) => `patch Pod/status shop-${ordinal}`)
    const writes = [...pods, ...gates, 'patch SessionBinding/status shop', ...Array(2).fill('patch StatefulSet shop')]
    expect(requests.filter((each) => each !== 'patch SessionStore/status shop')).to.deep.equal(writes.sort())
    expect(requests.length - writes.length).to.be.at.most(4)
    const pod = await stage.client.get(PODS, stage.ref('shop-0'))
    expect(pod.metadata.labels).to.include({ [LABELS.role]: 'primary' })
    expect(pod.status?.conditions?.find(({ type }) => type === JOINED_CONDITION)).to.include({ status: 'True' })
    expect((await stage.store('shop')).status).to.deep.include({ primary: 'shop-0', epoch: 1, quorum: { n: 3, w: 1 } })
    expect((await stage.awaitBinding('shop', 'Bound')).status?.binding).to.deep.equal({ name: 'shop-session-binding' })
  })

  it('asks and writes nothing at rest', async () => {
    expect(await restingRequests()).to.deep.equal([])
  })

  it('writes nothing after a restart of the operator', async () => {
    await stage.restart()
    await until(() => stage.rig.runtimes.get('last')?.write.kind === 'succeeded', {
      what: 'the first write through the Service',
      deadlineMs: 10_000,
    })

    expect(await restingRequests()).to.deep.equal([])
    expect(stage.rig.events).to.deep.equal([])
  })

  it('keeps the mark, which another manager wrote, when the StatefulSet is applied', async () => {
    const before = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))

    await stage.changeStore('shop', { capacity: { maxMemory: '256Mi' } })
    await until(
      async () =>
        (await stage.client.get(STATEFUL_SETS, stage.ref('shop'))).metadata.generation !== before.metadata.generation,
      { what: 'the new template', deadlineMs: 10_000 },
    )
    await stage.rig.settle()

    const after = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(after.metadata.annotations?.[ANNOTATIONS.mark]).to.equal(before.metadata.annotations?.[ANNOTATIONS.mark])
    const pod = await stage.client.get(PODS, stage.ref('shop-1'))
    expect(pod.spec?.containers[0]?.resources?.limits).to.deep.include({ memory: '505Mi' })
    expect(pod.metadata.labels).to.include({ [LABELS.role]: 'replica', [LABELS.readable]: 'true' })
    const requests = new Set(stage.takeRequests())
    expect(
      [...requests].filter((each) => !/^patch (ConfigMap|StatefulSet|SessionStore\/status|Pod\/resize) /.test(each)),
    ).to.deep.equal([])
  })

  it('replaces a primary whose pod ended: off the old label, then on the new, and the binding is not touched', async () => {
    await stage.rig.settle()
    stage.takeRequests()

    await endPod(stage.client, stage.servers, stage.ref('shop-0'))
    await stage.awaitStore(
      'shop',
      ({ status }) => (status?.epoch ?? 0) > 1 && status?.operation === undefined,
      'a failover',
    )
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')

    const { status } = await stage.store('shop')
    expect(status?.lastFailover).to.include({ from: 'shop-0', reason: 'PrimaryStopped' })
    expect(status?.primary).to.match(/^shop-[12]$/)
    expect(stage.rig.events.map(({ reason }) => reason)).to.deep.equal(['FailedOver'])
    const pods = (await stage.client.list(PODS, { namespace: stage.namespace })).items
    expect(pods.filter(({ metadata }) => metadata.labels?.[LABELS.role] === 'primary')).to.have.length(1)
    expect(stage.takeRequests().filter((each) => /Secret|Service|ConfigMap|Binding/.test(each))).to.deep.equal([])
  })

  it('ends with its store: the runtime is stopped, and nothing is written but that its login is dead', async () => {
    stage.takeRequests()

    await stage.client.delete(SESSION_STORES, stage.ref('shop'))
    await until(() => stage.rig.runtimes.get('last')?.isStopped, { what: 'the runtime to stop', deadlineMs: 10_000 })
    await stage.rig.settle()

    // Its binding still is there: nobody collects garbage here.
    expect(stage.takeRequests()).to.have.members([
      'patch Secret shop-session-binding',
      'patch SessionBinding/status shop',
    ])
    expect(conditionOf(await stage.awaitBinding('shop', 'StoreNotAvailable'), 'Ready')).to.include({ status: 'False' })
  })

  it('logs no password', async () => {
    const secrets = [...stage.rig.caches.secrets.list()].flatMap(({ data }) => [data?.['password'], data?.['tls.key']])
    const texts = secrets.flatMap((encoded) => (encoded ? [atob(encoded)] : []))

    const told = JSON.stringify([stage.rig.log.lines, stage.rig.events, stage.rig.caches.stores.list()])

    expect(texts.length).to.be.above(3)
    expect(texts.filter((text) => told.includes(text.slice(0, 40)))).to.deep.equal([])
    expect(stage.rig.log.lines.filter(({ level }) => level === 'error')).to.deep.equal([])
  })
})

import { expect } from 'chai'
import { PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { rollOn } from '../../support/sessionstore/roll.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('podTemplate of a SessionStore', function () {
  this.timeout(90_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })

  after(() => stage.close())

  const pods = async (): Promise<readonly Pod[]> =>
    (await stage.client.list(PODS, { namespace: stage.namespace })).items
  const uids = async () => (await pods()).map(({ metadata }) => metadata.uid)
  const change = (podTemplate: object | null) => stage.changeStore('shop', { podTemplate })

  /** Waits for every pod to be as told and the operator to be quiet; gives its requests. */
  async function untilPods(what: string, is: (pod: Pod) => boolean): Promise<readonly string[]> {
    await until(async () => (await pods()).every(is), { what, deadlineMs: 15_000, everyMs: 50 })
    await stage.rig.settle()
    return stage.takeRequests()
  }

  const ofPods = (subresource = ''): readonly string[] =>
    [0, 1, 2].map((ordinal) => `patch Pod${subresource} shop-${ordinal}`)

  it('puts labels and annotations on running pods and into the template, without a restart', async () => {
    const before = await uids()
    stage.takeRequests()

    await change({ metadata: { labels: { team: 'web' }, annotations: { 'example.com/note': 'x' } } })
    const requests = await untilPods('the label', ({ metadata }) => metadata.labels?.['team'] === 'web')

    expect(new Set(requests)).to.deep.equal(
      new Set([...ofPods(), 'patch StatefulSet shop', 'patch SessionStore/status shop']),
    )
    expect(await uids()).to.deep.equal(before)
    for (const { metadata } of await pods()) expect(metadata.annotations).to.include({ 'example.com/note': 'x' })
    const { spec } = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(spec?.template.metadata?.labels).to.include({ team: 'web', 'sessionstore.dev/store': 'shop' })
  })

  it('takes them away again, and nothing that others wrote', async () => {
    const body = { metadata: { labels: { theirs: '1' } } }
    await stage.client.patch(PODS, stage.ref('shop-0'), { kind: 'merge', body, fieldManager: 'somebody' })
    const before = await uids()

    await change({ metadata: null })
    await untilPods('no label', ({ metadata }) => metadata.labels?.['team'] === undefined)

    expect((await stage.client.get(PODS, stage.ref('shop-0'))).metadata.labels).to.include({ theirs: '1' })
    expect(await uids()).to.deep.equal(before)
    const { spec } = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(spec?.template.metadata?.labels).to.not.have.property('team')
  })

  it('changes the CPU of running pods in place', async () => {
    const before = await uids()
    stage.takeRequests()

    await change({ spec: { cpu: { request: '0.1' } } })
    const requests = await untilPods(
      'the request',
      ({ spec }) => spec?.containers[0]?.resources?.requests?.['cpu'] === '100m',
    )

    expect(requests.filter((each) => each.includes('Pod'))).to.deep.equal(ofPods('/resize'))
    expect(await uids()).to.deep.equal(before)
    const { resources } = (await stage.client.get(PODS, stage.ref('shop-0'))).spec?.containers[0] ?? {}
    expect(resources?.limits).to.have.property('memory', resources?.requests?.['memory'])
  })

  it('writes nothing at rest', async () => {
    stage.rig.wake(`${stage.namespace}/shop`)
    await stage.rig.settle()

    expect(stage.takeRequests()).to.deep.equal([])
  })

  it('rolls one pod at a time for where and as whom the pods run', async () => {
    await change({
      metadata: { labels: { team: 'shop' } },
      spec: {
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        securityContext: { runAsUser: 1999, supplementalGroups: [] },
        imagePullSecrets: [{ name: 'registry' }],
        cpu: { request: '100m', limit: '100m' },
      },
    })
    await until(
      async () =>
        (await stage.client.get(STATEFUL_SETS, stage.ref('shop'))).spec?.template.spec?.nodeSelector !== undefined,
      { what: 'the template', deadlineMs: 10_000 },
    )

    expect(await rollOn(stage, 'shop')).to.have.members(['shop-0', 'shop-1', 'shop-2'])
    await stage.awaitReady('shop')
    for (const { metadata, spec } of await pods()) {
      expect(metadata.labels).to.include({ team: 'shop' })
      expect(spec).to.deep.include({ nodeSelector: { 'kubernetes.io/os': 'linux' } })
      expect(spec?.securityContext).to.include({ runAsUser: 1999, runAsNonRoot: true })
    }
  })

  it('that the API server does not take is a condition with its words, and the store serves on', async () => {
    await change({ metadata: { labels: { 'not a label': 'x' } } })
    const store = await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'True', 'a refusal')

    expect(conditionOf(store, 'Stalled')).to.include({ reason: 'InvalidConfig' })
    expect(conditionOf(store, 'Stalled')?.message).to.include('not a label')
    expect(conditionOf(store, 'Ready')?.status).to.equal('True')
    await change({ metadata: { labels: { 'not a label': null } } })
    await stage.awaitStore('shop', (each) => conditionOf(each, 'Stalled')?.status === 'False', 'an end of it')
  })
})

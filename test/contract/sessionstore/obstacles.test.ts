import { expect } from 'chai'
import { CORE_EVENTS, PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('what is in the way of a SessionStore', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })

  after(() => stage.close())

  async function setStatus(name: string, status: object): Promise<void> {
    const change = { kind: 'merge', body: { status }, subresource: 'status', fieldManager: TEST_MANAGER } as const
    await stage.client.patch(PODS, stage.ref(name), change)
  }

  const stalledBy = (name: string, reason: string) =>
    stage.awaitStore(name, (store) => conditionOf(store, 'Stalled')?.reason === reason, reason)

  it('is told as an event when a pod is evicted, once', async () => {
    await stage.runningStore('shop')

    await setStatus('shop-2', { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory. ' })
    const told = () => stage.rig.events.filter(({ reason }) => reason === 'PodEvicted')
    await until(() => told().length > 0, { what: 'the event', deadlineMs: 10_000 })
    await setStatus('shop-2', { message: 'The node was low on resource: memory. And more. ' })
    await stage.rig.settle()

    expect(told().map(({ note }) => note)).to.deep.equal([
      'pod shop-2 was evicted: The node was low on resource: memory',
    ])
  })

  it('is a quota, which only the events of the StatefulSet tell, until the pods are there', async () => {
    await stage.createStore('poor', { replicas: 1 })
    await stage.awaitStore('poor', ({ status }) => status?.selector !== undefined, 'its objects')
    const { metadata } = await stage.client.get(STATEFUL_SETS, stage.ref('poor'))
    const { namespace } = stage
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace, name: 'poor.1' },
      involvedObject: { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name: 'poor', uid: metadata.uid ?? '' },
      type: 'Warning',
      reason: 'FailedCreate',
      message:
        'create Pod poor-0 in StatefulSet poor failed error: pods "poor-0" is forbidden: exceeded quota: team, requested: pods=1, used: pods=7, limited: pods=7',
      lastTimestamp: new Date().toISOString(),
    }
    await stage.client.create(CORE_EVENTS, event as never, { fieldManager: TEST_MANAGER })

    const store = await stalledBy('poor', 'QuotaExceeded')
    await runPods(stage.client, stage.ref('poor'))
    await stage.awaitReady('poor')

    expect(conditionOf(store, 'Stalled')?.message).to.contain('ResourceQuota "team" has no room for pod "poor-0"')
    expect(conditionOf(await stage.store('poor'), 'Stalled')?.status).to.equal('False')
  })

  it('is a Node that is large enough: a pod that found none is made anew when it asks for less', async () => {
    await stage.createStore('huge', { replicas: 1, capacity: { maxMemory: '900Gi' } })
    const ref = stage.ref('huge')
    const set = await until(() => stage.client.get(STATEFUL_SETS, ref), { what: 'StatefulSet', deadlineMs: 10_000 })
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...stage.ref('huge-0'),
        labels: set.spec?.template.metadata?.labels,
        annotations: set.spec?.template.metadata?.annotations,
        ownerReferences: [
          { apiVersion: set.apiVersion, kind: set.kind, name: 'huge', uid: set.metadata.uid, controller: true },
        ],
      },
      spec: set.spec?.template.spec,
    } as unknown as Pod
    const { metadata } = await stage.client.create(PODS, pod, { fieldManager: TEST_MANAGER })
    const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }
    const lastTransitionTime = new Date(Date.now() - 60_000).toISOString()
    const message = '0/4 nodes are available: 1 node(s) were unschedulable, 3 Insufficient memory. preemption: none'
    await setStatus('huge-0', { phase: 'Pending', conditions: [{ ...unschedulable, message, lastTransitionTime }] })
    const store = await stalledBy('huge', 'Unschedulable')

    await stage.changeStore('huge', { capacity: null })
    await until(
      async () => {
        const observed = (await stage.client.get(STATEFUL_SETS, ref)).metadata.generation
        const body = { status: { observedGeneration: observed, replicas: 1 } }
        const change = { kind: 'merge', body, subresource: 'status', fieldManager: TEST_MANAGER } as const
        await stage.client.patch(STATEFUL_SETS, ref, change)
        const { items } = await stage.client.list(PODS, { namespace: stage.namespace })
        return items.every((each) => each.metadata.uid !== metadata.uid)
      },
      { what: 'the pod to be removed', deadlineMs: 20_000 },
    )

    expect(conditionOf(store, 'Stalled')?.message).to.contain('Insufficient memory, node(s) were unschedulable')
  })
})

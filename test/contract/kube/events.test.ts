import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { EventRecord } from '../../../src/kube/event-object.ts'
import { EventRecorder } from '../../../src/kube/events.ts'
import { type KubeMetrics, noMetrics } from '../../../src/kube/metrics.ts'
import { CONFIG_MAPS, EVENTS, type KubeEvent, NAMESPACES } from '../../../src/kube/resources.ts'
import type { ConfigMap } from '../../../src/kube/types.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { adminClient, configMap, newNamespace, TEST_MANAGER } from '../../support/kube.ts'
import { until } from '../../support/until.ts'

const fieldManager = TEST_MANAGER

describe('EventRecorder against a real API server', () => {
  let client: KubeClient
  let namespace: string
  let regarding: ConfigMap

  before(async () => {
    client = await adminClient()
    namespace = await newNamespace(client)
    regarding = await client.create(CONFIG_MAPS, configMap({ namespace, name: 'subject' }), { fieldManager })
  })

  after(() => client.close())

  function record(fields: Partial<EventRecord> = {}): EventRecord {
    return { regarding, type: 'Normal', reason: 'Tested', action: 'Test', note: 'it works', ...fields }
  }

  /** A recorder on the wall clock of the server, whose intervals only pass when the test moves them. */
  function setup(metrics: KubeMetrics = noMetrics) {
    const clock = fakeClock()
    const offsetMs = Date.now() - clock.nowMs()
    const recorder = new EventRecorder({
      client,
      controller: 'sessionstore.dev/operator',
      instance: 'operator-0',
      fieldManager,
      clock: { ...clock, nowMs: () => clock.nowMs() + offsetMs },
      metrics,
    })
    return { recorder, clock }
  }

  async function eventsOf(reason: string): Promise<readonly KubeEvent[]> {
    const { items } = await client.list(EVENTS, { namespace })
    return items.filter((event) => event.reason === reason)
  }

  it('writes an event that kubectl describe finds by the object', async () => {
    const { recorder } = setup()
    recorder.record(record({ reason: 'Created' }))
    await recorder.close()

    const fieldSelector = `regarding.uid=${regarding.metadata.uid},reason=Created`
    const { items } = await client.list(EVENTS, { namespace, fieldSelector })

    expect(items).to.have.length(1)
    expect(items[0]).to.deep.include({
      action: 'Test',
      note: 'it works',
      type: 'Normal',
      reportingController: 'sessionstore.dev/operator',
      reportingInstance: 'operator-0',
    })
  })

  it('makes a series of repetitions, in one object', async () => {
    const { recorder, clock } = setup()
    for (let repeat = 0; repeat < 30; repeat++) recorder.record(record({ reason: 'Repeated' }))
    const created = async () => (await eventsOf('Repeated')).length === 1
    await until(created, { what: 'the event', deadlineMs: 5_000, everyMs: 20 })
    await clock.advance(10_000)
    const [event] = await until(
      async () => {
        const events = await eventsOf('Repeated')
        return events[0]?.series && events
      },
      { what: 'the series', deadlineMs: 5_000, everyMs: 20 },
    )
    await recorder.close()

    expect(event?.series?.count).to.equal(30)
    expect(await eventsOf('Repeated')).to.have.length(1)
  })

  it('goes on with the series when the first event has expired', async () => {
    const { recorder } = setup()
    recorder.record(record({ reason: 'Expired' }))
    const [first] = await until(
      async () => {
        const events = await eventsOf('Expired')
        return events.length > 0 && events
      },
      { what: 'the event', deadlineMs: 5_000, everyMs: 20 },
    )
    await client.delete(EVENTS, { namespace, name: first?.metadata.name ?? '' })
    recorder.record(record({ reason: 'Expired' }))
    await recorder.close()

    expect((await eventsOf('Expired')).map(({ series }) => series?.count)).to.deep.equal([2])
  })

  it('writes an event about a cluster-scoped object', async () => {
    const { recorder } = setup()
    const node = await client.get(NAMESPACES, { name: namespace })
    recorder.record(record({ regarding: node, reason: 'Cluster' }))
    await recorder.close()

    const { items } = await client.list(EVENTS, { namespace: 'default', fieldSelector: 'reason=Cluster' })

    expect(items.map((event) => event.regarding?.name)).to.include(namespace)
  })

  it('passes the validation with a note and a name of the greatest length', async () => {
    const outcomes: string[] = []
    const { recorder } = setup({ ...noMetrics, event: (outcome) => outcomes.push(outcome) })
    const name = `${'a'.repeat(219)}.${'b'.repeat(33)}`
    recorder.record(record({ note: 'ä'.repeat(3_000), reason: 'Long' }))
    recorder.record(record({ regarding: { ...regarding, metadata: { ...regarding.metadata, name } }, reason: 'Long' }))
    await recorder.close()

    expect(outcomes).to.deep.equal(['sent', 'sent'])
  })

  it('is not stopped by a namespace that is gone', async () => {
    const outcomes: string[] = []
    const { recorder } = setup({ ...noMetrics, event: (outcome) => outcomes.push(outcome) })
    const metadata = { ...regarding.metadata, namespace: 'never-there' }
    recorder.record(record({ regarding: { ...regarding, metadata }, reason: 'Gone' }))
    recorder.record(record({ reason: 'AfterGone' }))
    await recorder.close()

    expect(outcomes).to.deep.equal(['failed', 'sent'])
    expect(await eventsOf('AfterGone')).to.have.length(1)
  })
})

import { expect } from 'chai'
import { OperatorError } from '../../../src/kube/errors.ts'
import type { EventRecord } from '../../../src/kube/event-object.ts'
import { type EventClient, EventRecorder } from '../../../src/kube/events.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import type { KubeEvent } from '../../../src/kube/resources.ts'
import { fakeClock } from '../../support/fake-clock.ts'

type Sent = Readonly<{ verb: 'create' | 'patch'; name: string; body: Partial<KubeEvent> }>

/** A recorder, and the requests that it sent; each request first takes an error from `errors`. */
function setup(errors: Error[] = []) {
  const sent: Sent[] = []
  const clock = fakeClock()
  function answer(request: Sent): Promise<KubeEvent> {
    sent.push(request)
    const error = errors.shift()
    return error ? Promise.reject(error) : Promise.resolve(request.body as KubeEvent)
  }
  const client: EventClient = {
    create: (_, event) => answer({ verb: 'create', name: event.metadata.name, body: event }),
    patch: (_, { name }, { body }) => answer({ verb: 'patch', name, body: body as Partial<KubeEvent> }),
  }
  const outcomes: string[] = []
  const recorder = new EventRecorder({
    client,
    clock,
    controller: 'sessionstore.dev/operator',
    instance: 'operator-0',
    fieldManager: 'test',
    random: () => 0,
    metrics: { ...noMetrics, event: (outcome) => outcomes.push(outcome) },
  })
  return { recorder, sent, clock, outcomes }
}

function record(fields: Partial<EventRecord> = {}): EventRecord {
  return {
    regarding: {
      apiVersion: 'sessionstore.dev/v1alpha1',
      kind: 'SessionStore',
      metadata: { name: 'main', namespace: 'shop', uid: 'u1', resourceVersion: '7' },
    },
    type: 'Warning',
    reason: 'FailedOver',
    action: 'Promote',
    note: 'main-1 is primary now',
    ...fields,
  }
}

function about(name: string): EventRecord {
  const { regarding } = record()
  return record({ regarding: { ...regarding, metadata: { ...regarding.metadata, name } } })
}

describe('EventRecorder', () => {
  it('creates an events.k8s.io/v1 event', async () => {
    const { recorder, sent, clock } = setup()
    recorder.record(record())
    await clock.advance(0)

    expect(sent).to.have.length(1)
    expect(sent[0]?.body).to.deep.equal({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'shop', name: `main.${clock.nowMs().toString(16)}00000000` },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'sessionstore.dev/operator',
      reportingInstance: 'operator-0',
      type: 'Warning',
      reason: 'FailedOver',
      action: 'Promote',
      note: 'main-1 is primary now',
      regarding: {
        apiVersion: 'sessionstore.dev/v1alpha1',
        kind: 'SessionStore',
        namespace: 'shop',
        name: 'main',
        uid: 'u1',
        resourceVersion: '7',
      },
    })
  })

  it('sends nothing before record() has returned', () => {
    const { recorder, sent } = setup()
    recorder.record(record())

    expect(sent).to.deep.equal([])
  })

  it('tells repetitions as a series of the first event, at growing intervals', async () => {
    const { recorder, sent, clock } = setup()
    for (let second = 0; second < 60; second++) {
      recorder.record(record())
      await clock.advance(1_000)
    }

    expect(sent.map(({ verb, body }) => [verb, body.series?.count])).to.deep.equal([
      ['create', undefined],
      ['patch', 10],
      ['patch', 30],
    ])
    expect(new Set(sent.map(({ name }) => name)).size).to.equal(1)
    expect(sent[1]?.body).to.deep.equal({ series: { count: 10, lastObservedTime: '2026-01-01T00:00:09.000000Z' } })
  })

  it('starts a new series after a silence', async () => {
    const { recorder, sent, clock } = setup()
    recorder.record(record())
    await clock.advance(361_000)
    recorder.record(record())
    await clock.advance(0)

    expect(sent.map(({ verb }) => verb)).to.deep.equal(['create', 'create'])
    expect(new Set(sent.map(({ name }) => name)).size).to.equal(2)
  })

  it('makes two events of two notes', async () => {
    const { recorder, sent, clock } = setup()
    recorder.record(record({ note: '5 bytes lost' }))
    recorder.record(record({ note: '6 bytes lost' }))
    await clock.advance(0)

    expect(sent.map(({ body }) => body.note)).to.deep.equal(['5 bytes lost', '6 bytes lost'])
  })

  it('caps the new events of one object, not those of another', async () => {
    const { recorder, sent, clock, outcomes } = setup()
    for (let loss = 0; loss < 40; loss++) recorder.record(record({ note: `${loss} bytes lost` }))
    recorder.record(about('other'))
    await clock.advance(0)
    expect(sent).to.have.length(26)
    expect(outcomes.filter((outcome) => outcome === 'dropped')).to.have.length(15)

    await clock.advance(60_000)
    recorder.record(record({ note: 'a minute later' }))
    recorder.record(record({ note: 'still too many' }))
    await clock.advance(0)

    expect(sent.at(-1)?.body.note).to.equal('a minute later')
  })

  it('tries again after an outage', async () => {
    const down = new OperatorError('ConnectionLost', 'refused')
    const { recorder, sent, clock, outcomes } = setup([down, down])
    recorder.record(record())
    await clock.advance(1_500)

    expect(sent).to.have.length(3)
    expect(outcomes).to.deep.equal(['sent'])
  })

  it('gives up after five tries and goes on with the next event', async () => {
    const down = Array.from({ length: 5 }, () => new OperatorError('Unavailable', 'no'))
    const { recorder, clock, outcomes } = setup(down)
    recorder.record(about('first'))
    recorder.record(about('second'))
    await clock.advance(60_000)

    expect(outcomes).to.deep.equal(['failed', 'sent'])
  })

  it('does not insist in a namespace that is being deleted', async () => {
    const { recorder, sent, clock, outcomes } = setup([new OperatorError('Forbidden', 'being terminated')])
    recorder.record(record())
    await clock.advance(60_000)

    expect(sent).to.have.length(1)
    expect(outcomes).to.deep.equal(['failed'])
  })

  it('takes a name that exists for its own first try', async () => {
    const errors = [new OperatorError('Timeout', 'no answer'), new OperatorError('AlreadyExists', 'there')]
    const { recorder, sent, clock } = setup(errors)
    recorder.record(record())
    await clock.advance(1_000)
    recorder.record(record())
    await clock.advance(10_000)

    expect(sent.map(({ verb }) => verb)).to.deep.equal(['create', 'create', 'patch'])
  })

  it('creates the event anew when the first one has expired', async () => {
    const errors: Error[] = []
    const { recorder, sent, clock } = setup(errors)
    recorder.record(record())
    await clock.advance(0)
    recorder.record(record())
    errors.push(new OperatorError('NotFound', 'expired'))
    await clock.advance(10_000)

    expect(sent.map(({ verb, body }) => [verb, body.series?.count])).to.deep.equal([
      ['create', undefined],
      ['patch', 2],
      ['create', 2],
    ])
  })

  it('puts an event about a cluster-scoped object into the namespace default', async () => {
    const { recorder, sent, clock } = setup()
    recorder.record(record({ regarding: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } }))
    await clock.advance(0)

    expect(sent[0]?.body.metadata?.namespace).to.equal('default')
    expect(sent[0]?.body.regarding).to.deep.equal({ apiVersion: 'v1', kind: 'Node', name: 'n1' })
  })

  it('cuts a note at 1,024 bytes and no character in two', async () => {
    const { recorder, sent, clock } = setup()
    recorder.record(record({ note: 'ä'.repeat(2_000) }))
    await clock.advance(0)

    expect(sent[0]?.body.note).to.equal(`${'ä'.repeat(510)}…`)
  })

  it('sends what is unsent on close, and nothing afterwards', async () => {
    const { recorder, sent, clock } = setup()
    recorder.record(record())
    await clock.advance(0)
    recorder.record(record())
    recorder.record(about('other'))
    await recorder.close()
    recorder.record(about('late'))
    await clock.advance(60_000)

    expect(sent.map(({ verb, name }) => `${verb} ${name.split('.')[0]}`)).to.have.members([
      'create main',
      'create other',
      'patch main',
    ])
    expect(clock.timers()).to.equal(0)
  })

  it('closes in the middle of an outage without waiting for it', async () => {
    const down = Array.from({ length: 20 }, () => new OperatorError('ConnectionLost', 'refused'))
    const { recorder, clock } = setup(down)
    recorder.record(record())
    await clock.advance(700)
    await recorder.close()

    expect(clock.timers()).to.equal(0)
  })

  it('holds a bounded number of events however many come', async () => {
    const { recorder, sent, clock, outcomes } = setup()
    for (let store = 0; store < 1_500; store++) recorder.record(about(`store-${store}`))
    await clock.advance(0)

    expect(sent).to.have.length(1_000)
    expect(outcomes.filter((outcome) => outcome === 'dropped')).to.have.length(500)
  })
})

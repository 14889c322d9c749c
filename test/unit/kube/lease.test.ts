import { expect } from 'chai'
import { OperatorError } from '../../../src/kube/errors.ts'
import { LeaderElector, type LeaderElectorOptions } from '../../../src/kube/lease.ts'
import { fakeClock, settle } from '../../support/fake-clock.ts'
import { FakeLeaseServer } from '../../support/fake-lease-server.ts'

type Setup = Readonly<{ server: FakeLeaseServer; clock: ReturnType<typeof fakeClock> }>

function setup(): Setup {
  const clock = fakeClock()
  return { server: new FakeLeaseServer(clock), clock }
}

/** An elector with its own client; `leads` turns true when it acquires. */
function candidate(identity: string, { server, clock }: Setup, options: Partial<LeaderElectorOptions> = {}) {
  const client = server.client()
  const stop = new AbortController()
  const elector = new LeaderElector({
    client,
    namespace: 'system',
    name: 'lead',
    identity,
    fieldManager: 'test',
    clock,
    ...options,
  })
  const acquired = elector.acquire(stop.signal)
  return { client, elector, acquired, stop }
}

describe('LeaderElector.acquire()', () => {
  it('creates the lease where there is none', async () => {
    const world = setup()
    const { elector, acquired } = candidate('a', world)

    expect(await acquired).to.equal(true)
    expect(elector.isLeader()).to.equal(true)
    expect(world.server.lease?.spec).to.deep.equal({
      holderIdentity: 'a',
      leaseDurationSeconds: 6,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime: '2026-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    })
  })

  it('lets one of two candidates win', async () => {
    const world = setup()
    const a = candidate('a', world)
    const b = candidate('b', world)
    await settle()

    expect([a, b].filter(({ elector }) => elector.isLeader())).to.have.length(1)
  })

  it('waits while the holder renews, without a request', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const b = candidate('b', world)
    await world.clock.advance(0)
    const { get } = b.client
    let reads = 0
    b.client.get = (...args) => {
      reads++
      return get(...args)
    }
    await world.clock.advance(60_000)

    expect(b.elector.isLeader()).to.equal(false)
    expect(reads).to.equal(0)
    expect(a.elector.isLeader()).to.equal(true)
  })

  it('takes over one lease duration after the last renewal of a killed holder', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const b = candidate('b', world)
    await world.clock.advance(2_000)
    a.client.fault = 'hangs'
    await world.clock.advance(5_999)
    expect(b.elector.isLeader()).to.equal(false)
    await world.clock.advance(1)

    expect(b.elector.isLeader()).to.equal(true)
    expect(world.server.lease?.spec).to.include({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  it('does not trust the clock of the holder', async () => {
    const world = setup()
    const longAgo = '2001-01-01T00:00:00.000000Z'
    world.server.write({ holderIdentity: 'x', leaseDurationSeconds: 6, renewTime: longAgo, acquireTime: longAgo })
    const a = candidate('a', world)

    await world.clock.advance(5_999)
    expect(a.elector.isLeader()).to.equal(false)
    await world.clock.advance(1)
    expect(a.elector.isLeader()).to.equal(true)
  })

  it('waits for the duration that the holder wrote, not for its own', async () => {
    const world = setup()
    world.server.write({ holderIdentity: 'x', leaseDurationSeconds: 30, renewTime: '2026-01-01T00:00:00.000000Z' })
    const a = candidate('a', world)

    await world.clock.advance(29_999)
    expect(a.elector.isLeader()).to.equal(false)
    await world.clock.advance(1)
    expect(a.elector.isLeader()).to.equal(true)
  })

  it('reads afresh before it takes over: a watch that tells nothing steals no lease', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const b = candidate('b', world)
    b.client.fault = 'mute'
    await world.clock.advance(120_000)

    expect(b.elector.isLeader()).to.equal(false)
    expect(a.elector.isLeader()).to.equal(true)
    expect(new Set(world.server.writes)).to.deep.equal(new Set(['a']))
  })

  it('polls where the watch does not work', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const b = candidate('b', world)
    b.client.fault = 'noWatch'
    await world.clock.advance(20_000)
    expect(b.elector.isLeader()).to.equal(false)
    await a.elector.release()
    await world.clock.advance(2_000)

    expect(b.elector.isLeader()).to.equal(true)
  })

  it('follows a clean exit at once', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const b = candidate('b', world)
    await world.clock.advance(3_000)
    await a.elector.release()
    await world.clock.advance(0)

    expect(a.elector.isLeader()).to.equal(false)
    expect(a.elector.lost.aborted).to.equal(false)
    expect(b.elector.isLeader()).to.equal(true)
  })

  it('follows a deleted lease', async () => {
    const world = setup()
    world.server.write({ holderIdentity: 'x', leaseDurationSeconds: 6, renewTime: '2026-01-01T00:00:00.000000Z' })
    const a = candidate('a', world)
    await world.clock.advance(100)
    world.server.delete()
    await world.clock.advance(0)

    expect(a.elector.isLeader()).to.equal(true)
  })

  it('keeps trying while the API server is away, and ends with its signal', async () => {
    const world = setup()
    const a = candidate('a', world)
    a.client.fault = 'down'
    const b = candidate('b', world)
    b.client.fault = 'down'
    await world.clock.advance(60_000)
    b.stop.abort()
    a.client.fault = 'none'
    await world.clock.advance(2_000)

    expect(await a.acquired).to.equal(true)
    expect(await b.acquired).to.equal(false)
  })

  it('tells every new holder', async () => {
    const world = setup()
    const seen: string[] = []
    const a = candidate('a', world)
    await a.acquired
    candidate('b', world, { onNewLeader: (identity) => seen.push(identity) })
    await world.clock.advance(10_000)

    expect(seen).to.deep.equal(['a'])
  })

  it('refuses periods that could not work', () => {
    const world = setup()
    expect(() => candidate('a', world, { renewDeadlineMs: 6_000 })).to.throw('must fall')
    expect(() => candidate('a', world, { leaseDurationMs: 6_500 })).to.throw('whole seconds')
  })
})

describe('LeaderElector as leader', () => {
  it('renews every retry period and stays valid', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    await world.clock.advance(20_000)

    expect(world.server.writes).to.have.length(11)
    expect(a.elector.validUntilMs()).to.equal(world.clock.monotonicMs() + 6_000)
    expect(world.server.lease?.spec).to.include({ leaseTransitions: 0, acquireTime: '2026-01-01T00:00:00.000000Z' })
  })

  it('counts its validity from before the request, as others may see it only later', async () => {
    const world = setup()
    const a = candidate('a', world)
    const { create } = a.client
    a.client.create = async (...args) => {
      const lease = await create(...args)
      world.clock.freeze(1_500)
      return lease
    }
    await a.acquired

    expect(a.elector.validUntilMs() - world.clock.monotonicMs()).to.equal(4_500)
  })

  it('survives a short outage', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    a.client.fault = 'down'
    await world.clock.advance(3_400)
    a.client.fault = 'none'
    await world.clock.advance(10_000)

    expect(a.elector.lost.aborted).to.equal(false)
    expect(a.elector.isLeader()).to.equal(true)
  })

  it('gives up at the renew deadline, 2 s before anybody else may lead', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    a.client.fault = 'down'
    await world.clock.advance(3_999)
    expect(a.elector.lost.aborted).to.equal(false)
    await world.clock.advance(1)

    expect(a.elector.lost.aborted).to.equal(true)
    expect(a.elector.isLeader()).to.equal(false)
  })

  it('gives up at the deadline though a request hangs', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    a.client.fault = 'hangs'
    await world.clock.advance(4_000)

    expect(a.elector.lost.aborted).to.equal(true)
  })

  it('knows after a freeze that its lease has run out, before any timer fired', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    world.clock.freeze(6_000)
    expect(a.elector.isLeader()).to.equal(false)
    await world.clock.advance(0)

    expect(a.elector.lost.aborted).to.equal(true)
    expect(world.server.writes).to.deep.equal(['a'])
  })

  it('survives one request on a dead connection', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    await world.clock.advance(1_999)
    a.client.fault = 'hangs'
    await world.clock.advance(1)
    a.client.fault = 'none'
    await world.clock.advance(60_000)

    expect(a.elector.lost.aborted).to.equal(false)
    expect(world.server.writes.length).to.be.at.least(28)
  })

  it('renews at once when a renewal given up as lost has arrived after all', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const { patch } = a.client
    a.client.patch = async (...args) => {
      a.client.patch = patch
      await patch(...args)
      throw new OperatorError('Timeout', 'no answer')
    }
    await world.clock.advance(2_250)

    expect(world.server.writes).to.deep.equal(['a', 'a', 'a'])
    expect(a.elector.validUntilMs()).to.equal(world.clock.monotonicMs() + 6_000)
  })

  it('stays lost when a renewal succeeds too late', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const gate = Promise.withResolvers<void>()
    const { patch } = a.client
    a.client.patch = async (...args) => {
      await gate.promise
      return patch(...args)
    }
    await world.clock.advance(4_000)
    gate.resolve()
    await settle()

    expect(a.elector.isLeader()).to.equal(false)
    expect(a.elector.lost.aborted).to.equal(true)
  })

  it('gives up when somebody else holds the lease', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    world.server.write({ holderIdentity: 'thief', leaseDurationSeconds: 6 })
    await world.clock.advance(2_000)

    expect(a.elector.lost.aborted).to.equal(true)
    expect(String(a.elector.lost.reason)).to.contain('"thief" holds the lease')
  })

  it('goes on when the lease was only annotated, or deleted', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    world.server.write(world.server.lease?.spec)
    await world.clock.advance(4_000)
    world.server.delete()
    await world.clock.advance(4_000)

    expect(a.elector.isLeader()).to.equal(true)
    expect(world.server.lease?.spec?.holderIdentity).to.equal('a')
  })

  it('leaves no timer behind after release', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    await world.clock.advance(2_500)
    await a.elector.release()

    expect(world.server.lease?.spec).to.include({ holderIdentity: '', leaseDurationSeconds: 1 })
    expect(world.clock.timers()).to.equal(0)
  })

  it('waits for the answer of a renewal under way before it releases', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    const gate = Promise.withResolvers<void>()
    const { patch } = a.client
    a.client.patch = async (...args) => {
      const lease = await patch(...args)
      await gate.promise
      return lease
    }
    await world.clock.advance(2_000)
    const released = a.elector.release()
    await settle()
    gate.resolve()
    await released

    expect(world.server.lease?.spec?.holderIdentity).to.equal('')
  })

  it('releases without an error when the API server is away', async () => {
    const world = setup()
    const a = candidate('a', world)
    await a.acquired
    a.client.fault = 'down'
    await a.elector.release()

    expect(a.elector.isLeader()).to.equal(false)
  })
})

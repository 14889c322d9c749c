import { expect } from 'chai'
import { PRIORITY, WorkQueue } from '../../../src/kube/queue.ts'
import { type FakeClock, fakeClock, settle } from '../../support/fake-clock.ts'

function newQueue(): Readonly<{ queue: WorkQueue; clock: FakeClock }> {
  const clock = fakeClock()
  return { queue: new WorkQueue({ name: 'test', clock, backoff: { random: () => 0 } }), clock }
}

/** Takes and finishes every ready key. */
async function drain(queue: WorkQueue): Promise<string[]> {
  const keys: string[] = []
  while (queue.length > 0) {
    const key = await queue.take()
    if (key === undefined) break
    keys.push(key)
    queue.done(key)
  }
  return keys
}

describe('WorkQueue', () => {
  it('hands keys out in the order of their adds', async () => {
    const { queue } = newQueue()
    for (const key of ['a', 'b', 'c']) queue.add(key)

    expect(await drain(queue)).to.deep.equal(['a', 'b', 'c'])
  })

  it('keeps a key once, however often it is added', async () => {
    const { queue } = newQueue()
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)

    expect(queue.length).to.equal(2)
    expect(await drain(queue)).to.deep.equal(['a', 'b'])
  })

  it('never hands out a key that is in work, and brings one added meanwhile again after done', async () => {
    const { queue } = newQueue()
    queue.add('a')
    const key = await queue.take()
    queue.add('a')
    queue.add('a')

    expect(key).to.equal('a')
    expect(queue.length).to.equal(0)
    queue.done('a')
    expect(await drain(queue)).to.deep.equal(['a'])
  })

  it('does not bring back a key that was not added meanwhile', async () => {
    const { queue } = newQueue()
    queue.add('a')
    await queue.take()

    queue.done('a')

    expect(queue.length).to.equal(0)
  })

  it('serves higher priorities first', async () => {
    const { queue } = newQueue()
    queue.add('initial-1', { priority: PRIORITY.low })
    queue.add('initial-2', { priority: PRIORITY.low })
    queue.add('changed')
    queue.add('urgent', { priority: 10 })

    expect(await drain(queue)).to.deep.equal(['urgent', 'changed', 'initial-1', 'initial-2'])
  })

  it('raises a waiting key and never lowers it', async () => {
    const { queue } = newQueue()
    queue.add('a', { priority: PRIORITY.low })
    queue.add('b', { priority: PRIORITY.low })
    queue.add('b')
    queue.add('b', { priority: PRIORITY.low })

    expect(await drain(queue)).to.deep.equal(['b', 'a'])
  })

  it('raises a key that waits for its done', async () => {
    const { queue } = newQueue()
    queue.add('a')
    await queue.take()
    queue.add('a', { priority: PRIORITY.low })
    queue.add('a')
    queue.add('b', { priority: PRIORITY.low })

    queue.done('a')

    expect(await drain(queue)).to.deep.equal(['a', 'b'])
  })

  it('wakes waiting workers in their order', async () => {
    const { queue } = newQueue()
    const taken: string[] = []
    const first = queue.take().then((key) => taken.push(`first ${key}`))
    const second = queue.take().then((key) => taken.push(`second ${key}`))
    queue.add('a')
    queue.add('b')

    await Promise.all([first, second])

    expect(taken).to.deep.equal(['first a', 'second b'])
    expect(queue.inWork).to.equal(2)
  })

  it('ends a take when its signal is aborted and loses no key by it', async () => {
    const { queue } = newQueue()
    const abort = new AbortController()
    const take = queue.take(abort.signal)
    abort.abort()
    queue.add('a')

    expect(await take).to.equal(undefined)
    expect(await drain(queue)).to.deep.equal(['a'])
  })

  it('ends every take after shutDown and ignores later adds', async () => {
    const { queue, clock } = newQueue()
    queue.addAfter('late', 1_000)
    const take = queue.take()
    queue.shutDown()
    queue.add('a')
    queue.addAfter('b', 10)
    await clock.advance(2_000)

    expect(await take).to.equal(undefined)
    expect(await queue.take()).to.equal(undefined)
    expect(queue.length).to.equal(0)
    expect(clock.timers()).to.equal(0)
  })
})

describe('WorkQueue.addAfter()', () => {
  it('adds the key when the time has come, not before', async () => {
    const { queue, clock } = newQueue()
    queue.addAfter('a', 1_000)

    await clock.advance(999)
    expect(queue.length).to.equal(0)
    await clock.advance(1)
    expect(await drain(queue)).to.deep.equal(['a'])
  })

  it('adds at once without a delay', () => {
    const { queue } = newQueue()
    queue.addAfter('a', 0)
    queue.addAfter('b', -5)
    queue.addAfter('c', Number.NaN)

    expect(queue.length).to.equal(3)
  })

  it('is never postponed by a later delay of the same key, and runs once', async () => {
    const { queue, clock } = newQueue()
    queue.addAfter('a', 1_000)
    queue.addAfter('a', 5_000)
    await clock.advance(1_000)
    expect(await drain(queue)).to.deep.equal(['a'])

    await clock.advance(10_000)

    expect(queue.length).to.equal(0)
  })

  it('is brought forward by an earlier delay', async () => {
    const { queue, clock } = newQueue()
    queue.addAfter('a', 5_000)
    queue.addAfter('a', 1_000)
    await clock.advance(1_000)

    expect(await drain(queue)).to.deep.equal(['a'])
  })

  it('waits longer than one timer of Node can', async () => {
    const { queue, clock } = newQueue()
    const yearMs = 365 * 86_400_000
    queue.addAfter('a', yearMs)

    await clock.advance(yearMs - 1)
    expect(queue.length).to.equal(0)
    await clock.advance(1)
    expect(queue.length).to.equal(1)
  })

  it('keeps one timer for any number of delays', () => {
    const { queue, clock } = newQueue()
    for (let key = 0; key < 1_000; key++) queue.addAfter(`${key}`, 10_000 - key)

    expect(clock.timers()).to.equal(1)
  })
})

describe('WorkQueue.addRateLimited()', () => {
  it('doubles the delay until the key is forgotten', async () => {
    const { queue } = newQueue()
    const before = [queue.addRateLimited('a'), queue.addRateLimited('a'), queue.addRateLimited('a')]
    queue.forget('a')

    expect(before).to.deep.equal([500, 1_000, 2_000])
    expect(queue.addRateLimited('a')).to.equal(500)
  })

  it('waits at least as long as asked', async () => {
    const { queue, clock } = newQueue()
    expect(queue.addRateLimited('a', { atLeastMs: 7_000 })).to.equal(7_000)

    await clock.advance(6_999)
    expect(queue.length).to.equal(0)
  })

  it('lets go of timers and listeners when all is done', async () => {
    const { queue, clock } = newQueue()
    const abort = new AbortController()
    const take = queue.take(abort.signal)
    queue.addRateLimited('a')
    await clock.advance(500)
    await take
    await settle()

    expect(clock.timers()).to.equal(0)
  })
})

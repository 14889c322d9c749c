import { expect } from 'chai'
import type { RunSignals } from '../../../src/kube/controller.ts'
import { type Elector, Manager, type ManagerOptions } from '../../../src/kube/manager.ts'
import { fakeClock, settle } from '../../support/fake-clock.ts'

/** A manager whose parts write down what happens to them. */
function build(options: ManagerOptions = {}) {
  const story: string[] = []
  const clock = fakeClock()
  const lost = new AbortController()
  const synced = Promise.withResolvers<void>()
  const leading = Promise.withResolvers<boolean>()
  const elector: Elector = {
    lost: lost.signal,
    acquire: (signal) => {
      story.push('campaign')
      signal.addEventListener('abort', () => leading.resolve(false))
      return leading.promise
    },
    release: async () => {
      story.push('release')
    },
  }
  const manager = new Manager({ elector, clock, ...options })
  manager.addCache({
    start: (signal) => {
      story.push('cache')
      signal.addEventListener('abort', () => story.push('cache ends'))
    },
    synced: synced.promise,
  })
  manager.addCloser({
    name: 'events',
    close: async () => {
      story.push('close')
    },
  })
  const stop = new AbortController()
  return { manager, clock, story, lost, synced, leading, stop }
}

/** A worker that ends when `until` of its signals is aborted. */
function worker(story: string[], until: keyof RunSignals | 'never') {
  return {
    name: 'stores',
    run: (signals: RunSignals): Promise<void> =>
      new Promise((resolve) => {
        story.push('work')
        if (until === 'never') return
        signals[until].addEventListener('abort', () => {
          story.push(`work ends on ${until}`)
          resolve()
        })
      }),
  }
}

describe('Manager', () => {
  it('starts in order: caches, full caches, leadership, workers', async () => {
    const { manager, story, synced, leading, stop } = build()
    manager.addWorker(worker(story, 'stop'))
    void manager.run(stop.signal)
    await settle()
    expect(story).to.deep.equal(['cache'])
    expect(manager.isReady()).to.equal(false)

    synced.resolve()
    await settle()
    expect(story).to.deep.equal(['cache', 'campaign'])
    expect([manager.state, manager.isReady()]).to.deep.equal(['standby', true])

    leading.resolve(true)
    await settle()
    expect(story).to.deep.equal(['cache', 'campaign', 'work'])
    expect([manager.state, manager.isReady()]).to.deep.equal(['leading', true])
  })

  it('stops in order: workers, lease, closers, caches, and exits with 0', async () => {
    const { manager, story, synced, leading, stop, clock } = build()
    manager.addWorker(worker(story, 'stop'))
    const run = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)
    await settle()
    stop.abort()

    expect(await run).to.equal(0)
    expect(story.slice(3)).to.deep.equal(['work ends on stop', 'release', 'close', 'cache ends'])
    expect(clock.timers()).to.equal(0)
  })

  it('aborts what has not ended when the grace period is over, and then releases', async () => {
    const { manager, story, synced, leading, stop, clock } = build({ gracePeriodMs: 15_000 })
    manager.addWorker(worker(story, 'abort'))
    const run = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)
    await settle()
    stop.abort()
    await clock.advance(14_999)
    expect(story).to.not.include('work ends on abort')
    await clock.advance(1)

    expect(await run).to.equal(0)
    expect(story.slice(3)).to.deep.equal(['work ends on abort', 'release', 'close', 'cache ends'])
  })

  it('keeps the lease to its end when a worker does not stop, and exits with 1', async () => {
    const { manager, story, synced, leading, stop, clock } = build()
    manager.addWorker(worker(story, 'never'))
    const run = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)
    await settle()
    stop.abort()
    await clock.advance(16_000)

    expect(await run).to.equal(1)
    expect(story).to.not.include('release')
  })

  it('aborts at once when the leadership is lost, releases nothing and exits with 1', async () => {
    const { manager, story, synced, leading, stop, lost } = build()
    manager.addWorker(worker(story, 'abort'))
    const run = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)
    await settle()
    lost.abort()

    expect(await run).to.equal(1)
    expect(story.slice(3)).to.deep.equal(['work ends on abort', 'close', 'cache ends'])
  })

  it('does not wait for ever for workers when the leadership is lost', async () => {
    const { manager, story, synced, leading, stop, lost, clock } = build()
    manager.addWorker(worker(story, 'never'))
    const run = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)
    await settle()
    lost.abort()
    await clock.advance(1_000)

    expect(await run).to.equal(1)
  })

  it('exits with 1 when a worker ends by a bug, and gives the lease back', async () => {
    const { manager, story, synced, leading, stop } = build()
    manager.addWorker({ name: 'bad', run: () => Promise.reject(new TypeError('bug')) })
    manager.addWorker(worker(story, 'abort'))
    const run = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)

    expect(await run).to.equal(1)
    expect(story.slice(2)).to.deep.equal(['work', 'work ends on abort', 'release', 'close', 'cache ends'])
  })

  it('exits with 1 when a cache cannot run', async () => {
    const { manager, stop } = build()
    manager.addCache({ start: () => Promise.reject(new TypeError('bug')), synced: new Promise(() => undefined) })

    expect(await manager.run(stop.signal)).to.equal(1)
  })

  it('ends while it waits for the caches', async () => {
    const { manager, story, stop } = build()
    const run = manager.run(stop.signal)
    await settle()
    stop.abort()

    expect(await run).to.equal(0)
    expect(story).to.deep.equal(['cache', 'close', 'cache ends'])
  })

  it('ends while it waits for the leadership', async () => {
    const { manager, story, synced, stop } = build()
    const run = manager.run(stop.signal)
    synced.resolve()
    await settle()
    stop.abort()

    expect(await run).to.equal(0)
    expect(story).to.deep.equal(['cache', 'campaign', 'close', 'cache ends'])
  })

  it('works without an election', async () => {
    const { story, clock } = build()
    const manager = new Manager({ clock })
    const stop = new AbortController()
    manager.addWorker(worker(story, 'stop'))
    const run = manager.run(stop.signal)
    await settle()
    stop.abort()

    expect(await run).to.equal(0)
    expect(story).to.deep.equal(['work', 'work ends on stop'])
  })

  it('does not wait for a closer for ever', async () => {
    const { manager, clock, story, synced, leading, stop } = build({ closePeriodMs: 2_000 })
    manager.addCloser({ name: 'hangs', close: () => new Promise(() => undefined) })
    const exitCode = manager.run(stop.signal)
    synced.resolve()
    leading.resolve(true)
    await settle()
    stop.abort()
    await clock.advance(1_999)
    const before = manager.state
    await clock.advance(1)

    expect([before, await exitCode, story.at(-1)]).to.deep.equal(['stopping', 0, 'cache ends'])
  })
})

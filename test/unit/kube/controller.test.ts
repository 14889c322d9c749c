import { expect } from 'chai'
import { Controller, type Reconcile, type Result } from '../../../src/kube/controller.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import { type FakeClock, fakeClock, settle } from '../../support/fake-clock.ts'
import { type LogLine, recordingLog } from '../../support/recording-log.ts'

type Running = Readonly<{
  controller: Controller
  clock: FakeClock
  lines: readonly LogLine[]
  stop: AbortController
  abort: AbortController
  ended: Promise<void>
}>

/** A running controller with one worker and no jitter. */
function start(reconcile: Reconcile, options: Readonly<{ workers?: number; timeoutMs?: number }> = {}): Running {
  const clock = fakeClock()
  const log = recordingLog()
  const stop = new AbortController()
  const abort = new AbortController()
  const backoff = { random: () => 0 }
  const controller = new Controller({ name: 'test', reconcile, workers: 1, clock, log, backoff, ...options })
  const ended = controller.run({ stop: stop.signal, abort: abort.signal })
  return { controller, clock, lines: log.lines, stop, abort, ended }
}

/** Answers each run with the next of `results`, then with done. */
function script(...results: readonly (Result | Error)[]): Readonly<{ reconcile: Reconcile; keys: string[] }> {
  const keys: string[] = []
  return {
    keys,
    reconcile: async (key) => {
      const result = results[keys.length] ?? { kind: 'done' }
      keys.push(key)
      if (result instanceof Error) throw result
      return result
    },
  }
}

describe('Controller', () => {
  it('is not alive once a reconcile goes on and on after its signal', async () => {
    const clock = fakeClock()
    const end = Promise.withResolvers<Result>()
    const stop = new AbortController()
    const controller = new Controller({ name: 'deaf', clock, timeoutMs: 1_000, reconcile: () => end.promise })
    void controller.run({ stop: stop.signal, abort: stop.signal })
    controller.queue.add('a')
    await clock.advance(2_999)
    const before = controller.isAlive()
    await clock.advance(1)
    const after = controller.isAlive()
    end.resolve({ kind: 'done' })
    await clock.advance(1)
    stop.abort()

    expect([before, after, controller.isAlive()]).to.deep.equal([true, false, true])
  })

  it('reconciles each added key', async () => {
    const { reconcile, keys } = script()
    const { controller } = start(reconcile)
    controller.queue.add('shop/a')
    controller.queue.add('shop/b')
    await settle()

    expect(keys).to.deep.equal(['shop/a', 'shop/b'])
    expect(controller.queue.inWork).to.equal(0)
  })

  it('comes again after the asked delay', async () => {
    const { reconcile, keys } = script({ kind: 'after', delayMs: 10_000 })
    const { controller, clock } = start(reconcile)
    controller.queue.add('a')

    await clock.advance(9_999)
    expect(keys).to.have.length(1)
    await clock.advance(1)
    expect(keys).to.have.length(2)
  })

  it('backs off on rateLimited and starts anew after a success', async () => {
    const { reconcile, keys } = script({ kind: 'rateLimited' }, { kind: 'rateLimited' })
    const { controller, clock } = start(reconcile)
    controller.queue.add('a')

    await clock.advance(500)
    expect(keys).to.have.length(2)
    await clock.advance(1_000)
    expect(keys).to.have.length(3)
    expect(controller.queue.attempts('a')).to.equal(0)
  })

  it('survives whatever is thrown, and logs a bug with its key', async () => {
    const { reconcile, keys } = script(new TypeError('undefined is not a function'))
    const { controller, clock, lines } = start(reconcile)
    controller.queue.add('a')
    await clock.advance(500)

    expect(keys).to.have.length(2)
    expect(lines.map(({ level, message }) => [level, message])).to.deep.equal([['error', 'Reconcile failed by a bug']])
    expect(lines[0]?.fields).to.include({ controller: 'test', key: 'a', attempt: 1, retryInMs: 500 })
  })

  it('survives a reconcile that throws before it returns a promise', async () => {
    let runs = 0
    const { controller, clock } = start(() => {
      runs++
      throw new TypeError('thrown at once')
    })
    controller.queue.add('a')
    await clock.advance(1_500)

    expect(runs).to.equal(3)
  })

  it('requeues a conflict quietly', async () => {
    const { reconcile, keys } = script(new OperatorError('Conflict', 'changed meanwhile'))
    const { controller, clock, lines } = start(reconcile)
    controller.queue.add('a')
    await clock.advance(500)

    expect(keys).to.have.length(2)
    expect(lines.map(({ level }) => level)).to.deep.equal(['debug'])
  })

  it('waits as long as the server asked', async () => {
    const { reconcile, keys } = script(new OperatorError('TooManyRequests', 'slow down', { retryAfterMs: 8_000 }))
    const { controller, clock } = start(reconcile)
    controller.queue.add('a')

    await clock.advance(7_999)
    expect(keys).to.have.length(1)
    await clock.advance(1)
    expect(keys).to.have.length(2)
  })

  it('does not retry a terminal error before the key is added again', async () => {
    const { reconcile, keys } = script(new OperatorError('Invalid', 'spec.replicas is 0, must be 1'))
    const { controller, clock, lines } = start(reconcile)
    controller.queue.add('a')
    await clock.advance(3_600_000)
    expect(keys).to.have.length(1)
    expect(lines.map(({ level }) => level)).to.deep.equal(['error'])

    controller.queue.add('a')
    await clock.advance(0)

    expect(keys).to.have.length(2)
  })

  it('never works on one key twice at a time', async () => {
    const gate = Promise.withResolvers<Result>()
    let running = 0
    let most = 0
    const { controller } = start(
      async () => {
        running++
        most = Math.max(most, running)
        const result = await gate.promise
        running--
        return result
      },
      { workers: 4 },
    )
    controller.queue.add('a')
    await settle()
    controller.queue.add('a')
    await settle()
    gate.resolve({ kind: 'done' })
    await settle()

    expect(most).to.equal(1)
    expect(controller.queue.length + controller.queue.inWork).to.equal(0)
  })

  it('aborts the signal of a reconcile that takes too long', async () => {
    const { controller, clock, lines } = start(
      (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('gave up')))),
      { timeoutMs: 30_000 },
    )
    controller.queue.add('a')
    await clock.advance(30_000)

    expect(lines).to.have.length(1)
    expect(lines[0]?.fields).to.have.nested.property('err.code', 'Timeout')
  })

  it('finishes the running reconcile after stop and takes no other', async () => {
    const gate = Promise.withResolvers<Result>()
    const keys: string[] = []
    const { controller, stop, ended } = start((key, signal) => {
      keys.push(`${key} ${signal.aborted}`)
      return gate.promise
    })
    controller.queue.add('a')
    controller.queue.add('b')
    await settle()
    stop.abort()
    gate.resolve({ kind: 'done' })
    await ended

    expect(keys).to.deep.equal(['a false'])
  })

  it('cuts the running reconcile short on abort, without a log line', async () => {
    const { controller, stop, abort, ended, lines, clock } = start(
      (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    controller.queue.add('a')
    await settle()
    stop.abort()
    abort.abort()
    await ended

    expect(lines).to.deep.equal([])
    expect(clock.timers()).to.equal(0)
  })
})

import { expect } from 'chai'
import { type ErrorCode, OperatorError } from '../../../src/kube/errors.ts'
import { Reflector, type ReflectorOptions } from '../../../src/kube/reflector.ts'
import { CONFIG_MAPS } from '../../../src/kube/resources.ts'
import { ObjectStore } from '../../../src/kube/store.ts'
import type { ConfigMap } from '../../../src/kube/types.ts'
import { FakeApi } from '../../support/fake-api.ts'
import { type FakeClock, fakeClock, settle } from '../../support/fake-clock.ts'
import { recordingLog } from '../../support/recording-log.ts'

describe('Reflector', () => {
  let api: FakeApi
  let clock: FakeClock
  let stop: AbortController

  beforeEach(() => {
    api = new FakeApi()
    clock = fakeClock()
    stop = new AbortController()
  })

  afterEach(async () => {
    stop.abort()
    await settle()
    expect(clock.timers()).to.equal(0)
  })

  async function start(options: Partial<ReflectorOptions<ConfigMap>> = {}): Promise<Reflector<ConfigMap>> {
    const { client } = api
    const reflector = new Reflector({ client, resource: CONFIG_MAPS, clock, random: () => 0, ...options })
    reflector.start(stop.signal).catch(expect.fail)
    await settle()
    return reflector
  }

  function fail(call: 'list' | 'watch', code: ErrorCode, times = 1, retryAfterMs?: number): void {
    const details = retryAfterMs === undefined ? {} : { retryAfterMs }
    for (let count = 0; count < times; count += 1) api.fail(call, new OperatorError(code, 'text', details))
  }

  it('lists in pages and follows from there', async () => {
    for (const name of ['a', 'b', 'c']) api.put(name, '1')

    const reflector = await start({ pageSize: 2 })
    api.put('d', '1')
    api.remove('a')
    await settle()

    expect(api.calls).to.deep.equal(['list', 'list', 'watch'])
    expect(reflector.store.list()).to.have.deep.members([...api.objects.values()])
  })

  it('reads everything at once when a page has expired', async () => {
    for (const name of ['a', 'b', 'c']) api.put(name, '1')
    const { client } = api
    let calls = 0
    const expiring = {
      ...client,
      list: ((resource, options) => {
        calls += 1
        if (options?.continueToken) return Promise.reject(new OperatorError('Gone', 'expired'))
        return client.list(resource, options)
      }) as typeof client.list,
    }

    const reflector = await start({ client: expiring, pageSize: 2 })

    expect(reflector.store.size).to.equal(3)
    expect(calls).to.equal(3)
  })

  it('prunes whatever enters', async () => {
    api.put('a', 'big')

    const reflector = await start({ prune: ({ data: _, ...rest }) => rest })
    api.put('b', 'big')
    await settle()

    expect(reflector.store.list().map(({ data }) => data)).to.deep.equal([undefined, undefined])
  })

  it('watches again at once after a clean end, from the last version', async () => {
    await start()
    api.put('a', '1')
    await clock.advance(5000)
    api.endWatches()
    await settle()

    expect(api.calls).to.deep.equal(['list', 'watch', 'watch'])
    expect(api.watchOptions.map(({ resourceVersion }) => resourceVersion)).to.deep.equal(['100', '101'])
  })

  it('keeps the version of a bookmark', async () => {
    await start()
    api.put('other', '1')
    api.bookmark()
    await clock.advance(5000)
    api.compact()
    api.endWatches()
    await settle()

    expect(api.calls).to.deep.equal(['list', 'watch', 'watch'])
  })

  it('asks for 300 to 600 seconds, and cuts a watch that outlives them', async () => {
    await start({ random: () => 1 })
    await clock.advance(629_000)
    const before = api.calls.length
    await clock.advance(2_000)

    expect(api.watchOptions[0]?.timeoutSeconds).to.equal(600)
    expect([before, api.calls.length]).to.deep.equal([2, 3])
  })

  it('does not watch in a tight loop when watches end at once', async () => {
    await start()
    api.endWatches()
    await settle()
    const atOnce = api.calls.length
    await clock.advance(800)

    expect([atOnce, api.calls.length]).to.deep.equal([2, 3])
  })

  it('does not watch in a tight loop when watches bring a bookmark and end', async () => {
    await start()
    api.bookmark()
    api.endWatches()
    await settle()
    const atOnce = api.calls.length
    await clock.advance(800)

    expect([atOnce, api.calls.length]).to.deep.equal([2, 3])
  })

  it('lists again at once when its version is gone, but only once in a row', async () => {
    api.put('stays', '1')
    api.put('goes', '1')
    const reflector = await start()
    api.endWatches(new OperatorError('Gone', 'text'))
    fail('watch', 'Gone', 2)
    api.remove('goes')
    await clock.advance(0)
    const atOnce = [...api.calls]
    await clock.advance(799)
    const early = api.calls.length
    await clock.advance(1)

    expect(atOnce).to.deep.equal(['list', 'watch', 'list', 'watch'])
    expect([early, api.calls.length]).to.deep.equal([4, 6])
    expect(reflector.store.list().map(({ metadata }) => metadata.name)).to.deep.equal(['stays'])
  })

  it('may list at once again after a watch that brought something', async () => {
    await start()
    for (let round = 0; round < 3; round += 1) {
      api.put('a', String(round))
      await settle()
      api.endWatches(new OperatorError('Gone', 'text'))
      await clock.advance(0)
    }

    expect(api.calls).to.deep.equal(['list', 'watch', 'list', 'watch', 'list', 'watch', 'list', 'watch'])
  })

  it('tells the first list as initial, a later one not', async () => {
    api.put('a', '1')
    const told: string[] = []
    const store = new ObjectStore<ConfigMap>()
    store.onChange(({ object, isInitial }) => told.push(`${object.metadata.name} ${isInitial}`))
    await start({ store })
    api.compact()
    api.endWatches(new OperatorError('Gone', 'text'))
    api.put('b', '1')
    await clock.advance(0)

    expect(told).to.deep.equal(['a true', 'b false'])
  })

  it('retries after 0.8 s, doubling to 30 s, and starts small again after two minutes', async () => {
    fail('list', 'Unavailable', 8)
    await start()
    const delays: number[] = []
    for (let seen = api.calls.length, waited = 0; delays.length < 8; waited += 100) {
      await clock.advance(100)
      if (api.calls.length === seen) continue
      delays.push(waited + 100)
      seen = api.calls.length
      waited = -100
    }
    await clock.advance(121_000)
    api.endWatches(new OperatorError('ConnectionLost', 'text'))
    const before = api.calls.length
    await clock.advance(800)

    expect(delays).to.deep.equal([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000])
    expect(api.calls.length).to.equal(before + 1)
  })

  it('waits as long as the server asks', async () => {
    fail('list', 'TooManyRequests', 1, 7000)
    await start()
    await clock.advance(6999)
    const early = api.calls.length
    await clock.advance(1)

    expect([early, api.calls[1]]).to.deep.equal([1, 'list'])
  })

  it('goes on where it was after one cut, but lists after two failures in a row', async () => {
    await start()
    api.endWatches(new OperatorError('ConnectionLost', 'text'))
    await clock.advance(800)
    api.put('a', '1')
    await settle()
    const afterOne = [...api.calls]
    fail('watch', 'ConnectionLost')
    api.endWatches(new OperatorError('ConnectionLost', 'text'))
    await clock.advance(10_000)

    expect(afterOne).to.deep.equal(['list', 'watch', 'watch'])
    expect(api.calls).to.deep.equal([...afterOne, 'watch', 'list', 'watch'])
  })

  it('lists again when the history of the server went back', async () => {
    api.put('lost', '1')
    const reflector = await start()
    api.objects.clear()
    api.restore(50)
    api.put('restored', '1')
    await clock.advance(0)

    expect(reflector.store.list().map(({ metadata }) => metadata.name)).to.deep.equal(['restored'])
  })

  it('keeps the first list waiting while a required kind is forbidden', async () => {
    fail('list', 'Forbidden')
    let isSynced = false
    const reflector = await start()
    reflector.synced.then(() => {
      isSynced = true
    }, expect.fail)
    await settle()
    const before = isSynced
    await clock.advance(60_000)

    expect([before, isSynced, reflector.state]).to.deep.equal([false, true, 'synced'])
  })

  it('keeps what it has of a required kind when the right is taken away', async () => {
    api.put('a', '1')
    const reflector = await start()
    fail('watch', 'Forbidden')
    api.endWatches(new OperatorError('ConnectionLost', 'text'))
    await clock.advance(800)

    expect([reflector.state, reflector.hasSynced, reflector.store.size]).to.deep.equal(['forbidden', true, 1])
  })

  it('forgets an optional kind when the right is taken away, says so once, and asks once a minute', async () => {
    const log = recordingLog()
    api.put('a', '1')
    const reflector = await start({ isOptional: true, log })
    const told: string[] = []
    reflector.store.onChange(({ kind, isInitial }) => told.push(`${kind} ${isInitial}`))
    fail('watch', 'Forbidden')
    fail('list', 'Forbidden', 2)
    fail('list', 'ConnectionLost')
    fail('list', 'Forbidden')
    api.endWatches(new OperatorError('ConnectionLost', 'text'))
    await clock.advance(800)
    const before = api.calls.length
    const off = [reflector.state, reflector.hasSynced, reflector.store.size, reflector.store.isUnavailable]
    await clock.advance(181_600)
    const tries = api.calls.length - before
    await clock.advance(60_000)

    expect(off).to.deep.equal(['forbidden', false, 0, true])
    expect(tries).to.equal(4)
    expect([reflector.state, reflector.store.size, reflector.store.isUnavailable]).to.deep.equal(['synced', 1, false])
    expect(told).to.deep.equal(['added true', 'deleted false', 'added true'])
    const said = log.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message)
    expect(said).to.deep.equal(['Kind cannot be watched, its feature is off', 'Kind is watched'])
  })

  it('starts small again after a watch that lived for half a minute', async () => {
    fail('list', 'Unavailable', 4)
    await start()
    await clock.advance(12_000)
    const ends: boolean[] = []
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(30_000)
      api.endWatches(new OperatorError('ConnectionLost', 'text'))
      await clock.advance(799)
      const before = api.calls.length
      await clock.advance(1)
      ends.push(api.calls.length > before)
    }

    expect(ends).to.deep.equal([true, true, true])
  })

  it('goes on when a listener throws', async () => {
    const reflector = await start()
    reflector.store.onChange(() => {
      throw new Error('listener')
    })
    api.put('a', '1')
    api.put('b', '1')
    await settle()

    expect(reflector.store.size).to.equal(2)
    expect(api.calls).to.deep.equal(['list', 'watch'])
  })
})

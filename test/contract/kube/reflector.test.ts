import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { ObjectChange } from '../../../src/kube/predicates.ts'
import { Reflector, type ReflectorOptions } from '../../../src/kube/reflector.ts'
import { CONFIG_MAPS } from '../../../src/kube/resources.ts'
import type { ConfigMap } from '../../../src/kube/types.ts'
import { type HttpProxy, type SeenRequest, startHttpProxy } from '../../support/http-proxy.ts'
import { adminAccess, adminClient, clientWith, configMap, newNamespace, TEST_MANAGER } from '../../support/kube.ts'
import { until } from '../../support/until.ts'

const fieldManager = TEST_MANAGER

describe('Reflector against a real API server', () => {
  let admin: KubeClient
  let proxy: HttpProxy
  let client: KubeClient
  let namespace: string
  let stop: AbortController
  let running: Promise<void>[]

  before(async () => {
    admin = await adminClient()
  })

  after(() => admin.close())

  beforeEach(async () => {
    namespace = await newNamespace(admin)
    proxy = await startHttpProxy(await adminAccess())
    client = clientWith(proxy.access)
    stop = new AbortController()
    running = []
  })

  afterEach(async () => {
    stop.abort()
    await Promise.all(running)
    await client.close()
    await proxy.close()
  })

  function start(options: Partial<ReflectorOptions<ConfigMap>> = {}): Reflector<ConfigMap> {
    const reflector = new Reflector({ client, resource: CONFIG_MAPS, namespace, ...options })
    running.push(reflector.start(stop.signal))
    return reflector
  }

  function create(name: string, data?: Readonly<Record<string, string>>): Promise<ConfigMap> {
    return admin.create(CONFIG_MAPS, configMap({ namespace, name }, data), { fieldManager })
  }

  function seen(isMatch: (request: SeenRequest) => boolean): number {
    return proxy.seen().filter(isMatch).length
  }

  function has(reflector: Reflector<ConfigMap>, name: string): Promise<ConfigMap> {
    return until(() => reflector.store.get(`${namespace}/${name}`), {
      what: `${name} in the store`,
      deadlineMs: 8000,
      everyMs: 20,
    })
  }

  it('lists more than a page, once, and then follows', async () => {
    const names = Array.from({ length: 520 }, (_, index) => `many-${index}`)
    await inParallel(names, (name) => create(name))

    const reflector = start()
    await reflector.synced
    const listed = reflector.store.size
    await create('added')
    await has(reflector, 'added')
    await admin.delete(CONFIG_MAPS, { namespace, name: 'many-0' })
    await until(() => !reflector.store.get(`${namespace}/many-0`), {
      what: 'the deletion',
      deadlineMs: 5000,
      everyMs: 20,
    })

    expect(listed).to.equal(520)
    expect(seen(isList)).to.equal(2)
    expect(seen(isWatch)).to.equal(1)
  })

  it('goes on where it was after a watch was cut in the middle of a line', async () => {
    proxy.cut(isWatch, 5000)
    const reflector = start()
    await reflector.synced
    const big = 'x'.repeat(20_000)

    await create('big', { big })
    await has(reflector, 'big')

    expect(reflector.store.get(`${namespace}/big`)?.data).to.deep.equal({ big })
    expect(seen(isList)).to.equal(1)
    expect(seen(isWatch)).to.equal(2)
  })

  it('waits as long as a 429 asks, for the list and for the watch', async () => {
    const busy = { status: 429, headers: { 'retry-after': '1' }, body: '{}' }
    proxy.answer(isList, busy)
    proxy.answer(isWatch, busy)
    const startedMs = performance.now()

    const reflector = start({ random: () => 0 })
    await reflector.synced
    const syncedMs = performance.now() - startedMs
    await create('after')
    await has(reflector, 'after')
    const followedMs = performance.now() - startedMs

    expect(syncedMs).to.be.at.least(1000)
    expect(followedMs).to.be.at.least(2000)
    expect([seen(isList), seen(isWatch)]).to.deep.equal([2, 2])
  })

  it('goes on after answers that no API server gives', async () => {
    proxy.answer(isList, { status: 502, body: '<html>bad gateway</html>' })
    proxy.answer(isWatch, { status: 200, body: 'not json\n' })

    const reflector = start()
    await reflector.synced
    await create('after')

    await has(reflector, 'after')
  })

  it('tells the differences when the server was away and came back with other objects', async () => {
    await create('stays')
    await create('goes')
    const reflector = start()
    await reflector.synced
    const changes: ObjectChange<ConfigMap>[] = []
    reflector.store.onChange((change) => changes.push(change))
    changes.splice(0)

    proxy.answer(isWatch, { status: 503, count: 2 })
    proxy.answer(isList, { status: 503 })
    proxy.dropAll()
    await admin.delete(CONFIG_MAPS, { namespace, name: 'goes' })
    await create('comes')
    await has(reflector, 'comes')

    const told = changes.map(({ kind, object, isInitial }) => `${kind} ${object.metadata.name} ${isInitial}`)
    expect(told).to.deep.equal(['deleted goes false', 'added comes false'])
  })

  it('outlasts a list that is slow, and is not told of half of it', async () => {
    for (const name of ['a', 'b', 'c']) await create(name)
    proxy.delay(isList, 1_500)
    const sizes: number[] = []

    const reflector = start({ pageSize: 2 })
    reflector.store.onChange(() => sizes.push(seen(isList)))
    await until(() => seen(isList) === 1, { what: 'the list', deadlineMs: 5_000, everyMs: 20 })
    const during = { hasSynced: reflector.hasSynced, size: reflector.store.size }
    await reflector.synced

    expect(during).to.deep.equal({ hasSynced: false, size: 0 })
    // Every object was told after the last page.
    expect(sizes).to.deep.equal([2, 2, 2])
  })

  it('keeps a forbidden kind off, and says so once', async () => {
    const warned: string[] = []
    const ignore = (): void => undefined
    const log = { debug: ignore, info: ignore, error: ignore, warn: (_: object, text: string) => warned.push(text) }
    const forbidden = { kind: 'Status', reason: 'Forbidden', code: 403 }
    proxy.answer(isList, { status: 403, body: JSON.stringify(forbidden), count: 2 })

    const reflector = start({ isOptional: true, forbiddenRetryMs: 50, log })
    await reflector.synced
    const first = { state: reflector.state, hasSynced: reflector.hasSynced }
    await until(() => reflector.hasSynced, { what: 'the granted list', deadlineMs: 5000, everyMs: 20 })

    expect(first).to.deep.equal({ state: 'forbidden', hasSynced: false })
    expect(reflector.state).to.equal('synced')
    expect(warned).to.deep.equal(['Kind cannot be watched, its feature is off'])
  })

  it('gets a bookmark and a clean end from the server', async () => {
    const { resourceVersion } = await admin.list(CONFIG_MAPS, { namespace })
    const kinds: string[] = []
    const watch = { namespace, resourceVersion, timeoutSeconds: 10, signal: stop.signal }

    for await (const event of client.watch(CONFIG_MAPS, watch)) kinds.push(event.kind)

    expect(kinds).to.include('bookmark')
  }).timeout(20_000)

  it('closes its socket when it is stopped', async () => {
    const reflector = start()
    await reflector.synced
    await until(() => seen(isWatch) === 1, { what: 'the watch', deadlineMs: 5000, everyMs: 20 })

    stop.abort()
    await Promise.all(running)

    expect(reflector.state).to.equal('synced')
  })
})

function isList({ method, path }: SeenRequest): boolean {
  return method === 'GET' && path.includes('/configmaps') && !path.includes('watch=')
}

function isWatch({ path }: SeenRequest): boolean {
  return path.includes('/configmaps') && path.includes('watch=1')
}

async function inParallel<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items]
  const lane = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item)
  }
  await Promise.all(Array.from({ length: 16 }, lane))
}

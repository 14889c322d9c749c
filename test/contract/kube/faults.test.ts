import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type ApiServer, startApiServer } from '../../../hack/apiserver.ts'
import { inClusterAccess } from '../../../src/kube/auth.ts'
import { KubeClient } from '../../../src/kube/client.ts'
import type { ObjectChange } from '../../../src/kube/predicates.ts'
import { Reflector, type ReflectorClient } from '../../../src/kube/reflector.ts'
import { CONFIG_MAPS, CUSTOM_RESOURCE_DEFINITIONS, namespaced } from '../../../src/kube/resources.ts'
import { Transport } from '../../../src/kube/transport.ts'
import type { ConfigMap, KubeObject } from '../../../src/kube/types.ts'
import {
  adminAccess,
  adminClient,
  clientWith,
  configMap,
  newNamespace,
  rejectionOf,
  TEST_MANAGER,
  throughPort,
} from '../../support/kube.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { until } from '../../support/until.ts'

const fieldManager = TEST_MANAGER

describe('faults of the connection to a real API server', () => {
  let admin: KubeClient
  let namespace: string
  let proxy: TcpProxy
  let client: KubeClient
  let stop: AbortController

  before(async () => {
    admin = await adminClient()
    namespace = await newNamespace(admin)
  })

  after(() => admin.close())

  beforeEach(async () => {
    const access = await adminAccess()
    proxy = await startTcpProxy(Number(new URL(access.server).port))
    client = clientWith(throughPort(access, proxy.port), { silenceMs: 1000 })
    stop = new AbortController()
  })

  afterEach(async () => {
    stop.abort()
    await client.close()
    await proxy.close()
  })

  it('keeps its connections for requests in a row', async () => {
    for (let count = 0; count < 50; count += 1) await client.version()

    // Two, as an answer is read before its connection is free again.
    expect(proxy.accepted()).to.be.at.most(2)
  })

  it('bounds the connections of a crowd', async () => {
    const crowded = clientWith(throughPort(await adminAccess(), proxy.port), { maxInFlight: 4 })

    const answers = await Promise.all(Array.from({ length: 100 }, () => crowded.version()))
    await crowded.close()

    expect(answers).to.have.length(100)
    expect(proxy.accepted()).to.equal(4)
  })

  it('does not notice that kept connections were reset between two reads', async () => {
    await client.version()
    proxy.cut()

    const { gitVersion } = await client.version()

    expect(gitVersion).to.match(/^v1/)
  })

  it('leaves a half-open connection at the deadline and takes a new one', async () => {
    const single = clientWith(throughPort(await adminAccess(), proxy.port), { maxInFlight: 1 })
    await single.version()
    proxy.freeze()

    const error = await rejectionOf(single.version({ timeoutMs: 300 }))
    const { gitVersion } = await single.version()
    await single.close()

    expect(error).to.have.property('code', 'Timeout')
    expect(gitVersion).to.match(/^v1/)
    expect(proxy.accepted()).to.equal(2)
  })

  it('leaves a half-open watch after the silence and misses nothing', async () => {
    const reflector = new Reflector({ client, resource: CONFIG_MAPS, namespace })
    const running = reflector.start(stop.signal)
    await reflector.synced
    await until(() => proxy.open() === 2, { what: 'the watch', deadlineMs: 15_000, everyMs: 20 })

    proxy.freeze()
    await admin.create(CONFIG_MAPS, configMap({ namespace, name: 'meanwhile' }), { fieldManager })
    await until(() => reflector.store.get(`${namespace}/meanwhile`), { what: 'the object', deadlineMs: 25_000 })
    stop.abort()
    await running
  }).timeout(30_000)

  it('reads the token again when the server refuses the one it has', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'token-'))
    const { server, tls, headers } = await adminAccess()
    const { hostname, port } = new URL(server)
    writeFileSync(join(dir, 'ca.crt'), tls.ca ?? '')
    writeFileSync(join(dir, 'token'), 'expired')
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    const pod = new KubeClient(new Transport({ access: inClusterAccess({ dir, env }) }))

    const error = await rejectionOf(pod.list(CONFIG_MAPS, { namespace }))
    writeFileSync(join(dir, 'token'), (headers['authorization'] ?? '').replace('Bearer ', ''))
    const page = await pod.list(CONFIG_MAPS, { namespace })
    await pod.close()
    rmSync(dir, { recursive: true })

    expect(error).to.have.property('code', 'Unauthorized')
    expect(page.items).to.not.equal(undefined)
  })

  it('follows a kind whose definition is deleted and made again', async () => {
    const widgets = namespaced<KubeObject>('k1.test/v1', 'Widget', 'widgets')
    await createDefinition(admin)
    const reflector = new Reflector({ client, resource: widgets, namespace, random: () => 1 })
    const running = reflector.start(stop.signal)
    await reflector.synced
    await createWidget(admin, namespace, 'first')
    await until(() => reflector.store.size === 1, { what: 'the first widget', deadlineMs: 15_000, everyMs: 50 })

    await admin.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: 'widgets.k1.test' })
    await until(() => reflector.store.size === 0, { what: 'no widget', deadlineMs: 15_000, everyMs: 50 })
    await until(() => reflector.state === 'forbidden', { what: 'the missing kind', deadlineMs: 15_000, everyMs: 50 })
    await createDefinition(admin)
    await createWidget(admin, namespace, 'second')
    await until(() => reflector.store.get(`${namespace}/second`), { what: 'the second widget', deadlineMs: 30_000 })
    stop.abort()
    await running
    await admin.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: 'widgets.k1.test' })

    expect(reflector.state).to.equal('synced')
  }).timeout(60_000)
})

describe('a stopped API server', function () {
  this.timeout(60_000)
  let server: ApiServer
  let client: KubeClient

  before(async () => {
    server = await startApiServer()
    client = await adminClient(server.kubeconfig)
  })

  after(async () => {
    await client?.close()
    await server?.stop()
  })

  it('is waited for, and followed again when it is back', async () => {
    const namespace = await newNamespace(client)
    const stop = new AbortController()
    const reflector = new Reflector({ client, resource: CONFIG_MAPS, namespace, random: () => 1 })
    const running = reflector.start(stop.signal)
    await reflector.synced

    await server.kill()
    const error = await rejectionOf(client.version())
    await server.restart()
    await client.create(CONFIG_MAPS, configMap({ namespace, name: 'after' }), { fieldManager })
    await until(() => reflector.store.get(`${namespace}/after`), { what: 'the new object', deadlineMs: 30_000 })
    stop.abort()
    await running

    expect(error).to.include({ code: 'ConnectionLost', retry: 'Transient' })
  }).timeout(60_000)

  it('that comes back with other objects is told as differences', async () => {
    const namespace = await newNamespace(client)
    for (const name of ['stays', 'goes']) {
      await client.create(CONFIG_MAPS, configMap({ namespace, name }), { fieldManager })
    }
    const stop = new AbortController()
    const reflector = new Reflector({ client, resource: CONFIG_MAPS, namespace })
    const running = reflector.start(stop.signal)
    await reflector.synced
    const changes: ObjectChange<ConfigMap>[] = []
    reflector.store.onChange((change) => changes.push(change))
    changes.splice(0)

    await server.kill()
    await until(() => rejectionOf(client.version()), { what: 'the end of the server', deadlineMs: 10_000 })
    await deleteKey(server.port + 1, `/registry/configmaps/${namespace}/goes`)
    await server.restart()
    await client.create(CONFIG_MAPS, configMap({ namespace, name: 'comes' }), { fieldManager })
    await until(() => changes.length === 2, { what: 'the differences', deadlineMs: 45_000, everyMs: 50 })
    stop.abort()
    await running

    const told = changes.map(({ kind, object }) => `${kind} ${object.metadata.name}`)
    expect(told.sort()).to.deep.equal(['added comes', 'deleted goes'])
  })

  it('that compacted its past answers an old watch with a new list, told as differences', async () => {
    const namespace = await newNamespace(client)
    for (const name of ['stays', 'goes']) {
      await client.create(CONFIG_MAPS, configMap({ namespace, name }), { fieldManager })
    }
    const gate = Promise.withResolvers<void>()
    const gated: ReflectorClient = {
      list: client.list.bind(client),
      watch: async function* (resource, options) {
        await gate.promise
        yield* client.watch(resource, options)
      },
    }
    const stop = new AbortController()
    const reflector = new Reflector({ client: gated, resource: CONFIG_MAPS, namespace })
    const changes: ObjectChange<ConfigMap>[] = []
    const running = reflector.start(stop.signal)
    await reflector.synced
    reflector.store.onChange((change) => changes.push(change))
    changes.splice(0)

    await client.delete(CONFIG_MAPS, { namespace, name: 'goes' })
    await client.create(CONFIG_MAPS, configMap({ namespace, name: 'comes' }), { fieldManager })
    const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace })
    await compact(server.port + 1, resourceVersion)
    // The cache of a server that was just started knows no past either.
    await server.restart()
    gate.resolve()
    await until(() => changes.length === 2, { what: 'the differences', deadlineMs: 15_000, everyMs: 50 })
    stop.abort()
    await running

    const told = changes.map(({ kind, object }) => `${kind} ${object.metadata.name}`)
    expect(told).to.deep.equal(['deleted goes', 'added comes'])
  }).timeout(60_000)
})

async function compact(etcdPort: number, revision: string): Promise<void> {
  const body = JSON.stringify({ revision, physical: true })
  const answer = await fetch(`http://127.0.0.1:${etcdPort}/v3/kv/compaction`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`Cannot compact etcd: ${await answer.text()}`)
}

/** Takes an object away while no API server sees it. */
async function deleteKey(etcdPort: number, key: string): Promise<void> {
  const body = JSON.stringify({ key: Buffer.from(key).toString('base64') })
  const answer = await fetch(`http://127.0.0.1:${etcdPort}/v3/kv/deleterange`, { method: 'POST', body })
  const { deleted } = (await answer.json()) as Readonly<{ deleted?: string }>
  if (deleted !== '1') throw new Error(`Cannot delete ${key} in etcd: ${deleted ?? 'no'} key had that name`)
}

async function createDefinition(client: KubeClient): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object' } }
  const definition: KubeObject & { spec: unknown } = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.k1.test' },
    spec: {
      group: 'k1.test',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
  await until(() => client.create(CUSTOM_RESOURCE_DEFINITIONS, definition, { fieldManager }), {
    what: 'the definition',
    deadlineMs: 10_000,
  })
}

async function createWidget(client: KubeClient, namespace: string, name: string): Promise<void> {
  const widgets = namespaced<KubeObject>('k1.test/v1', 'Widget', 'widgets')
  const widget: KubeObject = { apiVersion: 'k1.test/v1', kind: 'Widget', metadata: { namespace, name } }
  await until(() => client.create(widgets, widget, { fieldManager }), { what: name, deadlineMs: 10_000 })
}

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { SESSION_BINDINGS } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES, type SessionStore } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { hasCode } from '../../../src/kube/errors.ts'
import { PERSISTENT_VOLUME_CLAIMS, POD_DISRUPTION_BUDGETS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { Resource } from '../../../src/kube/types.ts'
import { runOperator } from '../../../src/operator.ts'
import { LABELS, objectLabels } from '../../../src/resources/labels.ts'
import { grantOperatorRights } from '../../support/grants.ts'
import { adminClient, kubeconfigPath, newNamespace, rejectionOf, TEST_MANAGER } from '../../support/kube.ts'
import { createClass, dropClasses, leaveClaim } from '../../support/sessionstore/volumes.ts'
import { until } from '../../support/until.ts'
import { installKind } from '../api/cluster.ts'

async function kubeconfigOfDev(folder: string): Promise<string> {
  const path = join(folder, 'kubeconfig')
  const config = parse(await readFile(kubeconfigPath(), 'utf8'))
  await writeFile(path, stringify({ ...config, 'current-context': 'dev' }), { mode: 0o600 })
  return path
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

/** Requests by status code, as /metrics counts them. */
async function countsByCode(port: number): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const counts = new Map<string, number>()
  for (const [, code = '', count] of text.matchAll(/^rest_client_requests_total\{[^}]*code="(\w+)"[^}]*\} (\d+)/gm)) {
    counts.set(code, (counts.get(code) ?? 0) + Number(count))
  }
  return counts
}

async function deleteAll(client: KubeClient, resource: Resource): Promise<void> {
  const { items } = await client.list(resource)
  for (const { metadata } of items) await client.delete(resource, metadata)
}

describe('the rights that the chart grants', function () {
  this.timeout(60_000)
  const stop = new AbortController()
  let client: KubeClient
  let namespace: string
  let folder: string
  let port: number
  let exitCode: Promise<0 | 1>

  before(async () => {
    client = await adminClient()
    for (const kind of KINDS) await installKind(client, kind)
    // What other tests left lies in namespaces that are ending, where nobody may create anything.
    await deleteAll(client, SESSION_STORES)
    await deleteAll(client, SESSION_BINDINGS)
    namespace = await newNamespace(client)
    folder = await mkdtemp(join(tmpdir(), 'sessionstore-rights-'))
    await grantOperatorRights(client, { namespace, user: 'dev' })
    port = await freePort()
    const address = { host: '127.0.0.1', port }
    exitCode = runOperator(
      {
        kubeconfig: await kubeconfigOfDev(folder),
        leaseName: 'sessionstore-operator',
        leaseNamespace: namespace,
        healthAddress: address,
        metricsAddress: address,
        clusterDomain: 'cluster.local',
        logLevel: 'error',
        workers: 2,
        identity: 'rights',
        podName: 'rights',
      },
      stop.signal,
    )
  })

  after(async () => {
    stop.abort()
    await exitCode
    await rm(folder, { recursive: true, force: true })
    await client.close()
  })

  it('are enough for all that a store becomes, and for its status', async () => {
    const { apiVersion, kind } = SESSION_STORES
    const store: SessionStore = { apiVersion, kind, metadata: { namespace, name: 'shop' }, spec: {} }
    await client.create(SESSION_STORES, store, { fieldManager: TEST_MANAGER })

    const status = await until(async () => (await client.get(SESSION_STORES, store.metadata)).status, {
      what: 'the status of the store',
      deadlineMs: 20_000,
    })

    expect(status.conditions?.find(({ type }) => type === 'Stalled')).to.include({ status: 'False' })
    expect(await client.get(STATEFUL_SETS, store.metadata)).to.have.nested.property('spec.replicas', 3)
  })

  it('let it remove the budget of a store of one member', async () => {
    const body = { spec: { replicas: 1 } }
    const ref = { namespace, name: 'shop' }
    await client.get(POD_DISRUPTION_BUDGETS, ref)

    await client.patch(SESSION_STORES, ref, { kind: 'merge', body, fieldManager: TEST_MANAGER })

    await until(async () => String(await rejectionOf(client.get(POD_DISRUPTION_BUDGETS, ref))).includes('not found'), {
      what: 'the budget to go',
      deadlineMs: 20_000,
    })
  })

  it('let it look for volumes and classes, and adopt what another store left', async () => {
    await dropClasses(client)
    await createClass(client, 'rights', { isDefault: true })
    const labels = { ...objectLabels({ name: 'kept' }), [LABELS.storeUid]: 'of-another' }
    await leaveClaim(client, { namespace, name: 'data-kept-0' }, { labels })
    const { apiVersion, kind } = SESSION_STORES
    const spec = { persistence: { mode: 'AOF', adoptVolumes: true } } as const
    const store: SessionStore = { apiVersion, kind, metadata: { namespace, name: 'kept' }, spec }

    const { metadata } = await client.create(SESSION_STORES, store, { fieldManager: TEST_MANAGER })

    const ref = { namespace, name: 'data-kept-0' }
    const ownerOf = async () => (await client.get(PERSISTENT_VOLUME_CLAIMS, ref)).metadata.labels?.[LABELS.storeUid]
    await until(async () => (await ownerOf()) === metadata.uid, { what: 'the adoption', deadlineMs: 20_000 })
    await dropClasses(client)
  })

  it('let its metrics be read, memory and event-loop delay among them', async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()

    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    expect(value('nodejs_eventloop_lag_p99_seconds')).to.be.above(0)
    expect(value('process_resident_memory_bytes')).to.be.above(1e6)
  })

  it('let it delete the default binding that it made', async () => {
    const body = { spec: { bindings: { default: false } } }
    const ref = { namespace, name: 'shop' }
    await client.get(SESSION_BINDINGS, ref)

    await client.patch(SESSION_STORES, ref, { kind: 'merge', body, fieldManager: TEST_MANAGER })

    await until(async () => hasCode(await rejectionOf(client.get(SESSION_BINDINGS, ref)), 'NotFound'), {
      what: 'the binding to go',
      deadlineMs: 20_000,
    })
  })

  it('lack nothing that was asked for', async () => {
    const counts = await countsByCode(port)

    expect(counts.get('200')).to.be.above(0)
    expect(counts.get('403')).to.equal(undefined)
  })
})

import { expect } from 'chai'
import { BY_NODE, BY_STORE, createCaches } from '../../src/caches.ts'
import { OperatorError } from '../../src/kube/errors.ts'
import { silentLog } from '../../src/kube/log.ts'
import { noMetrics } from '../../src/kube/metrics.ts'
import type { KubeObject, Resource } from '../../src/kube/types.ts'
import { LABELS } from '../../src/resources/labels.ts'
import { until } from '../support/until.ts'

type Listed = Readonly<{ labelSelector?: string }>

/** Lists what it is given by kind, forbids what it is told to, and watches in silence. */
function clientOf(items: Readonly<Record<string, readonly object[]>>, forbidden: readonly string[] = []) {
  const asked = new Map<string, string | undefined>()
  const client = {
    async list({ kind }: Resource, { labelSelector }: Listed) {
      asked.set(kind, labelSelector)
      if (forbidden.includes(kind)) throw new OperatorError('Forbidden', 'no', { status: 403 })
      return { items: items[kind] ?? [], resourceVersion: '1' }
    },
    async *watch(_: Resource, { signal }: Readonly<{ signal: AbortSignal }>): AsyncGenerator<never> {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    },
  }
  return { client: client as never, asked }
}

describe('createCaches()', () => {
  const stop = new AbortController()
  after(() => stop.abort())

  async function fill(items: Readonly<Record<string, readonly object[]>>, forbidden: readonly string[] = []) {
    const { client, asked } = clientOf(items, forbidden)
    const { caches, reflectors } = createCaches({ client, metrics: noMetrics, log: silentLog })
    for (const reflector of reflectors) void reflector.start(stop.signal)
    await Promise.all(reflectors.map(({ synced }) => synced))
    return { caches, asked }
  }

  it('asks for every kind, of child kinds only for what is ours', async () => {
    const { asked } = await fill({})

    const ours = 'app.kubernetes.io/managed-by=sessionstore-operator'
    const whole = [...asked].filter(([, selector]) => selector === undefined).map(([kind]) => kind)
    expect(whole.sort()).to.deep.equal(['Namespace', 'Node', 'SessionBinding', 'SessionStore', 'StorageClass'])
    expect([...asked].filter(([, selector]) => selector === ours)).to.have.length(9)
  })

  it('finds pods by store and by Node, bindings by store', async () => {
    const meta = (name: string, labels = {}): KubeObject['metadata'] => ({
      name,
      namespace: 'apps',
      resourceVersion: '1',
      labels,
    })
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: meta('s-0', { [LABELS.store]: 's' }),
      spec: { nodeName: 'node-0' },
    }
    const binding = {
      apiVersion: 'x',
      kind: 'SessionBinding',
      metadata: meta('app'),
      spec: { storeRef: { name: 's' } },
    }

    const { caches } = await fill({ Pod: [pod], SessionBinding: [binding] })

    expect(caches.pods.byIndex(BY_STORE, 'apps/s').map(({ metadata }) => metadata.name)).to.deep.equal(['s-0'])
    expect(caches.pods.byIndex(BY_NODE, 'node-0')).to.have.length(1)
    expect(caches.bindings.byIndex(BY_STORE, 'apps/s').map(({ metadata }) => metadata.name)).to.deep.equal(['app'])
  })

  it('keeps of a Node what decides', async () => {
    const conditions = [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status: 'True' },
    ]
    const spec = { taints: [{ key: 'k', effect: 'NoExecute' }], podCIDR: 'x' }
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', resourceVersion: '1' },
      spec,
      status: { conditions, images: [1] },
    }

    const { caches } = await fill({ Node: [node] })

    expect(caches.nodes.get('n')).to.deep.include({
      spec: { taints: spec.taints },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    })
  })

  it('keeps of a Namespace its labels', async () => {
    const annotations = { long: 'text' }
    const metadata = { name: 'shop', uid: 'u', resourceVersion: '1', labels: { team: 'a' }, annotations }

    const { caches } = await fill({ Namespace: [{ apiVersion: 'v1', kind: 'Namespace', metadata, status: {} }] })

    const { annotations: _, ...kept } = metadata
    expect(caches.namespaces.get('shop')).to.deep.equal({ apiVersion: 'v1', kind: 'Namespace', metadata: kept })
  })

  it('goes without Nodes and Namespaces where they are forbidden', async () => {
    const { caches } = await fill({}, ['Node', 'Namespace'])

    await until(() => caches.nodes.size + caches.namespaces.size === 0, { what: 'nothing', deadlineMs: 1000 })
  })
})

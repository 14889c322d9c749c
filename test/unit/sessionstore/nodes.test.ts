import { expect } from 'chai'
import type { Caches } from '../../../src/caches.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import type { Log } from '../../../src/kube/log.ts'
import type { KubeNode } from '../../../src/kube/types.ts'
import { confirmGone, GoneNodes } from '../../../src/sessionstore/nodes.ts'

const ON_NEW = { uid: 'pod', node: 'new' }
const node = (name: string): KubeNode => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } })

/** A cache with these Nodes, an API server with those, and what was asked and logged. */
function world(cached: readonly string[], real: readonly string[] | 'refuses') {
  const nodes = new Map(cached.map((name) => [name, node(name)]))
  const asked: string[] = []
  const warnings: unknown[] = []
  async function list(_resource: unknown, { fieldSelector = '' }: { fieldSelector?: string }) {
    asked.push(fieldSelector)
    if (real === 'refuses') throw new OperatorError('Forbidden', 'no')
    return { items: real.filter((name) => fieldSelector === `metadata.name=${name}`).map(node), resourceVersion: '1' }
  }
  const log = { warn: (fields: unknown) => warnings.push(fields) }
  const goneNodes = new GoneNodes()
  const caches = { nodes } as unknown as Pick<Caches, 'nodes'>
  const asking = {
    client: { list } as unknown as Pick<KubeClient, 'list'>,
    caches,
    log: log as unknown as Log,
    signal: new AbortController().signal,
  }
  return {
    asked,
    warnings,
    nodes,
    read: () => goneNodes.read(caches, ON_NEW),
    confirm: (nowMs: number, placed = [ON_NEW]) => confirmGone(asking, goneNodes, { placed, nowMs }),
  }
}

describe('GoneNodes', () => {
  it('takes a Node that only the cache does not have for one that may run', async () => {
    const { read, confirm, asked } = world(['old'], ['old', 'new'])

    expect(read()).to.equal('missing')
    expect(await confirm(0, [ON_NEW, { ...ON_NEW }])).to.equal(false)
    expect(read()).to.equal('missing')
    expect(asked).to.deep.equal(['metadata.name=new'])
  })

  it('asks again after a while, not at each look', async () => {
    const { confirm, asked } = world(['old'], ['old', 'new'])
    for (const nowMs of [0, 1000, 4999, 5000]) await confirm(nowMs)

    expect(asked).to.have.length(2)
  })

  it('knows a Node that the API server does not have either for gone, and asks no more', async () => {
    const { read, confirm, asked } = world(['old'], ['old'])

    expect(await confirm(0)).to.equal(true)
    expect(read()).to.equal('gone')
    expect(await confirm(10_000)).to.equal(false)
    expect(asked).to.have.length(1)
  })

  it('says nothing of another pod on a Node of the same name', async () => {
    const { confirm, asked, nodes } = world(['old'], ['old'])
    await confirm(0)
    nodes.set('new', node('new'))
    await confirm(10_000, [ON_NEW, { uid: 'later', node: 'new' }])
    nodes.delete('new')
    await confirm(20_000, [ON_NEW, { uid: 'later', node: 'new' }])

    expect(asked).to.have.length(2)
  })

  it('takes it for one that may run where it cannot be read, and says so', async () => {
    const { read, confirm, warnings } = world(['old'], 'refuses')

    expect(await confirm(0)).to.equal(false)
    expect(read()).to.equal('missing')
    expect(warnings).to.have.length(1)
  })

  it('asks nothing while every Node is in the cache, nor where Nodes may not be read', async () => {
    const whole = world(['new'], ['new'])
    await whole.confirm(0)
    const blind = world([], ['new'])
    await blind.confirm(0)

    expect([...whole.asked, ...blind.asked]).to.deep.equal([])
    expect(blind.read()).to.equal('unknown')
  })
})

import { expect } from 'chai'
import type { Caches } from '../../../src/caches.ts'
import type { KubeNode, Pod, StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { StoreMemory } from '../../../src/sessionstore/memory.ts'
import { observeRuns } from '../../../src/sessionstore/runs.ts'

const READY = [{ type: 'Ready', status: 'True' }]
const identity = { name: 's', namespace: 'apps', uid: 'u', apiVersion: 'sessionstore.dev/v1alpha1' }
const GONE = { name: 's-0', uid: 'gone', node: 'node-0' }
const THERE = { name: 's-1', uid: 'there', node: 'node-1' }

function cachesOf(nodes: Readonly<Record<string, Partial<KubeNode>>>): Caches {
  return { nodes: new Map(Object.entries(nodes)) } as unknown as Caches
}

function setOf(text: string): StatefulSet {
  const metadata = { name: 's', annotations: { [ANNOTATIONS.runs]: text } }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata }
}

type Options = Readonly<{
  nodes?: Parameters<typeof cachesOf>[0]
  afterMs?: number
  ended?: string
  isGone?: boolean
  backAfterMs?: number
}>

function observe({
  nodes = { 'node-0': { status: { conditions: [] } } },
  afterMs = 0,
  ended,
  isGone,
  backAfterMs,
}: Options = {}) {
  const memory = new StoreMemory(0)
  if (isGone) memory.goneNodes.noteGone('gone')
  if (ended) memory.noteEnded(ended)
  const pods = [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 's-1', uid: 'there' } }] as readonly Pod[]
  const inputs = { caches: cachesOf(nodes), memory, clusterDomain: 'cluster.local', identity, pods }
  const statefulSet = setOf(JSON.stringify([GONE, THERE]))
  const away = cachesOf({ 'node-0': { status: { conditions: [] } } })
  observeRuns({ ...inputs, ...(backAfterMs !== undefined && { caches: away }), statefulSet, nowMs: 1000 })
  if (backAfterMs !== undefined) observeRuns({ ...inputs, statefulSet, nowMs: 1000 + backAfterMs })
  return observeRuns({ ...inputs, statefulSet, nowMs: 1000 + afterMs })
}

describe('observeRuns()', () => {
  it('takes a pod without an object for a member that may still write, under its old name', () => {
    const { runs, ghosts, hasStaleRuns } = observe()

    expect(runs).to.deep.equal([GONE, THERE])
    expect(hasStaleRuns).to.equal(false)
    expect(ghosts).to.have.length(1)
    expect(ghosts[0]).to.deep.include({ host: 's-0.s-nodes.apps.svc.cluster.local.' })
    expect(ghosts[0]?.probe).to.deep.include({ kind: 'unreachable', sinceMs: 1000 })
  })

  const ready = { 'node-0': { status: { conditions: READY } } } as Options['nodes'] & object
  const rows: readonly [rule: string, options: Options, ghosts: number][] = [
    ['forgets one that was seen to end', { ended: 'gone' }, 0],
    ['forgets one whose Node is deleted', { nodes: { other: {} }, isGone: true }, 0],
    ['keeps one whose Node is only not seen, however long', { nodes: { other: {} }, afterMs: 3_600_000 }, 1],
    ['keeps one whose Node is silent, however long', { afterMs: 3_600_000 }, 1],
    ['keeps one for a minute after its Node is ready', { nodes: ready, afterMs: 60_000 }, 1],
    ['then its kubelet has ended it', { nodes: ready, afterMs: 60_001 }, 0],
    ['counts that from when it is back', { nodes: ready, backAfterMs: 600_000, afterMs: 660_000 }, 1],
    ['and no further', { nodes: ready, backAfterMs: 600_000, afterMs: 660_001 }, 0],
    ['keeps one for ten minutes where Nodes may not be read', { nodes: {}, afterMs: 600_000 }, 1],
    ['and no longer, as nobody would ever know', { nodes: {}, afterMs: 600_001 }, 0],
  ]
  for (const [rule, options, count] of rows) {
    it(rule, () => {
      const { runs, ghosts, hasStaleRuns } = observe(options)

      expect(ghosts).to.have.length(count)
      expect(runs).to.have.length(count + 1)
      expect(hasStaleRuns).to.equal(count === 0)
    })
  }

  it('throws for a list that it did not write: one of them may still write', () => {
    const inputs = {
      caches: cachesOf({}),
      memory: new StoreMemory(0),
      clusterDomain: 'cluster.local',
      identity,
      pods: [],
    }

    expect(() => observeRuns({ ...inputs, statefulSet: setOf('[{"name":1}]'), nowMs: 0 })).to.throw(
      'annotation sessionstore.dev/runs is [{"name":1}]',
    )
  })
})

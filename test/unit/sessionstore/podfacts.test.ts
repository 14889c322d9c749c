import { expect } from 'chai'
import type { KubeNode, Pod } from '../../../src/kube/types.ts'
import { ANNOTATIONS, JOINED_CONDITION, LABELS } from '../../../src/resources/labels.ts'
import type { NodeFacts } from '../../../src/sessionstore/nodes.ts'
import { isNodeOff, mayOutlive, readPod, readStopped } from '../../../src/sessionstore/podfacts.ts'

type State = 'running' | 'waiting' | 'terminated' | 'none'

/** A pod on node-0 from words: its phase, its container's state, `unscheduled`. */
function podOf(words: string): Pod {
  const [phase = 'Running', state = 'running', ...more] = words.split(' ')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 's-0', uid: 'uid-0' },
    spec: { containers: [], ...(!more.includes('unscheduled') && { nodeName: 'node-0' }) },
    status: { phase, ...(state !== 'none' && { containerStatuses: [statusOf(state as State)] }) },
  } as Pod
}

function statusOf(state: State) {
  return { name: 'server', image: 'x', imageID: 'x', ready: false, restartCount: 0, state: { [state]: {} } }
}

function nodeOf(words: string): NodeFacts {
  if (words === 'gone' || words === 'missing' || words === 'unknown') return words
  const taints = words === 'out' ? [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] : []
  const node: KubeNode = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-0', labels: { 'topology.kubernetes.io/zone': 'a' } },
    spec: { taints },
    status: { conditions: [{ type: 'Ready', status: { silent: 'Unknown', down: 'False' }[words] ?? 'True' }] },
  }
  return node
}

describe('readStopped()', () => {
  const rows: readonly [pod: string, node: string, want: string | undefined][] = [
    ['Running running', 'ready', undefined],
    ['Running running', 'silent', undefined],
    ['Running running', 'unknown', undefined],
    ['Running running', 'gone', 'NodeOff'],
    // Newer than what the watch of Nodes has brought.
    ['Running running', 'missing', undefined],
    ['Running terminated', 'missing', undefined],
    ['Running running', 'out', 'NodeOff'],
    ['Running terminated', 'ready', 'ContainerTerminated'],
    // The word of a kubelet that no longer reports is from before.
    ['Running terminated', 'silent', undefined],
    ['Running terminated', 'unknown', undefined],
    ['Running waiting', 'ready', 'ContainerWaiting'],
    ['Failed running', 'ready', 'PodEnded'],
    ['Failed running', 'silent', undefined],
    ['Succeeded none', 'ready', 'PodEnded'],
    ['Pending none', 'ready', 'NotStarted'],
    ['Pending none unscheduled', 'unknown', 'NotScheduled'],
    ['Running none', 'ready', undefined],
  ]
  for (const [pod, node, want] of rows) {
    it(`says ${want ?? 'that it may run'} of "${pod}" on a node that is ${node}`, () => {
      expect(readStopped(podOf(pod), nodeOf(node))).to.equal(want)
    })
  }
})

describe('mayOutlive()', () => {
  const rows: readonly [pod: string, node: string, want: boolean][] = [
    ['Running running', 'ready', true],
    ['Running running', 'silent', true],
    ['Running running', 'unknown', true],
    ['Running running', 'gone', false],
    ['Running running', 'missing', true],
    ['Running running', 'out', false],
    ['Running terminated', 'ready', false],
    // The word of a kubelet that no longer reports is from before.
    ['Running terminated', 'silent', true],
    ['Failed terminated', 'silent', false],
    ['Failed running', 'down', false],
    ['Running terminated', 'down', false],
    ['Running terminated', 'unknown', false],
    ['Pending waiting', 'ready', false],
    ['Running running unscheduled', 'ready', false],
  ]
  for (const [pod, node, want] of rows) {
    it(`is ${want} for a removed pod "${pod}" on a node that is ${node}`, () => {
      expect(mayOutlive(podOf(pod), nodeOf(node))).to.equal(want)
    })
  }
})

describe('isNodeOff()', () => {
  it('takes an unknown Node for one that may run', () => {
    expect(isNodeOff('unknown')).to.equal(false)
  })
})

describe('readPod()', () => {
  const template = { configHash: 'new', isObserved: true, limitBytes: 0 }

  it('puts a pod into the words of the plan', () => {
    const pod = podOf('Running running')
    const labels = { [LABELS.role]: 'primary', [LABELS.readable]: 'true' }
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: JOINED_CONDITION, status: 'True' },
    ]
    const facts = readPod(
      { ...pod, metadata: { ...pod.metadata, labels }, status: { ...pod.status, podIP: '10.0.0.1', conditions } },
      nodeOf('ready'),
      template,
    )

    expect(facts).to.deep.equal({
      uid: 'uid-0',
      ip: '10.0.0.1',
      node: 'node-0',
      zone: 'a',
      isTerminating: false,
      isReady: true,
      isNodeReady: true,
      isOutdated: true,
      role: 'primary',
      isReadable: true,
      isJoined: true,
    })
  })

  it('takes no role that is not one of ours', () => {
    const pod = podOf('Running running')
    const facts = readPod(
      { ...pod, metadata: { ...pod.metadata, labels: { [LABELS.role]: 'x' } } },
      'unknown',
      template,
    )

    expect(facts).to.not.have.property('role')
  })

  const outdated: readonly [hash: string | undefined, isObserved: boolean, want: boolean][] = [
    ['new', true, false],
    ['old', true, true],
    [undefined, true, true],
    // Deleted before the StatefulSet controller has seen the template it would come back from the old one.
    ['old', false, false],
  ]
  for (const [hash, isObserved, want] of outdated) {
    it(`is ${want ? '' : 'not '}outdated with hash ${hash} of a template that is ${isObserved ? '' : 'not '}observed`, () => {
      const pod = podOf('Running running')
      const annotations = hash === undefined ? {} : { [ANNOTATIONS.configHash]: hash }
      const facts = readPod({ ...pod, metadata: { ...pod.metadata, annotations } }, 'unknown', {
        ...template,
        isObserved,
      })

      expect(facts.isOutdated).to.equal(want)
    })
  }

  const sizes: readonly [pod: string, memory: string, want: boolean][] = [
    ['Pending none unscheduled', '2Gi', true],
    ['Pending none unscheduled', '1Gi', false],
    // A container that a Node has is resized in place.
    ['Running running', '2Gi', false],
  ]
  for (const [words, memory, want] of sizes) {
    it(`is ${want ? '' : 'not '}outdated as "${words}" with ${memory} where the template has 1Gi`, () => {
      const pod = podOf(words)
      const containers = [{ name: 'server', resources: { limits: { memory } } }]
      const annotations = { [ANNOTATIONS.configHash]: 'new' }
      const sized = { ...pod, metadata: { ...pod.metadata, annotations }, spec: { ...pod.spec, containers } }

      expect(readPod(sized, 'unknown', { ...template, limitBytes: 1024 ** 3 }).isOutdated).to.equal(want)
    })
  }
})

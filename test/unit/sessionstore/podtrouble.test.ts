import { expect } from 'chai'
import type { KubeNode, Pod } from '../../../src/kube/types.ts'
import { evictionOf, loopEndsMs, readTroubles, shortenScheduling } from '../../../src/sessionstore/podtrouble.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const BORN = '2026-01-01T00:00:00Z'

type Status = NonNullable<Pod['status']>
type Container = NonNullable<Status['containerStatuses']>[number]

function at(secondsAgo: number): string {
  return new Date(NOW - secondsAgo * 1000).toISOString()
}

/** A scheduled pod of this status. */
function podOf(status: object, { isScheduled = true, isLeaving = false } = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 's-0', creationTimestamp: BORN, ...(isLeaving && { deletionTimestamp: at(1) }) },
    spec: { containers: [], ...(isScheduled && { nodeName: 'node-0' }) },
    status,
  } as unknown as Pod
}

function serverOf(state: object, more: Partial<Container> = {}): object {
  const server = { name: 'server', image: 'valkey:x', imageID: '', ready: false, restartCount: 0, state, ...more }
  return { phase: 'Pending', containerStatuses: [server] }
}

function nodeOf(ready: 'True' | 'Unknown' | 'none'): KubeNode {
  const conditions = ready === 'none' ? [] : [{ type: 'Ready', status: ready, lastTransitionTime: at(70) }]
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0' }, status: { conditions } } as unknown as KubeNode
}

function tell(pod: Pod, node: KubeNode = nodeOf('True')): readonly string[] {
  return readTroubles(pod, node, NOW).map(({ kind, detail, sinceMs }) => `${kind} ${(NOW - sinceMs) / 1000}: ${detail}`)
}

const ended = (seconds: number, runSeconds: number, more: object = {}) => ({
  terminated: { exitCode: 1, reason: 'Error', startedAt: at(seconds + runSeconds), finishedAt: at(seconds), ...more },
})
const BACK_OFF = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s restarting failed container' } }

describe('readTroubles(): images', () => {
  const waiting = (reason: string, message: string) => podOf(serverOf({ waiting: { reason, message } }))
  const pulls: readonly [message: string, want: string][] = [
    ['failed to resolve reference "docker.io/x/y:1": docker.io/x/y:1: not found', 'is not found'],
    ['pull access denied, repository does not exist or may require authorization', 'is not found'],
    ['failed to authorize: 401 Unauthorized', 'is refused to the nodes without a login (imagePullSecrets)'],
    ['dial tcp: lookup registry.example: no such host', 'is not reached: its registry does not answer the nodes'],
    ['toomanyrequests: You have reached your pull rate limit', 'is refused as the registry limits the rate of pulls'],
    ["couldn't parse image name", 'is not a valid reference'],
    ['something else', 'fails; see kubectl describe pod'],
  ]
  for (const [message, want] of pulls) {
    it(`says that it ${want}`, () => {
      expect(tell(waiting('ErrImagePull', message))).to.deep.equal([`ImagePull 3600: "valkey:x" ${want}`])
    })
  }

  it('says the same while the kubelet pulls and while it waits for the next try', () => {
    const cause = 'failed to resolve reference "docker.io/x/y:1": not found'

    expect(tell(waiting('ImagePullBackOff', `Back-off pulling image "y:1": ErrImagePull: ${cause}`))).to.deep.equal(
      tell(waiting('ErrImagePull', cause)),
    )
  })

  it('takes the words of the kubelet for a container that it cannot make', () => {
    expect(tell(waiting('CreateContainerConfigError', 'secret "x" not found'))).to.deep.equal([
      'StartFailed 3600: secret "x" not found',
    ])
  })

  it('notes a pod that only starts', () => {
    expect(tell(waiting('ContainerCreating', ''))).to.deep.equal(['Starting 3600: '])
  })
})

describe('readTroubles(): a server that ends', () => {
  const rows: readonly [what: string, status: object, want: readonly string[]][] = [
    ['once', serverOf(BACK_OFF, { restartCount: 1, lastState: ended(5, 1) }), ['Restarting 3600: exit code 1']],
    [
      'again and again',
      serverOf(BACK_OFF, { restartCount: 3, lastState: ended(5, 1) }),
      ['CrashLoop 3600: exit code 1'],
    ],
    ['just now', serverOf(ended(0, 1), { restartCount: 3 }), ['CrashLoop 3600: exit code 1']],
    [
      'out of memory',
      serverOf(BACK_OFF, { restartCount: 9, lastState: ended(5, 1, { reason: 'OOMKilled', exitCode: 137 }) }),
      ['CrashLoop 3600: OOMKilled: it needed more memory than its limit'],
    ],
    [
      'as it is no server',
      serverOf(BACK_OFF, { restartCount: 9, lastState: ended(5, 0, { exitCode: 127 }) }),
      ['CrashLoop 3600: exit code 127: the image lacks the server program or a shell'],
    ],
    [
      'and runs again for a moment',
      serverOf({ running: { startedAt: at(59) } }, { restartCount: 4, lastState: ended(60, 2) }),
      ['CrashLoop 3600: exit code 1'],
    ],
    ['and runs again', serverOf({ running: { startedAt: at(60) } }, { restartCount: 4, lastState: ended(61, 2) }), []],
    ['after months', serverOf({ running: { startedAt: at(1) } }, { restartCount: 4, lastState: ended(2, 9999) }), []],
  ]
  for (const [what, status, want] of rows) {
    it(`tells one that ended ${what}`, () => {
      expect(tell(podOf(status))).to.deep.equal(want)
    })
  }

  it('knows when a run has left the loop', () => {
    const running = serverOf({ running: { startedAt: at(10) } }, { restartCount: 4, lastState: ended(11, 2) })

    expect(loopEndsMs(podOf(running))).to.equal(NOW + 50_000)
    expect(loopEndsMs(podOf(serverOf({ running: { startedAt: at(10) } })))).to.equal(undefined)
  })
})

describe('readTroubles(): Nodes', () => {
  const condition = (type: string, more: object) => ({ conditions: [{ type, lastTransitionTime: at(40), ...more }] })

  it('tells a pod that no Node takes', () => {
    const message = '0/4 nodes are available: 1 Insufficient memory, 3 node(s) were unschedulable. preemption: 0/4 …'
    const pod = podOf(condition('PodScheduled', { status: 'False', reason: 'Unschedulable', message }), {
      isScheduled: false,
    })

    expect(tell(pod)).to.deep.equal(['Unschedulable 40: Insufficient memory, node(s) were unschedulable'])
  })

  it('tells a Node that does not report', () => {
    expect(tell(podOf({ phase: 'Running' }), nodeOf('Unknown'))).to.deep.equal(['NodeNotReady 70: node-0'])
    expect(tell(podOf({ phase: 'Running' }), nodeOf('none'))).to.deep.equal([])
  })

  const resizes: readonly [what: string, more: object, want: string][] = [
    [
      'PodResizePending',
      {
        status: 'True',
        reason: 'Infeasible',
        message: "Node didn't have enough capacity: memory, requested: 9, capacity: 8",
      },
      "ResizeInfeasible 40: Node didn't have enough capacity: memory, requested: 9, capacity: 8",
    ],
    [
      'PodResizePending',
      { status: 'True', reason: 'Deferred', message: 'Not enough room: memory, requested: 9, used: 7, capacity: 8' },
      'ResizeDeferred 40: Not enough room: memory, requested: 9, capacity: 8',
    ],
    ['PodResizeInProgress', { status: 'True', reason: 'Error', message: 'no' }, 'ResizeFailed 40: no'],
  ]
  for (const [type, more, want] of resizes) {
    it(`tells ${want.split(' ')[0]}`, () => {
      expect(tell(podOf(condition(type, more)))).to.deep.equal([want])
    })
  }

  it('tells an evicted pod, without what each container used', () => {
    const message =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 7Mi. Container server …'
    const pod = podOf({
      phase: 'Failed',
      reason: 'Evicted',
      message,
      ...condition('DisruptionTarget', { status: 'True' }),
    })

    expect(tell(pod)).to.deep.equal(['Evicted 40: The node was low on resource: memory'])
    expect(evictionOf(pod)).to.equal('The node was low on resource: memory')
  })

  it('tells an evicted pod whose server exited with 0, of which the kubelet gives no reason', () => {
    expect(tell(podOf({ phase: 'Succeeded' }))[0]).to.match(/^Evicted .*: the events of the pod say why$/)
  })

  it('has no word for a pod that leaves', () => {
    expect(tell(podOf({ phase: 'Failed', reason: 'Evicted' }, { isLeaving: true }))).to.deep.equal([])
  })

  it('is the silence of its Node still when the pod is being deleted: nobody else can end it', () => {
    const leaving = podOf({ phase: 'Failed', reason: 'Evicted' }, { isLeaving: true })

    expect(tell(leaving, nodeOf('Unknown'))).to.deep.equal(['NodeNotReady 70: node-0'])
  })
})

describe('shortenScheduling()', () => {
  const rows: readonly [message: string, want: string][] = [
    [
      "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 node(s) didn't match Pod's node affinity/selector. preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
      "node(s) didn't match Pod's node affinity/selector, node(s) had untolerated taint(s)",
    ],
    [
      '0/4 nodes are available: 4 Insufficient memory. no new claims to deallocate, preemption: x',
      'Insufficient memory',
    ],
    ['persistentvolumeclaim "data-s-0" not found', 'persistentvolumeclaim "data-s-0" not found'],
    ['', 'the scheduler gave no reason'],
  ]
  for (const [message, want] of rows) {
    it(`makes "${want}"`, () => expect(shortenScheduling(message)).to.equal(want))
  }
})

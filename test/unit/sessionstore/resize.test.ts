import { expect } from 'chai'
import { OperatorError } from '../../../src/kube/errors.ts'
import type { Pod } from '../../../src/kube/types.ts'
import { StoreMemory } from '../../../src/sessionstore/memory.ts'
import type { Snapshot } from '../../../src/sessionstore/observe.ts'
import { type ResizeContext, readRefusedResize, resizePods } from '../../../src/sessionstore/resize.ts'
import { recordingLog } from '../../support/recording-log.ts'

const QUOTA = 'pods "s-0" is forbidden: exceeded quota: team, requested: limits.memory=1Gi, used: x, limited: y'

/** One pod of 1 Mi that should have 2 Mi, at so many seconds. */
function snapshot(seconds: number): Snapshot {
  const containers = [{ name: 'server', resources: { limits: { memory: '1Mi' } } }]
  const pod = {
    metadata: { namespace: 'a', name: 's-0', uid: 'u' },
    spec: { containers },
    status: { phase: 'Running' },
  }
  const sizing = { limitBytes: 2 * 1024 ** 2, maxMemoryBytes: 1 }
  return { pods: [pod], sizing, facts: { members: [] }, nowMs: seconds * 1000 } as unknown as Snapshot
}

class Api {
  readonly asked: number[] = []
  readonly memory = new StoreMemory(0)
  readonly log = recordingLog()
  answer: Pod | Error = new OperatorError('Forbidden', QUOTA)

  async pass(seconds: number): Promise<string | undefined> {
    const patch = async (): Promise<Pod> => {
      this.asked.push(seconds)
      if (this.answer instanceof Error) throw this.answer
      return this.answer
    }
    const caches = { pods: { upsert: () => undefined } }
    const context = {
      client: { patch },
      caches,
      memory: this.memory,
      log: this.log,
      signal: new AbortController().signal,
    }
    await resizePods(context as unknown as ResizeContext, snapshot(seconds))
    return readRefusedResize(this.memory, snapshot(seconds))?.obstacle.reason
  }
}

describe('resizePods()', () => {
  it('asks once a minute for a size that is refused, and says so once', async () => {
    const api = new Api()

    const told = []
    for (const seconds of [0, 1, 30, 59, 60, 61]) told.push(await api.pass(seconds))

    expect(api.asked).to.deep.equal([0, 60])
    expect(new Set(told)).to.deep.equal(new Set(['QuotaExceeded']))
    expect(api.log.lines).to.have.length(1)
  })

  it('forgets a refusal that has passed', async () => {
    const api = new Api()
    await api.pass(0)
    api.answer = {} as Pod

    expect(await api.pass(60)).to.equal(undefined)
  })

  it('calls a size infeasible that the cluster cannot change', async () => {
    const api = new Api()
    api.answer = new OperatorError('Invalid', 'resize is not supported')

    expect(await api.pass(0)).to.equal('ResizeInfeasible')
    expect(readRefusedResize(api.memory, snapshot(0))?.dueMs).to.equal(60_000)
  })
})

import { expect } from 'chai'
import { OperatorError } from '../../../src/kube/errors.ts'
import type { Pod } from '../../../src/kube/types.ts'
import type { ProbeFacts } from '../../../src/redis/types.ts'
import { StoreMemory } from '../../../src/sessionstore/memory.ts'

const silent: ProbeFacts = { kind: 'unreachable', reason: 'Timeout', sinceMs: 0, isRefusalConfirmed: false }

function podOf(uid: string): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 's-0', uid }, spec: { containers: [], nodeName: 'node-0' } }
}

describe('StoreMemory', () => {
  it('keeps the first moment of a silence', () => {
    const memory = new StoreMemory(0)

    expect([memory.noteProbe('s-0', silent, 5), memory.noteProbe('s-0', silent, 9)]).to.deep.equal([5, 5])
  })

  it('holds a failure to prepare against that run only, and for 3 s', () => {
    const memory = new StoreMemory(0)
    memory.notePrepareFailure('s-0', { runId: 'a', atMs: 100, message: 'm' })

    expect(memory.prepareFailure('s-0', { runId: 'a', nowMs: 3099 })).to.equal('m')
    expect(memory.prepareFailure('s-0', { runId: 'a', nowMs: 3100 })).to.equal(undefined)
    expect(memory.prepareFailure('s-0', { runId: 'b', nowMs: 101 })).to.equal(undefined)
    expect(memory.prepareFailure('s-1', { runId: 'a', nowMs: 101 })).to.equal(undefined)
  })

  it('holds refused objects against that generation only, and for 5 s from the first refusal', () => {
    const memory = new StoreMemory(0)
    memory.noteObjectsFailure('why', { generation: 1, nowMs: 100 })
    memory.noteObjectsFailure('again', { generation: 1, nowMs: 4000 })

    expect(memory.objectsFailure({ generation: 1, nowMs: 5099 })).to.equal('why')
    expect(memory.objectsFailure({ generation: 1, nowMs: 5100 })).to.equal(undefined)
    expect(memory.objectsFailure({ generation: 2, nowMs: 101 })).to.equal(undefined)
  })

  it('asks a pod once for a limit it refused', () => {
    const memory = new StoreMemory(0)
    const error = new OperatorError('Forbidden', 'no')
    memory.noteResizeRefused(podOf('a'), { limitBytes: 10, atMs: 1, error })

    const refused = (pod: string, limitBytes: number) => memory.refusedResizes([podOf(pod)], limitBytes).length
    expect([refused('a', 10), refused('a', 11), refused('b', 10)]).to.deep.equal([1, 0, 0])

    memory.noteResized(podOf('a'))
    expect(refused('a', 10)).to.equal(0)
  })

  it('tells of logins that came and went, once', () => {
    const memory = new StoreMemory(0)
    const told: (readonly string[])[] = []
    memory.onApplied = (names) => told.push(names)

    expect(memory.applied).to.equal(undefined)
    for (const names of [['a'], ['a'], ['b'], []]) memory.noteApplied(names)

    expect(told).to.deep.equal([['a'], ['b', 'a'], ['b']])
    expect(memory.applied?.size).to.equal(0)
  })

  it('knows which pods were seen to end, and since when another is missed', () => {
    const memory = new StoreMemory(0)
    memory.noteEnded('a')

    expect([memory.hasEnded('a'), memory.hasEnded('b')]).to.deep.equal([true, false])
    expect([memory.ghostSinceMs('b', 7), memory.ghostSinceMs('b', 9)]).to.deep.equal([7, 7])
  })
})

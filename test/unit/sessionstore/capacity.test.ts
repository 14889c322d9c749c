import { expect } from 'chai'
import type { ProbeFacts, ServerFacts } from '../../../src/redis/types.ts'
import { CapacityMemory, CapacityWatch } from '../../../src/sessionstore/capacity.ts'
import { isReached } from '../../../src/sessionstore/plan/facts.ts'
import { facts as factsOf } from '../../support/topology/words.ts'

const MI = 1024 ** 2
const TARGET = { primary: 's-0', eviction: 'volatile-ttl', backlogBytes: 0, limitBytes: 200 * MI } as const

function probeOf(usedMi: number, evictedKeys = 0): ServerFacts {
  const [member] = factsOf('n:1', ['s-0 primary']).members.filter(isReached)
  if (!member) throw new Error('Cannot build a probe: the words name no member that is reached')
  return { ...member.probe, usedMemoryBytes: usedMi * MI, maxMemoryBytes: 100 * MI, evictedKeys }
}

/** A watch over one primary, whose reports are written as soon as it asks for it. */
class Bench {
  seconds = 0
  probe: ProbeFacts = probeOf(10)
  readonly woken: number[] = []
  readonly memory = new CapacityMemory(0)
  readonly watch = new CapacityWatch({
    facts: () => this.probe,
    write: () => ({ kind: 'succeeded' }),
    memory: this.memory,
    nowMs: () => this.seconds * 1000,
    wake: () => this.write(),
  })

  write(): void {
    this.woken.push(this.seconds)
    const [nowMs, probe, previous] = [this.seconds * 1000, this.probe, this.memory.told]
    if (probe.kind !== 'reached') return
    const report = this.memory.report({ target: TARGET, probe, write: { kind: 'succeeded' }, previous, nowMs })
    if (!report) return
    const condition = { type: 'NearCapacity', status: 'True', reason: report.facts.level, message: '' } as const
    const conditions = [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }]
    this.memory.noteTold({ capacity: report.status, conditions }, nowMs)
  }

  /** Looks every 5 s until so many seconds. */
  run(untilSeconds: number): readonly number[] {
    this.watch.follow(TARGET)
    for (; this.seconds < untilSeconds; this.seconds += 5) this.watch.look()
    this.watch.stop()
    return this.woken.splice(0)
  }
}

describe('CapacityWatch', () => {
  it('wakes once to show a first amount, and never for one that stays', () => {
    const bench = new Bench()

    expect(bench.run(3600)).to.deep.equal([0])
  })

  it('wakes for much after a minute, for little after five, and for the limit at once', () => {
    const bench = new Bench()
    bench.run(600)
    bench.probe = probeOf(12)

    expect(bench.run(700)).to.deep.equal([600])

    bench.probe = probeOf(12.9)
    expect(bench.run(1200)).to.deep.equal([900])

    bench.probe = probeOf(86)
    expect(bench.run(1205)).to.deep.equal([1200])
  })

  it('wakes when sessions are evicted, and five minutes after the last one', () => {
    const bench = new Bench()
    bench.run(10)
    bench.probe = probeOf(10, 7)

    expect(bench.run(600)).to.deep.equal([10, 310])
  })

  it('does not take the count of another run for evictions', () => {
    const bench = new Bench()
    bench.run(10)
    bench.probe = { ...probeOf(10, 7), runId: 'another' }

    expect(bench.run(60)).to.deep.equal([])
  })

  it('is silent while the primary is', () => {
    const bench = new Bench()
    bench.run(10)
    bench.probe = { kind: 'unknown' }

    expect(bench.run(600)).to.deep.equal([])
  })
})

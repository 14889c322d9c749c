import { expect } from 'chai'
import type { EvictionPolicy } from '../../../../src/api/v1alpha1/defaults.ts'
import {
  type CapacityFacts,
  type CapacityInputs,
  type CapacityLevel,
  planCapacityStatus,
  readCapacity,
} from '../../../../src/sessionstore/plan/capacity.ts'

const MI = 1024 ** 2
const OOM = { kind: 'failed', message: 'OOM: command not allowed' } as const

/** A primary of 100 Mi with a backlog of 4 Mi of which 1 Mi is filled, and so many Mi for all else. */
function inputs(otherMi: number, more: Partial<CapacityInputs> = {}): CapacityInputs {
  const probe = {
    usedMemoryBytes: (otherMi + 1) * MI,
    replicationBufferBytes: MI,
    maxMemoryBytes: 100 * MI,
    evictedKeys: 0,
  }
  const base = { probe, backlogBytes: 4 * MI, limitBytes: 200 * MI, isEvicting: false, before: undefined }
  return { ...base, eviction: 'volatile-ttl' as EvictionPolicy, write: { kind: 'succeeded' }, ...more }
}

describe('readCapacity()', () => {
  it('counts the backlog as if it were full, as it fills with time', () => {
    expect(readCapacity(inputs(10))?.usedBytes).to.equal(14 * MI)
  })

  it('says nothing of a server without a limit', () => {
    const probe = { usedMemoryBytes: 1, replicationBufferBytes: 0, maxMemoryBytes: 0, evictedKeys: 0 }

    expect(readCapacity(inputs(1, { probe }))).to.equal(undefined)
  })

  const levels: readonly [what: string, otherMi: number, more: Partial<CapacityInputs>, want: CapacityLevel][] = [
    ['is enough below 85 %', 80, {}, 'Enough'],
    ['is near from 85 % on', 81, {}, 'NearLimit'],
    ['stays near down to 75 %', 71, { before: 'NearLimit' }, 'NearLimit'],
    ['is enough again below', 70, { before: 'NearLimit' }, 'Enough'],
    ['stays near after evictions too', 71, { before: 'Evicting' }, 'NearLimit'],
    ['does not call 80 % near that came from below', 76, { before: 'Enough' }, 'Enough'],
    ['tells evictions, whatever is used', 10, { isEvicting: true }, 'Evicting'],
    ['is full where nothing is evicted', 97, { eviction: 'noeviction' }, 'Full'],
    ['is near where nothing is evicted and a little is left', 96.9, { eviction: 'noeviction' }, 'NearLimit'],
    ['is not full where something may be evicted', 99, {}, 'NearLimit'],
    ['is full when a write is refused for memory', 10, { write: OOM }, 'Full'],
    ['is not full when a write fails otherwise', 10, { write: { kind: 'failed', message: 'READONLY' } }, 'Enough'],
  ]
  for (const [what, otherMi, more, want] of levels) {
    it(what, () => expect(readCapacity(inputs(otherMi, more))?.level).to.equal(want))
  }
})

describe('readCapacity() of a process that was just started', () => {
  it('tells evictions that it has not seen, while the memory is still full', () => {
    const seen = (otherMi: number): CapacityInputs => {
      const given = inputs(otherMi)
      return { ...given, probe: { ...given.probe, evictedKeys: 7 } }
    }

    expect([readCapacity(seen(97))?.level, readCapacity(seen(96))?.level]).to.deep.equal(['Evicting', 'NearLimit'])
  })
})

describe('planCapacityStatus()', () => {
  const facts = (usedMi: number, more: Partial<CapacityFacts> = {}): CapacityFacts => ({
    usedBytes: usedMi * MI,
    maxBytes: 128 * MI,
    limitBytes: 256 * MI,
    level: 'Enough',
    ...more,
  })
  const before = planCapacityStatus(facts(100), { before: undefined, ageMs: 0 })

  it('shows two digits, and what would leave 30 % free', () => {
    expect(before).to.deep.equal({ used: '100Mi', max: '128Mi', limit: '256Mi', recommended: '140Mi' })
    expect(planCapacityStatus(facts(5.678), { before: undefined, ageMs: 0 })).to.include({
      used: '5800Ki',
      recommended: '64Mi',
    })
  })

  it('recommends half as much again where what is used says nothing', () => {
    const status = planCapacityStatus(facts(128, { level: 'Evicting' }), { before: undefined, ageMs: 0 })

    expect(status.recommended).to.equal('190Mi')
  })

  const rows: readonly [usedMi: number, seconds: number, isWritten: boolean][] = [
    [109.9, 299, false],
    [110, 59, false],
    [110, 60, true],
    [89, 60, true],
    [106, 299, false],
    [106, 300, true],
    // Rounding alone may be wrong by as much.
    [105.5, 9999, false],
    [100, 9999, false],
  ]
  for (const [usedMi, seconds, isWritten] of rows) {
    it(`${isWritten ? 'shows' : 'keeps back'} ${usedMi} after 100 Mi and ${seconds} s`, () => {
      const status = planCapacityStatus(facts(usedMi), { before, ageMs: seconds * 1000 })

      expect(status === before).to.equal(!isWritten)
    })
  }

  it('shows a new limit at once', () => {
    const status = planCapacityStatus(facts(101, { maxBytes: 256 * MI }), { before, ageMs: 0 })

    expect(status).to.include({ max: '256Mi', used: '100Mi' })
  })
})

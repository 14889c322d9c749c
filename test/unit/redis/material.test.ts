import { expect } from 'chai'
import { inSyncReplicas, isHearing, materialOf } from '../../../src/redis/material.ts'
import type { EpochRecord, ServerFacts } from '../../../src/redis/types.ts'

const record: EpochRecord = { storeUID: 'u', epoch: 1, n: 3, w: 1, primary: 's-0', seq: 5, timeMs: 6 }

function reached(changes: Partial<ServerFacts> = {}): ServerFacts {
  return {
    kind: 'reached',
    runId: 'r1',
    version: '9.1.2',
    role: 'replica',
    upstream: { host: 's-0.nodes.', port: 6379 },
    isLinkUp: true,
    isSyncing: false,
    isLoading: false,
    lastHeardSeconds: 0,
    replicationId: 'a',
    replicationId2: 'b',
    offset: 1,
    secondOffset: -1,
    failoverState: 'no-failover',
    keyCount: 1,
    usedMemoryBytes: 1,
    replicationBufferBytes: 0,
    evictedKeys: 0,
    fullCopies: 0,
    bufferCuts: 0,
    maxMemoryBytes: 1,
    minReplicasToWrite: 1,
    maxLagSeconds: 2,
    record,
    isRecordHidden: false,
    replicas: [],
    failedWrites: [],
    preparedHash: 'h',
    observedAtMs: 1,
    ...changes,
  }
}

const link = { host: 's-1.', port: 6379, state: 'online', offset: 1, lagSeconds: 0 }

describe('materialOf()', () => {
  const silent: readonly [string, Partial<ServerFacts>][] = [
    ['offsets', { offset: 9, secondOffset: 8 }],
    ['seq and time', { record: { ...record, seq: 99, timeMs: 99 } }],
    ['memory and the number of keys', { usedMemoryBytes: 9, keyCount: 9 }],
    ['times', { observedAtMs: 9, lastHeardSeconds: 1 }],
  ]
  for (const [name, changes] of silent) {
    it(`is silent about ${name}`, () => {
      expect(materialOf(reached(changes))).to.equal(materialOf(reached()))
    })
  }

  it('is silent about the offsets and the lag of replicas', () => {
    const moved = { ...link, offset: 77, lagSeconds: 1 }
    expect(materialOf(reached({ replicas: [moved] }))).to.equal(materialOf(reached({ replicas: [link] })))
  })

  const told: readonly [string, Partial<ServerFacts>][] = [
    ['the run id', { runId: 'r2' }],
    ['the role', { role: 'master' }],
    ['the upstream', { upstream: { host: 's-1.nodes.', port: 6379 } }],
    ['the link', { isLinkUp: false }],
    ['the state of a failover', { failoverState: 'waiting-for-sync' }],
    ['the epoch', { record: { ...record, epoch: 2 } }],
    ['the primary of the record', { record: { ...record, primary: 's-1' } }],
    ['n', { record: { ...record, n: 5 } }],
    ['w', { record: { ...record, w: 2 } }],
    ['a replica that came online', { replicas: [link] }],
    ['what was prepared', { preparedHash: 'h2' }],
    ['the write gate', { minReplicasToWrite: 1000 }],
    ['the lag of the write gate', { maxLagSeconds: 4 }],
    ['a store that became empty', { keyCount: 0 }],
  ]
  for (const [name, changes] of told) {
    it(`tells ${name}`, () => {
      expect(materialOf(reached(changes))).not.to.equal(materialOf(reached()))
    })
  }

  it('tells a death, and when it is confirmed', () => {
    const lost = { kind: 'unreachable', reason: 'Refused', sinceMs: 1, isRefusalConfirmed: false } as const
    const texts = [reached(), lost, { ...lost, isRefusalConfirmed: true }, { kind: 'unknown' } as const].map(materialOf)
    expect(new Set(texts).size).to.equal(4)
    expect(materialOf({ ...lost, sinceMs: 2 })).to.equal(materialOf(lost))
  })
})

describe('isHearing()', () => {
  it('is true for a replica whose link is up and that got a byte within 2 s', () => {
    expect(isHearing(reached({ lastHeardSeconds: 2 }))).to.equal(true)
  })

  const not: readonly [string, Partial<ServerFacts>][] = [
    ['is silent for 3 s', { lastHeardSeconds: 3 }],
    ['has no link', { isLinkUp: false }],
    ['is the primary', { role: 'master' }],
  ]
  for (const [name, changes] of not) {
    it(`is false for one that ${name}`, () => {
      expect(isHearing(reached(changes))).to.equal(false)
    })
  }
})

describe('inSyncReplicas()', () => {
  it('counts what the write gate counts', () => {
    const replicas = [link, { ...link, lagSeconds: 3 }, { ...link, state: 'wait_bgsave' }]
    expect(inSyncReplicas(reached({ replicas }), 2)).to.deep.equal([link])
  })
})

import { expect } from 'chai'
import fc from 'fast-check'
import { effectiveSpec } from '../../../src/api/v1alpha1/effective.ts'
import { sizeStore, volumeBytes } from '../../../src/resources/sizing.ts'

const MI = 1024 * 1024
const sessions = (count: number, averageSize: string, connections = 1000) =>
  effectiveSpec({ capacity: { sessions: count, averageSize, connections } })
const maxMemory = (quantity: string, connections = 1000) =>
  effectiveSpec({ capacity: { maxMemory: quantity, connections } })

type Row = readonly [
  name: string,
  spec: ReturnType<typeof effectiveSpec>,
  members: number,
  want: readonly [maxMemoryBytes: number, limitMi: number, backlogBytes: number, outputBufferBytes: number],
]

// Each value was worked out by hand from the formula of the design.
const rows: readonly Row[] = [
  // 128 × 1.35 + 64 + 31.25 + 2 × 32 = 332.05
  ['the default store', effectiveSpec({}), 3, [128 * MI, 333, 4 * MI, 32 * MI]],
  // 172.8 + 64 + 31.25
  ['one member has no replica to buffer for', effectiveSpec({}), 1, [128 * MI, 269, 4 * MI, 32 * MI]],
  // 86.4 + 64 + 0.3125 + 32
  ['the smallest store', maxMemory('64Mi', 10), 2, [64 * MI, 183, 4 * MI, 32 * MI]],
  // 1382.4 + 64 + 31.25 + 2 × 128
  ['backlog and buffer grow with maxmemory', maxMemory('1Gi'), 3, [1024 * MI, 1734, 32 * MI, 128 * MI]],
  // 128 × 1.6 + 64 + 31.25 + 2 × 32 = 364.05
  [
    'snapshots and rewrites copy pages',
    effectiveSpec({ persistence: { mode: 'AOF' } }),
    3,
    [128 * MI, 365, 4 * MI, 32 * MI],
  ],
  // 16 Mi + 4 Mi + 10 × 24 Ki + 100 × 1324 × 1.25 is below the floor
  ['few sessions get the floor', sessions(100, '1Ki', 10), 3, [64 * MI, 215, 4 * MI, 32 * MI]],
  // 16777216 + 24576000 + 50000 × 1324 × 1.25 = 124103216; + 4 Mi; limit 165.18 + 64 + 31.25 + 64
  ['sessions add up', sessions(50_000, '1Ki'), 3, [128_297_520, 325, 4 * MI, 32 * MI]],
  // 41353216 + 10^6 × 2348 × 1.25 = 2976353216; × 32 / 31 = 3072364610.06…; limit 3955.55 + 64 + 31.25 + 2 × 366.25
  [
    'the backlog is a part of what it is computed from',
    sessions(1_000_000, '2Ki'),
    3,
    [3_072_364_611, 4784, 96_011_394, 384_045_576],
  ],
]

describe('sizeStore()', () => {
  for (const [name, spec, members, [maxMemoryBytes, limitMi, backlogBytes, outputBufferHardBytes]] of rows) {
    it(name, () => {
      expect(sizeStore(spec, members)).to.deep.equal({
        maxMemoryBytes,
        limitBytes: limitMi * MI,
        backlogBytes,
        outputBufferHardBytes,
        outputBufferSoftBytes: outputBufferHardBytes / 2,
        outputBufferSoftSeconds: 60,
        maxClients: spec.connections + 32,
      })
    })
  }

  it('hashes and a lifetime index cost more per session', () => {
    const spec = sessions(1_000_000, '1Ki')
    const string = sizeStore(spec, 3).maxMemoryBytes

    const hash = sizeStore(spec, 3, { valueType: 'Hash' }).maxMemoryBytes
    const indexed = sizeStore(spec, 3, { hasLifetimeIndex: true }).maxMemoryBytes

    expect([hash - string, indexed - string].map((bytes) => Math.round((bytes * 31) / 32 / 1.25e6))).to.deep.equal([
      150, 41,
    ])
  })

  it('never lets maxmemory come near the limit, and never asks for a part of a byte', () => {
    const anySpec = fc.oneof(
      fc
        .record({ sessions: fc.integer({ min: 1, max: 1e8 }), averageSize: fc.integer({ min: 1, max: 65_536 }) })
        .map(({ sessions: count, averageSize }) => ({ sessions: count, averageSize: String(averageSize) })),
      fc.integer({ min: 1, max: 1e12 }).map((bytes) => ({ maxMemory: String(bytes) })),
    )
    const connections = fc.integer({ min: 1, max: 65_000 })
    fc.assert(
      fc.property(anySpec, connections, fc.integer({ min: 1, max: 9 }), (capacity, count, members) => {
        const size = sizeStore(effectiveSpec({ capacity: { ...capacity, connections: count } }), members)

        expect(size.limitBytes).to.be.at.least(size.maxMemoryBytes * 1.35 + 64 * MI)
        expect(size.limitBytes % MI).to.equal(0)
        expect(size.maxMemoryBytes).to.be.at.least(64 * MI)
        expect(Object.values(size).every(Number.isSafeInteger)).to.equal(true)
      }),
    )
  })
})

describe('volumeBytes()', () => {
  for (const [mode, maxMemoryMi, wantGi] of [
    ['RDB', 128, 1],
    ['AOF', 128, 1],
    ['RDB', 341, 1],
    ['RDB', 342, 2],
    ['AOF', 4096, 20],
  ] as const) {
    it(`${mode} of ${maxMemoryMi}Mi gets ${wantGi}Gi`, () => {
      expect(volumeBytes(mode, maxMemoryMi * MI)).to.equal(wantGi * 1024 * MI)
    })
  }
})

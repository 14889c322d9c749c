import { expect } from 'chai'
import { lostBytes, parseRecord } from '../../../src/redis/record.ts'

const FIELDS = { storeUID: 'uid-1', epoch: '3', n: '3', w: '1', primary: 's-0', seq: '17', time: '1700000000000' }

function reply(fields: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(fields).flat()
}

describe('parseRecord()', () => {
  it('reads a whole record', () => {
    expect(parseRecord(reply(FIELDS))).to.deep.equal({
      storeUID: 'uid-1',
      epoch: 3,
      n: 3,
      w: 1,
      primary: 's-0',
      seq: 17,
      timeMs: 1_700_000_000_000,
    })
  })

  for (const name of Object.keys(FIELDS)) {
    it(`reads no record without ${name}`, () => {
      const { [name as keyof typeof FIELDS]: _left, ...rest } = FIELDS
      expect(parseRecord(reply(rest))).to.equal(undefined)
    })
  }

  for (const value of ['', '-1', '1.5', 'x', '1e9']) {
    it(`reads no record whose epoch is "${value}"`, () => {
      expect(parseRecord(reply({ ...FIELDS, epoch: value }))).to.equal(undefined)
    })
  }

  it('reads nothing from an empty hash', () => {
    expect(parseRecord([])).to.equal(undefined)
  })
})

describe('lostBytes()', () => {
  const former = { replicationId: 'a', offset: 1000 }

  it('counts what the former primary wrote beyond the fork', () => {
    expect(lostBytes(former, { replicationId2: 'a', secondOffset: 901 })).to.equal(100)
  })

  it('is 0 when the successor had everything', () => {
    expect(lostBytes(former, { replicationId2: 'a', secondOffset: 1001 })).to.equal(0)
    expect(lostBytes(former, { replicationId2: 'a', secondOffset: 1200 })).to.equal(0)
  })

  it('is unknown without a common lineage', () => {
    expect(lostBytes(former, { replicationId2: 'b', secondOffset: 901 })).to.equal(undefined)
    expect(lostBytes(former, { replicationId2: 'a', secondOffset: -1 })).to.equal(undefined)
  })
})

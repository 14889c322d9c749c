import { expect } from 'chai'
import { differingSettings, isSameSetting } from '../../../src/redis/settings.ts'

describe('isSameSetting()', () => {
  const rows: readonly [name: string, wanted: string, shown: string | undefined, isSame: boolean][] = [
    ['maxmemory', '104857600', '104857600', true],
    ['maxmemory', '100mb', '104857600', true],
    ['maxmemory', '100m', '100000000', true],
    ['maxmemory', '100MB', '104857601', false],
    ['maxmemory', '1', undefined, false],
    ['maxmemory-clients', '10%', '10%', true],
    ['save', '', '', true],
    ['notify-keyspace-events', 'KExg', 'gxKE', true],
    ['notify-keyspace-events', 'KEA', 'AKE', true],
    ['notify-keyspace-events', 'KEg$lshzxetd', 'AKE', true],
    ['notify-keyspace-events', 'KEg', 'AKE', false],
    ['client-output-buffer-limit', 'replica 2mb 1mb 60', 'normal 0 0 0 slave 2097152 1048576 60 pubsub 1 1 1', true],
    ['client-output-buffer-limit', 'replica 2mb 1mb 60', 'normal 0 0 0 slave 2097152 1048576 30 pubsub 1 1 1', false],
  ]
  for (const [name, wanted, shown, isSame] of rows) {
    it(`takes ${name} "${wanted}" ${isSame ? 'as' : 'not as'} "${shown}"`, () => {
      expect(isSameSetting(name, wanted, shown)).to.equal(isSame)
    })
  }
})

describe('differingSettings()', () => {
  it('gives only what has to be set', () => {
    const shown = new Map([
      ['a', '1'],
      ['b', '2'],
    ])
    expect(differingSettings({ a: '1', b: '3', c: '4' }, shown)).to.deep.equal({ b: '3', c: '4' })
  })
})

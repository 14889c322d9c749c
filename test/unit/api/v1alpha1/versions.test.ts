import { expect } from 'chai'
import type { Engine } from '../../../../src/api/v1alpha1/defaults.ts'
import { isOlderVersion, majorMinor } from '../../../../src/api/v1alpha1/versions.ts'

describe('isOlderVersion()', () => {
  const rows: readonly [engine: Engine, version: string, than: string, want: boolean][] = [
    ['Redis', '7.0', '8.0', true],
    ['Redis', '7.0.15', '8.0.4', true],
    ['Redis', '8.0', '7.0', false],
    ['Redis', '8.0.1', '8.0.4', false],
    ['Redis', '7.4', '8.0', false],
    ['Valkey', '8.1', '9.1', true],
    ['Valkey', '9.0', '9.1', false],
    ['Valkey', '9.1', '10.0', true],
    ['Valkey', '10.0', '9.1', false],
  ]
  for (const [engine, version, than, want] of rows) {
    it(`is ${want} for ${engine} ${version} against data of ${than}`, () => {
      expect(isOlderVersion(engine, version, than)).to.equal(want)
    })
  }

  it('takes major and minor of what a server says', () => {
    expect(majorMinor('8.0.4')).to.equal('8.0')
  })
})

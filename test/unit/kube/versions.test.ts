import { expect } from 'chai'
import fc from 'fast-check'
import { isOlder } from '../../../src/kube/versions.ts'

describe('isOlder()', () => {
  it('compares as numbers do', () => {
    const version = fc.bigInt({ min: 1n, max: 2n ** 63n })
    fc.assert(fc.property(version, version, (a, b) => isOlder(String(a), String(b)) === a < b))
  })

  it('knows nothing of other versions', () => {
    expect(isOlder(undefined, '5')).to.equal(false)
    expect(isOlder('0', '5')).to.equal(false)
    expect(isOlder('abc', '5')).to.equal(false)
    expect(isOlder('4', '')).to.equal(false)
  })
})

import { expect } from 'chai'
import { enterObject, enterText } from '../../../src/kube/entry.ts'
import { SECRETS } from '../../../src/kube/resources.ts'
import type { Secret } from '../../../src/kube/types.ts'

describe('enterObject()', () => {
  it('drops managedFields and gives the kind', () => {
    const item = { metadata: { name: 'a', managedFields: [{}] }, data: {} } as unknown as Secret

    expect(enterObject(SECRETS, item)).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a' },
      data: {},
    })
  })
})

describe('enterText()', () => {
  it('takes half an answer for a cut connection', () => {
    expect(() => enterText(SECRETS, '{"kind":'))
      .to.throw('the answer is not JSON')
      .with.property('code', 'ConnectionLost')
  })
})

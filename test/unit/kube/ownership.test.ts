import { expect } from 'chai'
import { isControlledBy, moveToApply } from '../../../src/kube/ownership.ts'
import type { KubeObject } from '../../../src/kube/types.ts'

function owned(references: readonly Readonly<{ uid: string; controller?: boolean }>[]): KubeObject {
  const ownerReferences = references.map((each) => ({ apiVersion: 'v1', kind: 'Owner', name: 'o', ...each }))
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', ownerReferences } }
}

describe('isControlledBy()', () => {
  it('asks for the controller with that UID', () => {
    expect(isControlledBy(owned([{ uid: 'x' }, { uid: 'y', controller: true }]), 'y')).to.equal(true)
    expect(isControlledBy(owned([{ uid: 'x' }]), 'x')).to.equal(false)
    expect(isControlledBy(owned([{ uid: 'x', controller: true }]), 'y')).to.equal(false)
  })
})

describe('moveToApply()', () => {
  const theirs = { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': { 'f:z': {} } } }
  const status = { manager: 'us', operation: 'Update', subresource: 'status', fieldsV1: { 'f:status': {} } }

  it('joins what was created to what was applied, and leaves the others', () => {
    const created = { manager: 'us', operation: 'Update', fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } } }
    const applied = { manager: 'us', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} }, 'f:type': {} } }

    const moved = moveToApply([theirs, created, applied, status], 'us')

    const fieldsV1 = { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} }, 'f:type': {} }
    expect(moved).to.deep.equal([theirs, status, { manager: 'us', operation: 'Apply', fieldsV1 }])
  })

  it('has nothing to do when all is applied', () => {
    expect(moveToApply([theirs, { manager: 'us', operation: 'Apply' }, status], 'us')).to.equal(undefined)
  })
})

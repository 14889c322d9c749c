import { expect } from 'chai'
import { describeRef, pathOf, queryOf } from '../../../src/kube/requests.ts'
import { NODES, PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'

describe('pathOf()', () => {
  it('addresses the core group and a named group', () => {
    expect(pathOf(PODS, { namespace: 'shop', name: 'a' })).to.equal('/api/v1/namespaces/shop/pods/a')
    expect(pathOf(STATEFUL_SETS, { namespace: 'shop' })).to.equal('/apis/apps/v1/namespaces/shop/statefulsets')
  })

  it('addresses all namespaces, cluster-scoped kinds and subresources', () => {
    expect(pathOf(PODS, {})).to.equal('/api/v1/pods')
    expect(pathOf(NODES, { namespace: 'ignored', name: 'n' })).to.equal('/api/v1/nodes/n')
    expect(pathOf(PODS, { namespace: 'shop', name: 'a', subresource: 'status' })).to.match(/\/pods\/a\/status$/)
  })

  it('lets no name reach outside its place', () => {
    expect(pathOf(PODS, { namespace: 'a/b', name: '../x' })).to.equal('/api/v1/namespaces/a%2Fb/pods/..%2Fx')
  })

  it('refuses an object without its name or namespace', () => {
    expect(() => pathOf(PODS, { namespace: 'shop', name: '' })).to.throw(
      'Cannot address Pod: name is empty, must be set',
    )
    expect(() => pathOf(PODS, { name: 'a' })).to.throw('Cannot address Pod: namespace is empty, must be set')
  })
})

describe('queryOf()', () => {
  it('leaves out what is not set and escapes the rest', () => {
    expect(queryOf({ a: undefined, b: '', c: 0, d: true, e: 'x=y,z' })).to.equal('?c=0&d=true&e=x%3Dy%2Cz')
    expect(queryOf({})).to.equal('')
  })
})

describe('describeRef()', () => {
  it('names the object as messages do', () => {
    expect(describeRef(PODS, { namespace: 'shop', name: 'a' })).to.equal('Pod "shop/a"')
    expect(describeRef(NODES, {})).to.equal('Node')
  })
})

import { expect } from 'chai'
import type { ObjectChange } from '../../../src/kube/predicates.ts'
import { ObjectStore } from '../../../src/kube/store.ts'
import type { KubeObject } from '../../../src/kube/types.ts'

function object(name: string, version: string, labels: Readonly<Record<string, string>> = {}, uid = name): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'n', name, uid, resourceVersion: version, labels } }
}

function storeByLabel(): ObjectStore {
  return new ObjectStore({ indexes: { app: ({ metadata }) => Object.values(metadata.labels ?? {}) } })
}

function record(store: ObjectStore): string[] {
  const told: string[] = []
  store.onChange(({ kind, object: each, previous, isInitial }: ObjectChange) => {
    const { name, resourceVersion } = each.metadata
    told.push(
      `${kind} ${name}@${resourceVersion} before ${previous?.metadata.resourceVersion ?? '-'}${isInitial ? ' initial' : ''}`,
    )
  })
  return told
}

describe('ObjectStore', () => {
  it('finds objects by key and by index, and forgets old values', () => {
    const store = storeByLabel()
    store.upsert(object('a', '1', { app: 'x' }))
    store.upsert(object('b', '2', { app: 'x', more: 'y' }))
    store.upsert(object('a', '3', { app: 'z' }))

    expect(store.get('n/a')?.metadata.resourceVersion).to.equal('3')
    expect(store.byIndex('app', 'x').map(({ metadata }) => metadata.name)).to.deep.equal(['b'])
    expect(store.byIndex('app', 'z').map(({ metadata }) => metadata.name)).to.deep.equal(['a'])
    expect(store.byIndex('app', 'none')).to.deep.equal([])
  })

  it('refuses an index that is not declared', () => {
    expect(() => storeByLabel().byIndex('other', 'x')).to.throw('Cannot read index "other": it is not declared')
  })

  it('tells a list as differences', () => {
    const store = new ObjectStore()
    store.replace([object('a', '1'), object('b', '2'), object('c', '3')], { isInitial: true })
    const told = record(store)

    store.replace([object('a', '1'), object('b', '5'), object('d', '6')])

    expect(told.slice(3)).to.deep.equal(['deleted c@3 before 3', 'updated b@5 before 2', 'added d@6 before -'])
  })

  it('tells a new listener what is there', () => {
    const store = new ObjectStore()
    store.upsert(object('a', '1'))

    expect(record(store)).to.deep.equal(['added a@1 before - initial'])
  })

  it('does not bring an object back by the late answer to a write before its end', () => {
    const store = new ObjectStore()
    store.upsert(object('a', '1'))
    store.delete(object('a', '7'))
    const told = record(store)

    store.upsert(object('a', '5'))
    store.upsert(object('a', '9', {}, 'another'))

    expect(told).to.deep.equal(['added a@9 before -'])
  })

  it('does not bring an object back that a list no longer had', () => {
    const store = new ObjectStore()
    store.upsert(object('a', '1'))
    store.replace([], { resourceVersion: '7' })

    store.upsert(object('a', '5'))

    expect(store.get('n/a')).to.equal(undefined)
  })

  it('takes what was deleted in a future that is undone, as after a restore from a backup', () => {
    const store = storeByLabel()
    store.upsert(object('a', '4000'))
    store.delete(object('a', '5000'))
    store.replace([object('a', '2900')], { resourceVersion: '3000', isNewHistory: true })
    store.delete(object('a', '3001'))

    store.upsert(object('a', '3002'))

    expect(store.get('n/a')?.metadata.resourceVersion).to.equal('3002')
  })

  it('knows nothing of a kind that may not be read, until the next list', () => {
    const store = storeByLabel()
    store.upsert(object('a', '1', { app: 'x' }))
    const told = record(store)

    store.makeUnavailable()
    const off = [store.isUnavailable, store.size, store.byIndex('app', 'x').length]
    store.replace([object('a', '1', { app: 'x' })], { resourceVersion: '5' })

    expect(off).to.deep.equal([true, 0, 0])
    expect([store.isUnavailable, store.size]).to.deep.equal([false, 1])
    expect(told.slice(1)).to.deep.equal(['deleted a@1 before 1', 'added a@1 before -'])
  })

  it('ends telling when asked', () => {
    const store = new ObjectStore()
    let count = 0
    const end = store.onChange(() => {
      count += 1
    })
    store.upsert(object('a', '1'))
    end()
    store.upsert(object('a', '2'))

    expect(count).to.equal(1)
  })

  it('does not go back behind the answer to a write of ours', () => {
    const store = new ObjectStore()
    store.upsert(object('a', '10'))
    const told = record(store)

    store.upsert(object('a', '9'))
    store.upsert(object('a', '10'))
    store.replace([], { resourceVersion: '9' })

    expect(store.get('n/a')?.metadata.resourceVersion).to.equal('10')
    expect(told).to.have.length(1)
  })

  it('keeps an object that was created anew when the deletion of the old one arrives late', () => {
    const store = new ObjectStore()
    store.upsert(object('a', '10', {}, 'new'))

    store.delete(object('a', '9', {}, 'old'))

    expect(store.get('n/a')?.metadata.uid).to.equal('new')
  })

  it('tells every listener and the whole list though one throws', () => {
    const store = new ObjectStore()
    store.onChange(() => {
      throw new Error('listener')
    })
    const told = record(store)

    expect(() => store.replace([object('a', '1'), object('b', '2')])).to.throw('2 times a listener threw')
    expect(told).to.have.length(2)
  })
})

import { expect } from 'chai'
import { anyOf, generationChanged, labelsChanged, type ObjectChange } from '../../../src/kube/predicates.ts'
import type { KubeObject, ObjectMeta } from '../../../src/kube/types.ts'
import { controllerOf, namedByLabel, self, type WatchOptions, watches } from '../../../src/kube/watches.ts'

function object(metadata: Partial<ObjectMeta> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: 'shop', ...metadata } }
}

function update(before: Partial<ObjectMeta>, after: Partial<ObjectMeta>): ObjectChange {
  return { kind: 'updated', object: object(after), previous: object(before), isInitial: false }
}

function ownedBy(...names: readonly string[]): Partial<ObjectMeta> {
  const owner = { apiVersion: 'sessionstore.dev/v1alpha1', kind: 'SessionStore', controller: true }
  return { ownerReferences: names.map((name) => ({ ...owner, name, uid: `uid-${name}` })) }
}

/** The keys that a change enqueues, as `key priority`. */
function enqueued(options: WatchOptions<KubeObject>, ...changes: readonly ObjectChange[]): string[] {
  const listeners: ((change: ObjectChange) => void)[] = []
  const keys: string[] = []
  watches(
    { onChange: (listener) => listeners.push(listener) },
    options,
  )((key, add) => {
    keys.push(`${key} ${add?.priority}`)
  })
  for (const change of changes) for (const listener of listeners) listener(change)
  return keys
}

describe('watches()', () => {
  const owner = controllerOf({ apiVersion: 'sessionstore.dev/v1beta1', kind: 'SessionStore' })

  it('enqueues the object itself by default', () => {
    expect(enqueued({}, { kind: 'added', object: object(), isInitial: false })).to.deep.equal(['shop/web-0 0'])
  })

  it('gives the first list a low priority', () => {
    expect(enqueued({}, { kind: 'added', object: object(), isInitial: true })).to.deep.equal(['shop/web-0 -100'])
  })

  it('asks the predicate', () => {
    const change = update({ generation: 1 }, { generation: 1 })
    expect(enqueued({ predicate: generationChanged }, change)).to.deep.equal([])
  })

  it('wakes the old and the new owner when a child moves', () => {
    const change = update(ownedBy('old'), ownedBy('new'))
    expect(enqueued({ mapper: owner }, change)).to.deep.equal(['shop/new 0', 'shop/old 0'])
  })

  it('enqueues one key for an update that maps to one', () => {
    expect(enqueued({ mapper: owner }, update(ownedBy('a'), ownedBy('a')))).to.deep.equal(['shop/a 0'])
  })
})

describe('mappers', () => {
  const owner = controllerOf({ apiVersion: 'sessionstore.dev/v1alpha1', kind: 'SessionStore' })
  const plain = { apiVersion: 'sessionstore.dev/v1alpha1', kind: 'SessionStore', name: 'a', uid: 'u' }

  it('self() of a cluster-scoped object is its name', () => {
    expect(self({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })).to.deep.equal(['n1'])
  })

  it('controllerOf() ignores an owner that is not the controller', () => {
    expect(owner(object({ ownerReferences: [plain] }))).to.deep.equal([])
  })

  it('controllerOf() ignores the same kind of another group', () => {
    const foreign = { ...plain, apiVersion: 'other.dev/v1alpha1', controller: true }
    expect(owner(object({ ownerReferences: [foreign] }))).to.deep.equal([])
  })

  it('namedByLabel() reads the name from a label', () => {
    const mapper = namedByLabel('sessionstore.dev/store')
    expect(mapper(object({ labels: { 'sessionstore.dev/store': 'main' } }))).to.deep.equal(['shop/main'])
    expect(mapper(object())).to.deep.equal([])
  })
})

describe('predicates', () => {
  it('generationChanged() stops status writes and passes spec changes and deletions', () => {
    const status = update({ generation: 1, resourceVersion: '1' }, { generation: 1, resourceVersion: '2' })
    const spec = update({ generation: 1 }, { generation: 2 })
    const deletion = update({ generation: 1 }, { generation: 1, deletionTimestamp: '2026-01-01T00:00:00Z' })

    expect([status, spec, deletion].map(generationChanged)).to.deep.equal([false, true, true])
  })

  it('passes creations and deletions', () => {
    const created: ObjectChange = { kind: 'added', object: object(), isInitial: false }
    const deleted: ObjectChange = { kind: 'deleted', object: object(), previous: object(), isInitial: false }

    expect([created, deleted].map(labelsChanged)).to.deep.equal([true, true])
  })

  it('labelsChanged() does not mind the order of the labels', () => {
    expect(labelsChanged(update({ labels: { a: '1', b: '2' } }, { labels: { b: '2', a: '1' } }))).to.equal(false)
    expect(labelsChanged(update({ labels: { a: '1' } }, { labels: { a: '2' } }))).to.equal(true)
    expect(labelsChanged(update({}, { labels: { a: '2' } }))).to.equal(true)
  })

  it('anyOf() passes what one of them does', () => {
    const either = anyOf(labelsChanged, generationChanged)

    expect(either(update({ generation: 1 }, { generation: 1, labels: { a: '1' } }))).to.equal(true)
    expect(either(update({ generation: 1 }, { generation: 2 }))).to.equal(true)
    expect(either(update({ generation: 1 }, { generation: 1, resourceVersion: '2' }))).to.equal(false)
  })
})

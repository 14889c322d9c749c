import { expect } from 'chai'
import fc from 'fast-check'
import { ObjectStore } from '../../../src/kube/store.ts'
import { type KubeObject, keyOf } from '../../../src/kube/types.ts'

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const labels = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'))
const item = fc.record({ name, labels })
const step = fc.oneof(
  item.map((each) => ({ kind: 'upsert', items: [each] }) as const),
  item.map((each) => ({ kind: 'delete', items: [each] }) as const),
  fc.uniqueArray(item, { selector: (each) => each.name }).map((items) => ({ kind: 'replace', items }) as const),
)

function build(each: Readonly<{ name: string; labels: readonly string[] }>, version: number): KubeObject {
  const entries = Object.fromEntries(each.labels.map((label) => [label, label]))
  const metadata = { name: each.name, uid: each.name, resourceVersion: String(version), labels: entries }
  return { apiVersion: 'v1', kind: 'Node', metadata }
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function play(
  { kind, items }: Step,
  version: number,
  on: Readonly<{ store: ObjectStore; model: Map<string, KubeObject> }>,
) {
  const { store, model } = on
  const objects = items.map((each) => build(each, version))
  if (kind === 'replace') {
    store.replace(objects)
    model.clear()
  }
  for (const object of objects) {
    if (kind === 'delete') store.delete(object)
    if (kind === 'upsert') store.upsert(object)
    if (kind === 'delete') model.delete(keyOf(object))
    else model.set(keyOf(object), object)
  }
}

describe('ObjectStore', () => {
  it('agrees with a plain map, in keys, indexes and what it told, after any history', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new ObjectStore({ indexes: { label: ({ metadata }) => Object.keys(metadata.labels ?? {}) } })
        const model = new Map<string, KubeObject>()
        const told = new Map<string, KubeObject>()
        store.onChange(({ kind, object, previous }) => {
          expect(previous).to.equal(told.get(keyOf(object)))
          expect(previous === undefined).to.equal(kind === 'added')
          if (kind === 'deleted') told.delete(keyOf(object))
          else told.set(keyOf(object), object)
        })

        steps.forEach((each, index) => {
          play(each, index + 1, { store, model })
        })

        expect(store.list()).to.have.members([...model.values()])
        expect(told).to.deep.equal(model)
        for (const label of ['x', 'y', 'z']) {
          const want = [...model.values()].filter(({ metadata }) => metadata.labels?.[label])
          expect(store.byIndex('label', label)).to.have.members(want)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

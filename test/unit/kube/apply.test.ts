import { expect } from 'chai'
import { APPLIED_HASH, type ApplyClient, applyStatus, ensureObject, hashOf } from '../../../src/kube/apply.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import { CONFIG_MAPS } from '../../../src/kube/resources.ts'
import type { ConfigMap, DesiredObject, KubeObject } from '../../../src/kube/types.ts'
import { rejectionOf } from '../../support/kube.ts'

const ownerUid = 'owner-uid'
const ownerReferences = [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid: ownerUid, controller: true }]

function desired(fields: Readonly<Record<string, unknown>>): DesiredObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'n', name: 'a', ownerReferences }, ...fields }
}

function live(declared: DesiredObject, version = '1'): ConfigMap {
  const annotations = { [APPLIED_HASH]: hashOf(declared) }
  const metadata = { ...declared.metadata, uid: 'u', resourceVersion: version, annotations }
  return { ...declared, metadata } as ConfigMap
}

/** A client that answers every patch with this object and fails on anything else. */
function patching(answer: KubeObject): ApplyClient & Readonly<{ bodies: unknown[] }> {
  const bodies: unknown[] = []
  const refuse = () => Promise.reject(new Error('not expected'))
  const patch = (async (_resource, _ref, options) => {
    bodies.push(options.body)
    return answer
  }) as ApplyClient['patch']
  return { bodies, get: refuse, create: refuse, patch }
}

function counting() {
  const counted: string[] = []
  return {
    counted,
    metrics: { ...noMetrics, apply: (kind: string, outcome: string) => counted.push(`${kind} ${outcome}`) },
  }
}

describe('ensureObject()', () => {
  const fieldManager = 'm'

  it('tells a write that changed nothing from one that did', async () => {
    const was = desired({ data: { a: '1' } })
    const now = desired({ data: { a: '2' } })
    const { counted, metrics } = counting()

    const options = { desired: now, live: live(was), ownerUid, fieldManager, metrics }
    const noop = await ensureObject(patching(live(now, '1')), CONFIG_MAPS, options)
    const applied = await ensureObject(patching(live(now, '2')), CONFIG_MAPS, options)
    const skipped = await ensureObject(patching(live(now)), CONFIG_MAPS, { ...options, live: live(now) })

    expect([noop.kind, applied.kind, skipped.kind]).to.deep.equal(['unchanged', 'applied', 'unchanged'])
    expect(counted).to.deep.equal(['ConfigMap noop', 'ConfigMap written', 'ConfigMap skipped'])
  })

  it('applies when a field is no longer declared, though the live object has all that is', async () => {
    const held = live(desired({ data: { a: '1', b: '2' } }))
    const now = desired({ data: { a: '1' } })

    const result = await ensureObject(patching(live(now, '2')), CONFIG_MAPS, {
      desired: now,
      live: held,
      ownerUid,
      fieldManager,
    })

    expect(result.kind).to.equal('applied')
  })

  it('applies when the live object was changed, though the hash is the same', async () => {
    const now = desired({ data: { a: '1' } })
    const held = { ...live(now), data: { a: 'changed' } }

    const result = await ensureObject(patching(live(now, '2')), CONFIG_MAPS, {
      desired: now,
      live: held,
      ownerUid,
      fieldManager,
    })

    expect(result.kind).to.equal('applied')
  })

  it('sends nothing to an object of another owner', async () => {
    const held = live({ ...desired({}), metadata: { namespace: 'n', name: 'a' } })
    const client = patching(held)

    const result = await ensureObject(client, CONFIG_MAPS, { desired: desired({}), live: held, ownerUid, fieldManager })

    expect(result).to.deep.equal({ kind: 'nameConflict', object: held })
    expect(client.bodies).to.deep.equal([])
  })

  it('sends what is declared, the hash and the UID, and nothing of the live object', async () => {
    const now = desired({ data: { a: '2' } })
    const client = patching(live(now, '2'))

    await ensureObject(client, CONFIG_MAPS, { desired: now, live: live(desired({})), ownerUid, fieldManager })

    const annotations = { [APPLIED_HASH]: hashOf(now) }
    const metadata = { namespace: 'n', name: 'a', ownerReferences, annotations, uid: 'u' }
    expect(client.bodies).to.deep.equal([{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '2' } }])
  })

  const refused: readonly (readonly [name: string, fields: Readonly<Record<string, unknown>>, want: string])[] = [
    [
      'an empty list',
      { spec: { list: [] } },
      'Cannot apply ConfigMap "n/a": .spec.list is null or empty, must be left out',
    ],
    ['a null', { spec: [{ x: null }] }, 'Cannot apply ConfigMap "n/a": .spec.0.x is null or empty, must be left out'],
  ]
  for (const [name, fields, want] of refused) {
    it(`refuses ${name} before it is sent`, async () => {
      const options = { desired: desired(fields), live: undefined, ownerUid, fieldManager }

      const error = await rejectionOf(ensureObject(patching(live(desired({}))), CONFIG_MAPS, options))

      expect(error).to.include({ code: 'Bug', message: want })
    })
  }

  it('refuses an object without its owner before it is sent', async () => {
    const options = { desired: desired({}), live: undefined, ownerUid: 'another', fieldManager }

    const error = await rejectionOf(ensureObject(patching(live(desired({}))), CONFIG_MAPS, options))

    expect(error)
      .to.have.property('message')
      .that.matches(/its controller reference is missing, must have uid another/)
  })
})

describe('applyStatus()', () => {
  const fieldManager = 'm'
  const ready = { type: 'Ready', status: 'True' }
  const theirs = { type: 'PolicyEnforced', status: 'True' }
  const other = { type: 'Available', status: 'True' }

  function withStatus(status: unknown): ConfigMap & Readonly<{ status: unknown }> {
    return { ...live(desired({})), status }
  }

  const cases: readonly (readonly [
    name: string,
    held: unknown,
    status: Readonly<Record<string, unknown>>,
    want: number,
  ])[] = [
    ['an equal status', { n: 1, conditions: [ready] }, { n: 1, conditions: [ready] }, 0],
    ['conditions in another order', { conditions: [ready, other] }, { conditions: [other, ready] }, 0],
    ['what others say', { sessions: 5, conditions: [theirs, ready] }, { conditions: [ready] }, 0],
    ['only conditions of others', { conditions: [theirs] }, {}, 0],
    ['a changed field', { n: 1 }, { n: 2 }, 1],
    ['a field that is not said any more', { n: 1, m: 2 }, { n: 1 }, 1],
    ['a condition that is not said any more', { conditions: [ready, other] }, { conditions: [ready] }, 1],
    ['a first status', undefined, { n: 1 }, 1],
  ]
  for (const [name, held, status, want] of cases) {
    it(`${want === 0 ? 'sends nothing for' : 'sends'} ${name}`, async () => {
      const client = patching(live(desired({}), '2'))
      const foreign = { fields: ['sessions'], conditions: ['PolicyEnforced'] }

      await applyStatus(client, CONFIG_MAPS, { object: withStatus(held), status, fieldManager, foreign })

      expect(client.bodies).to.have.length(want)
    })
  }
})

describe('hashOf()', () => {
  it('does not depend on the order of keys', () => {
    expect(hashOf(desired({ data: { a: '1', b: '2' } }))).to.equal(hashOf(desired({ data: { b: '2', a: '1' } })))
    expect(hashOf(desired({ data: { a: '1' } }))).to.not.equal(hashOf(desired({ data: { a: '2' } })))
  })

  it('does not depend on the values of a Secret, only on its keys', () => {
    const secret = (data: Readonly<Record<string, string>>): string => hashOf({ ...desired({ data }), kind: 'Secret' })

    expect(secret({ a: 'eA==' })).to.equal(secret({ a: 'eQ==' }))
    expect(secret({ a: 'eA==' })).to.not.equal(secret({ b: 'eA==' }))
  })
})

import { expect } from 'chai'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { SESSION_BINDINGS } from '../../../src/api/v1alpha1/sessionbinding.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { buildEvent } from '../../../src/kube/event-object.ts'
import { EVENTS, LEASES } from '../../../src/kube/resources.ts'
import { isSubset } from '../../../src/kube/subset.ts'
import type { KubeObject, Resource } from '../../../src/kube/types.ts'
import { DECLARED } from '../../support/declared.ts'
import { adminClient, configMap, newNamespace, TEST_MANAGER } from '../../support/kube.ts'
import { installKind } from '../api/cluster.ts'

type Path = readonly (string | number)[]

const time = '2026-01-01T00:00:00.000000Z'
const regarding = configMap({ namespace: 'n', name: 'shop' })
const {
  apiVersion: _,
  kind: __,
  metadata: ___,
  ...event
} = buildEvent(
  { regarding, type: 'Normal', reason: 'Elected', action: 'Elect', note: 'shop-0 is the primary' },
  { controller: 'sessionstore.dev/operator', instance: 'pod', nowMs: 0, suffix: 'x' },
)
const lease = { holderIdentity: 'a', leaseDurationSeconds: 6, acquireTime: time, renewTime: time, leaseTransitions: 1 }

/** What is applied, and what is only posted or patched. */
const declared: typeof DECLARED = [
  ...DECLARED,
  [SESSION_BINDINGS, { spec: { storeRef: { name: 'shop' }, framework: 'generic', keyPrefix: 'shop:' } }],
  [LEASES, { spec: lease }],
  [EVENTS, event],
]

/** Every plain value in what is declared. */
function leavesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, [...path, key]))
}

/** The object with another value at the path; undefined where it has none. */
function spoilt(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined) {
    if (typeof value === 'boolean') return !value
    return typeof value === 'number' ? value + 1 : `${value}-spoilt`
  }
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === key ? spoilt(item, rest) : item))
  const fields = value as Readonly<Record<string, unknown>>
  return { ...fields, [key]: spoilt(fields[key], rest) }
}

describe('isSubset() and the answers of a real API server', () => {
  let client: KubeClient
  let namespace: string

  before(async () => {
    client = await adminClient()
    for (const kind of KINDS) await installKind(client, kind)
    namespace = await newNamespace(client)
  })

  after(() => client.close())

  async function create(resource: Resource, fields: object): Promise<Readonly<{ desired: KubeObject; live: unknown }>> {
    const metadata = { namespace, name: 'subset', labels: { app: 'x' }, annotations: { note: 'y' } }
    const desired = { apiVersion: resource.apiVersion, kind: resource.kind, metadata, ...fields }
    const created = await client.create(resource, desired, { fieldManager: TEST_MANAGER })
    return { desired, live: await client.get(resource, created.metadata) }
  }

  for (const [resource, fields] of declared) {
    it(`${resource.kind}: it finds all that was declared, and misses no change of any of it`, async () => {
      const { desired, live } = await create(resource, fields)
      const leaves = leavesOf(desired)

      const unseen = leaves.filter((path) => isSubset(desired, spoilt(live, path))).map((path) => path.join('.'))

      expect(isSubset(desired, live), 'the live object').to.equal(true)
      expect(leaves.length).to.be.above(5)
      expect(unseen).to.deep.equal([])
    })
  }
})

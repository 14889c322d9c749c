import { expect } from 'chai'
import type { TLSMode } from '../../../src/api/v1alpha1/defaults.ts'
import { normalQuantity } from '../../../src/api/v1alpha1/quantity.ts'
import type { DesiredObject } from '../../../src/kube/types.ts'
import { LABELS, MANAGED_BY, objectLabels, selectorLabels, selectorText } from '../../../src/resources/labels.ts'
import { buildDisruptionBudget } from '../../../src/resources/pdb.ts'
import { buildServices } from '../../../src/resources/services.ts'
import { buildAll, SAMPLES, SHOP } from './samples.ts'

/** Paths of every null, undefined and empty list or map; what server-side apply would own or drop by accident. */
function emptyPaths(value: unknown, path = ''): readonly string[] {
  if (value === null || value === undefined) return [path]
  if (typeof value !== 'object') return []
  const entries = Object.entries(value)
  if (entries.length === 0) return [path]
  return entries.flatMap(([key, child]) => emptyPaths(child, `${path}/${key}`))
}

/** Every quantity of an object: values below `resources`. */
function quantities(value: unknown, isQuantity = false): readonly string[] {
  if (typeof value === 'string') return isQuantity ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => quantities(child, isQuantity || key === 'resources'))
}

/** The specs of the Services by name. */
function specsOf(tlsMode: TLSMode): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  const services: readonly DesiredObject[] = buildServices(SHOP, { tlsMode })
  return Object.fromEntries(
    services.map(({ metadata, ...rest }) => [metadata.name, rest['spec'] as Record<string, unknown>]),
  )
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze)
    Object.freeze(value)
  }
  return value
}

describe('every built object', () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    for (const [file, object] of Object.entries(buildAll(freeze(sample)))) {
      it(`${name}: ${file} declares nothing empty`, () => {
        // An emptyDir of a volume has to be declared as one.
        expect(emptyPaths(object).filter((path) => !path.endsWith('/emptyDir'))).to.deep.equal([])
      })

      it(`${name}: ${file} belongs to its owner and can be found by label`, () => {
        const { ownerReferences = [], labels = {}, namespace } = object.metadata

        expect(namespace).to.equal(sample.store.namespace)
        expect(ownerReferences).to.have.length(1)
        expect(ownerReferences[0]).to.include({ controller: true, blockOwnerDeletion: true, name: sample.store.name })
        expect(labels).to.include({ [LABELS.managedBy]: MANAGED_BY, [LABELS.store]: sample.store.name })
      })

      it(`${name}: ${file} has quantities as the API server answers them`, () => {
        const texts = quantities(object)

        expect(texts.map(normalQuantity)).to.deep.equal(texts.map((value) => ({ ok: true, value })))
      })
    }
  }

  it('the check of quantities sees some', () => {
    const { statefulset } = buildAll(SAMPLES['minimal'] ?? expect.fail('no sample'))

    expect(quantities(statefulset)).to.deep.equal(['50m', '333Mi', '333Mi'])
  })
})

describe('buildServices()', () => {
  const specs = specsOf('Required')

  it('the primary Service follows the role label alone, ready or not', () => {
    expect(specs['shop-primary']).to.deep.include({
      selector: { ...selectorLabels(SHOP), 'sessionstore.dev/role': 'primary' },
      publishNotReadyAddresses: true,
    })
  })

  it('the replicas Service takes ready members whose link is up', () => {
    expect(specs['shop-replicas']?.['selector']).to.deep.equal({
      ...selectorLabels(SHOP),
      'sessionstore.dev/readable': 'true',
    })
    expect(specs['shop-replicas']).not.to.have.property('publishNotReadyAddresses')
  })

  it('the nodes Service is headless and names members before they are ready', () => {
    expect(specs['shop-nodes']).to.deep.include({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: selectorLabels(SHOP),
    })
  })

  it('no Service states an appProtocol', () => {
    expect(JSON.stringify(specs)).not.to.contain('appProtocol')
  })

  it('the port is named after the protocol', () => {
    const plain = specsOf('Disabled')

    expect(specs['shop-primary']?.['ports']).to.deep.include.members([
      { name: 'rediss', port: 6379, protocol: 'TCP', targetPort: 6379 },
    ])
    expect(plain['shop-primary']?.['ports']).to.deep.include.members([
      { name: 'redis', port: 6379, protocol: 'TCP', targetPort: 6379 },
    ])
  })
})

describe('buildDisruptionBudget()', () => {
  it('a single member has none: it could never be drained', () => {
    expect(buildDisruptionBudget(SHOP, 1)).to.equal(undefined)
  })

  it('from two members on one may go, and a broken one always', () => {
    expect(buildDisruptionBudget(SHOP, 2)?.['spec']).to.deep.equal({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(SHOP) },
    })
  })
})

describe('labels', () => {
  it('the selector is a part of the object labels', () => {
    expect(objectLabels(SHOP)).to.include(selectorLabels(SHOP))
  })

  it('selectorText() writes what the API takes', () => {
    expect(selectorText(selectorLabels(SHOP))).to.equal(
      'sessionstore.dev/store=shop,app.kubernetes.io/component=server',
    )
  })
})

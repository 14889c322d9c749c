import { expect } from 'chai'
import { customResourceDefinition, fullDescription } from '../../../src/api/crd.ts'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { fieldsOf } from '../../../src/api/walk.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../../src/kube/resources.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { until } from '../../support/until.ts'
import { contractClient, installDefinition, installKind, outcomeOf } from './cluster.ts'

type Json = Readonly<Record<string, unknown>>
type Definition = KubeObject & Readonly<{ spec: Json & Readonly<{ names: Json & Readonly<{ plural: string }> }> }>
type OpenAPI = Readonly<{ components: Readonly<{ schemas: Readonly<Record<string, OpenAPINode>> }> }>
type OpenAPINode = Readonly<{
  description?: string
  properties?: Readonly<Record<string, OpenAPINode>>
  items?: OpenAPINode
  additionalProperties?: OpenAPINode
}>

let client: KubeClient

/** The same definition in another group, each of its rules written `times` times. */
function multiplied(definition: Json, times: number): KubeObject {
  const group = 'multiplied.sessionstore.dev'
  const text = JSON.stringify(definition, (key, value) =>
    key === 'rule' ? Array.from({ length: times }, () => `(${value})`).join(' && ') : value,
  )
  const { metadata, spec, ...rest } = JSON.parse(text) as Definition
  const names = { ...spec.names, shortNames: [], categories: [] }
  return {
    ...rest,
    metadata: { name: `${names.plural}.${group}` },
    spec: { ...spec, group, names },
  } as KubeObject
}

describe('definitions', () => {
  before(async () => {
    client = await contractClient()
    for (const kind of KINDS) await installKind(client, kind)
  })
  after(async () => await client.close())

  for (const kind of KINDS) {
    it(`${kind.kind} stays under half of the cost limit of CEL`, async () => {
      const twice = multiplied(customResourceDefinition(kind), 2)

      const outcome = await outcomeOf(installDefinition(client, twice))
      await client.delete(CUSTOM_RESOURCE_DEFINITIONS, twice.metadata).catch(() => undefined)

      expect(outcome).to.equal('accepted')
    })

    it(`${kind.kind} is explained field by field, with its defaults`, async () => {
      const spec = await until(async () => (await publishedSchema(kind.kind))?.properties?.['spec'], {
        what: `the published schema of ${kind.kind}`,
        deadlineMs: 10_000,
        everyMs: 100,
      })

      for (const { path, node } of fieldsOf('spec', kind.spec)) {
        const published = path.split('.').slice(1).reduce<OpenAPINode | undefined>(childOf, spec)
        expect(published?.description, path).to.equal(fullDescription(node))
      }
    })
  }

  it('would notice a rule that costs too much', async () => {
    for (const kind of KINDS) {
      const tenTimes = multiplied(customResourceDefinition(kind), 10)

      expect(await outcomeOf(installDefinition(client, tenTimes))).to.include('exceeds budget')
    }
  })
})

/** The node of a field: `name`, or `name[]` and `name{}` for what a list or map of that name holds. */
function childOf(at: OpenAPINode | undefined, step: string): OpenAPINode | undefined {
  const node = at?.properties?.[step.replace(/[[{].*$/, '')]
  if (step.endsWith('[]')) return node?.items
  return step.endsWith('{}') ? node?.additionalProperties : node
}

async function publishedSchema(kind: string): Promise<OpenAPINode | undefined> {
  const text = await client.getRaw('/openapi/v3/apis/sessionstore.dev/v1alpha1')
  return (JSON.parse(text) as OpenAPI).components.schemas[`dev.sessionstore.v1alpha1.${kind}`]
}

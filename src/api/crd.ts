import type { KindSchema } from './kind.ts'
import type { AnySchema, Node, Rule } from './schema.ts'
import { DURATION_MAX_LENGTH, DURATION_PATTERN } from './v1alpha1/duration.ts'
import { API_GROUP, API_VERSION_NAME } from './v1alpha1/group.ts'
import { QUANTITY_MAX_LENGTH, QUANTITY_PATTERN } from './v1alpha1/quantity.ts'

type Json = Readonly<Record<string, unknown>>

const MAX_INT32 = 2 ** 31 - 1

/** The CustomResourceDefinition of a kind, as plain JSON. */
export function customResourceDefinition(kind: KindSchema): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${API_GROUP}`, labels: kind.labels },
    spec: {
      group: API_GROUP,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: ['sessions'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: API_VERSION_NAME,
          served: true,
          storage: true,
          additionalPrinterColumns: kind.columns,
          subresources: subresources(kind),
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  }
}

/** The description a reader of `kubectl explain` sees: the text, whether it can change, and the default. */
export function fullDescription({ description, change, defaultText }: Node): string {
  const fixed = change === 'no' ? ' Immutable.' : ''
  return `${description}${fixed}${defaultText === undefined ? '' : ` Default: ${defaultText}.`}`
}

function subresources(kind: KindSchema): Json {
  const scale = {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.status.selector',
  }
  return { status: {}, ...(kind.hasScale && { scale }) }
}

function rootSchema(kind: KindSchema): Json {
  return {
    description: kind.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema that this object follows.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: { type: 'object' },
      spec: openAPISchema(kind.spec),
      status: openAPISchema(kind.status),
    },
    ...validations(kind.rules),
  }
}

/** A node as a structural OpenAPI schema. */
export function openAPISchema({ node }: AnySchema): Json {
  return { description: fullDescription(node), ...shape(node), ...validations(node.rules) }
}

function shape(node: Node): Json {
  switch (node.kind) {
    case 'object':
      return objectShape(node.fields)
    case 'string': {
      const { pattern, minLength, maxLength, format } = node
      return { type: 'string', ...(format ? { format } : { maxLength }), ...present({ minLength, pattern }) }
    }
    case 'enum':
      return { type: 'string', enum: node.values }
    case 'quantity':
      return {
        anyOf: [{ type: 'integer' }, { type: 'string' }],
        maxLength: QUANTITY_MAX_LENGTH,
        pattern: QUANTITY_PATTERN,
        'x-kubernetes-int-or-string': true,
      }
    case 'duration':
      return { type: 'string', maxLength: DURATION_MAX_LENGTH, pattern: DURATION_PATTERN }
    case 'integer': {
      const { minimum, maximum, default: value } = node
      const format = maximum !== undefined && maximum <= MAX_INT32 ? 'int32' : 'int64'
      return { type: 'integer', format, ...present({ minimum, maximum, default: value }) }
    }
    case 'boolean':
      return { type: 'boolean' }
    case 'list':
      return {
        type: 'array',
        maxItems: node.maxItems,
        items: openAPISchema(node.items),
        'x-kubernetes-list-type': node.mapKey ? 'map' : 'atomic',
        ...(node.mapKey && { 'x-kubernetes-list-map-keys': [node.mapKey] }),
      }
    case 'map':
      return {
        type: 'object',
        maxProperties: node.maxProperties,
        additionalProperties: openAPISchema(node.values),
      }
  }
}

function objectShape(fields: Readonly<Record<string, AnySchema>>): Json {
  const entries = Object.entries(fields)
  const required = entries.filter(([, field]) => field.isRequired).map(([name]) => name)
  return {
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(entries.map(([name, field]) => [name, openAPISchema(field)])),
  }
}

function validations(rules: readonly Rule[]): Json {
  if (rules.length === 0) return {}
  return { 'x-kubernetes-validations': rules.map(({ name: _, ...rule }) => rule) }
}

function present(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

import type { KindSchema } from './kind.ts'
import type { AnySchema, Node, Rule } from './schema.ts'

/** A field of a kind, named by its path: `spec.capacity.sessions`, `status.members[].name`, `metadata.labels{}`. */
export type FieldAt = Readonly<{ path: string; node: Node; isRequired: boolean }>

/** A rule of a kind and the path of the node that carries it; the path of the root is empty. */
export type RuleAt = Readonly<{ path: string; rule: Rule }>

/** Every field below (and with) a schema, parents first, in the order of the schema. */
export function fieldsOf(path: string, schema: AnySchema): readonly FieldAt[] {
  return [{ path, node: schema.node, isRequired: schema.isRequired }, ...childrenOf(path, schema.node)]
}

/** Every rule of a kind, the rules of the root first. */
export function rulesOf(kind: KindSchema): readonly RuleAt[] {
  return [
    ...kind.rules.map((rule) => ({ path: '', rule })),
    ...rulesBelow('spec', kind.spec.node),
    ...rulesBelow('status', kind.status.node),
  ]
}

/** The rules of a node and of all below it, those on the items of lists and maps included. */
function rulesBelow(path: string, node: Node): readonly RuleAt[] {
  return [...node.rules.map((rule) => ({ path, rule })), ...nodesBelow(path, node)]
}

function nodesBelow(path: string, node: Node): readonly RuleAt[] {
  if (node.kind === 'list') return rulesBelow(`${path}[]`, node.items.node)
  if (node.kind === 'map') return rulesBelow(`${path}{}`, node.values.node)
  if (node.kind !== 'object') return []
  return Object.entries(node.fields).flatMap(([name, field]) => rulesBelow(`${path}.${name}`, field.node))
}

function childrenOf(path: string, node: Node): readonly FieldAt[] {
  switch (node.kind) {
    case 'object':
      return Object.entries(node.fields).flatMap(([name, field]) => fieldsOf(`${path}.${name}`, field))
    case 'list':
      return childrenOf(`${path}[]`, node.items.node)
    case 'map':
      return childrenOf(`${path}{}`, node.values.node)
    case 'string':
    case 'enum':
    case 'quantity':
    case 'duration':
    case 'integer':
    case 'boolean':
      return []
  }
}

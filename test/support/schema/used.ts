import type { AnySchema } from '../../../src/api/schema.ts'

/** The fields that a value sets, named as `fieldsOf` names them: items of lists by `[]`, values of maps by `{}`. */
export function fieldsIn(path: string, schema: AnySchema, value: unknown): readonly string[] {
  const { node } = schema
  if (node.kind === 'object' && isRecord(value)) {
    const set = Object.entries(node.fields).filter(([name]) => value[name] !== undefined)
    return [path, ...set.flatMap(([name, field]) => fieldsIn(`${path}.${name}`, field, value[name]))]
  }
  if (node.kind === 'list' && Array.isArray(value)) return [path, ...itemsIn(`${path}[]`, node.items, value)]
  if (node.kind === 'map' && isRecord(value)) return [path, ...itemsIn(`${path}{}`, node.values, Object.values(value))]
  return [path]
}

/** The place of the items themselves is no field: `fieldsOf` names only what is in them. */
function itemsIn(path: string, schema: AnySchema, values: readonly unknown[]): readonly string[] {
  return values.flatMap((value) => fieldsIn(path, schema, value).filter((each) => each !== path))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

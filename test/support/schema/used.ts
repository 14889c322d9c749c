import type { AnySchema } from '../../../src/api/schema.ts'

/** A value and its place, named as `fieldsOf` names fields: items of lists by `[]`, values of maps by `{}`. */
export type ValueAt = Readonly<{ path: string; value: unknown }>

/** Every value below (and with) a value, the items of lists and maps themselves included. */
export function valuesIn(path: string, schema: AnySchema, value: unknown): readonly ValueAt[] {
  return [{ path, value }, ...childrenIn(path, schema, value)]
}

/** The fields that a value sets. */
export function fieldsIn(path: string, schema: AnySchema, value: unknown): readonly string[] {
  return valuesIn(path, schema, value).map((each) => each.path)
}

function childrenIn(path: string, { node }: AnySchema, value: unknown): readonly ValueAt[] {
  if (node.kind === 'object' && isRecord(value)) {
    const set = Object.entries(node.fields).filter(([name]) => value[name] !== undefined)
    return set.flatMap(([name, field]) => valuesIn(`${path}.${name}`, field, value[name]))
  }
  if (node.kind === 'list' && Array.isArray(value)) {
    return value.flatMap((item) => valuesIn(`${path}[]`, node.items, item))
  }
  if (node.kind === 'map' && isRecord(value)) {
    return Object.values(value).flatMap((item) => valuesIn(`${path}{}`, node.values, item))
  }
  return []
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

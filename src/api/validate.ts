import type { AnySchema, Node } from './schema.ts'
import { parseDuration } from './v1alpha1/duration.ts'
import { parseQuantity } from './v1alpha1/quantity.ts'

type Kind<K extends Node['kind']> = Extract<Node, { kind: K }>

/**
 * What the API server would refuse in a value by structure: types, words, limits, unknown and missing fields.
 * The rules in CEL are left to the API server. Each answer is a sentence that starts with the path.
 */
export function structuralErrors(path: string, schema: AnySchema, value: unknown): readonly string[] {
  const { node } = schema
  switch (node.kind) {
    case 'object':
      return isRecord(value) ? objectErrors(path, node, value) : [mustBe(path, value, 'an object')]
    case 'string':
      return stringErrors(path, node, value)
    case 'enum':
      return node.values.some((word) => word === value) ? [] : [mustBe(path, value, `one of ${node.values.join(', ')}`)]
    case 'quantity':
      return (typeof value === 'string' || Number.isInteger(value)) && parseQuantity(value as string | number).ok
        ? []
        : [mustBe(path, value, 'a quantity such as 128Mi')]
    case 'duration':
      return typeof value === 'string' && parseDuration(value).ok ? [] : [mustBe(path, value, 'a duration such as 5s')]
    case 'integer':
      return integerErrors(path, node, value)
    case 'boolean':
      return typeof value === 'boolean' ? [] : [mustBe(path, value, 'true or false')]
    case 'list':
      return listErrors(path, node, value)
    case 'map':
      return mapErrors(path, node, value)
  }
}

function objectErrors(path: string, node: Kind<'object'>, value: Readonly<Record<string, unknown>>): readonly string[] {
  const errors: string[] = []
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(node.fields, name)) errors.push(`${path}.${name} is not a field`)
  }
  for (const [name, field] of Object.entries(node.fields)) {
    if (value[name] !== undefined) errors.push(...structuralErrors(`${path}.${name}`, field, value[name]))
    else if (field.isRequired) errors.push(`${path}.${name} is missing`)
  }
  return errors
}

function stringErrors(path: string, node: Kind<'string'>, value: unknown): readonly string[] {
  if (typeof value !== 'string') return [mustBe(path, value, 'a string')]
  if (value.length > node.maxLength) return [mustBe(path, value, `at most ${node.maxLength} characters`)]
  if (value.length < (node.minLength ?? 0)) return [mustBe(path, value, `at least ${node.minLength} characters`)]
  if (node.pattern && !new RegExp(node.pattern).test(value)) return [mustBe(path, value, `like ${node.pattern}`)]
  return []
}

function integerErrors(path: string, node: Kind<'integer'>, value: unknown): readonly string[] {
  const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = node
  const isInRange = Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum
  return isInRange ? [] : [mustBe(path, value, `a whole number from ${minimum} to ${maximum}`)]
}

function listErrors(path: string, node: Kind<'list'>, value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [mustBe(path, value, 'a list')]
  if (value.length > node.maxItems) return [mustBe(path, value.length, `at most ${node.maxItems} items`)]
  return value.flatMap((item, index) => structuralErrors(`${path}[${index}]`, node.items, item))
}

function mapErrors(path: string, node: Kind<'map'>, value: unknown): readonly string[] {
  if (!isRecord(value)) return [mustBe(path, value, 'a map')]
  const entries = Object.entries(value)
  if (entries.length > node.maxProperties)
    return [mustBe(path, entries.length, `at most ${node.maxProperties} entries`)]
  return entries.flatMap(([name, item]) => structuralErrors(`${path}.${name}`, node.values, item))
}

function mustBe(path: string, got: unknown, want: string): string {
  return `${path} is ${JSON.stringify(got)}, must be ${want}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

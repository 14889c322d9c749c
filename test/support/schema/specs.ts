import type { AnySchema } from '../../../src/api/schema.ts'
import { isRecord } from './used.ts'
import { brokenValue, randomValue, type Source } from './values.ts'

type Spec = Readonly<Record<string, unknown>>

/** How a random spec is made. */
const WAYS = ['written', 'changed', 'changed', 'changed', 'merged', 'merged', 'fresh', 'broken'] as const

/** A random spec: of what people wrote, a bit changed; of parts of it put together; of anything; with one thing broken. */
export function randomSpec(schema: AnySchema, source: Source): Spec {
  const { random, corpus } = source
  const base = random.pick(corpus.accepted) ?? {}
  switch (random.pick(WAYS) ?? 'fresh') {
    case 'written':
      return base
    case 'changed':
      return changedSpec(schema, base, source)
    case 'merged':
      return Object.assign({}, base, random.pick(corpus.accepted), random.pick(corpus.accepted))
    case 'fresh':
      return randomValue('spec', schema, source) as Spec
    case 'broken':
      return brokenSpec(schema, base, source)
  }
}

/** The spec with up to three of its fields set anew, added or removed. */
export function changedSpec(schema: AnySchema, base: Spec, source: Source): Spec {
  let spec = base
  for (let left = source.random.between(1, 3); left > 0; left -= 1) spec = changeOne(schema, 'spec', spec, source)
  return spec
}

function changeOne(schema: AnySchema, path: string, value: Spec, source: Source): Spec {
  const { random } = source
  const [name, field] = fieldOf(schema, source)
  if (!field) return value
  const child = value[name]
  if (field.node.kind === 'object' && isRecord(child) && random.chance(0.7)) {
    return { ...value, [name]: changeOne(field, `${path}.${name}`, child, source) }
  }
  if (child !== undefined && !field.isRequired && random.chance(0.3)) {
    return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name))
  }
  return { ...value, [name]: randomValue(`${path}.${name}`, field, source) }
}

/** The spec with one field that has a value of a wrong kind, at any depth. */
function brokenSpec(schema: AnySchema, value: Spec, source: Source): Spec {
  const { random } = source
  const [name, field] = fieldOf(schema, source)
  if (!field) return value
  const child = value[name]
  if (field.node.kind === 'object' && random.chance(0.8)) {
    return { ...value, [name]: brokenSpec(field, isRecord(child) ? child : {}, source) }
  }
  return { ...value, [name]: brokenValue(field, random) }
}

function fieldOf({ node }: AnySchema, { random }: Source): readonly [string, AnySchema | undefined] {
  const fields = node.kind === 'object' ? Object.entries(node.fields) : []
  return random.pick(fields) ?? ['', undefined]
}

import type { AnySchema } from '../../../src/api/schema.ts'
import { isRecord } from './used.ts'
import { brokenValue, randomValue, type Source } from './values.ts'

type Spec = Readonly<Record<string, unknown>>

/** How a random spec is made. */
const WAYS = ['written', 'changed', 'changed', 'changed', 'merged', 'merged', 'fresh', 'broken'] as const

/** How often an update has nothing to do with what was there, and how often it touches what never changes. */
const OTHER_CHANCE = 0.2
const FIXED_CHANCE = 0.2

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
function changedSpec(schema: AnySchema, base: Spec, source: Source): Spec {
  let spec = base
  for (let left = source.random.between(1, 3); left > 0; left -= 1) spec = changeOne(schema, 'spec', spec, source)
  return spec
}

/** What somebody makes of a spec in force: another one altogether, or a change that is seldom of what never changes. */
export function updatedSpec(schema: AnySchema, base: Spec, source: Source): Spec {
  const { random } = source
  if (random.chance(OTHER_CHANCE)) return randomSpec(schema, source)
  return changedSpec(schema, base, {
    ...source,
    isFixed: ({ change }) => change === 'no' && !random.chance(FIXED_CHANCE),
  })
}

function changeOne(schema: AnySchema, path: string, value: Spec, source: Source): Spec {
  const { random } = source
  const [name, field] = fieldOf(schema, source)
  if (!field || source.isFixed?.(field.node)) return value
  const child = value[name]
  // Neither added, removed nor replaced as a whole: what is fixed inside of it would be, too.
  const isPartlyFixed = childrenOf(field).some(({ node }) => source.isFixed?.(node))
  if (isPartlyFixed)
    return isRecord(child) ? { ...value, [name]: changeOne(field, `${path}.${name}`, child, source) } : value
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

function childrenOf({ node }: AnySchema): readonly AnySchema[] {
  return node.kind === 'object' ? Object.values(node.fields) : []
}

function fieldOf({ node }: AnySchema, { random }: Source): readonly [string, AnySchema | undefined] {
  const fields = node.kind === 'object' ? Object.entries(node.fields) : []
  return random.pick(fields) ?? ['', undefined]
}

import fc from 'fast-check'
import type { AnySchema, Node } from '../../../src/api/schema.ts'
import type { Random } from '../topology/world/random.ts'
import type { Corpus } from './corpus.ts'

type Kind<K extends Node['kind']> = Extract<Node, { kind: K }>
export type Source = Readonly<{
  random: Random
  corpus: Corpus
  /** What is left as it is. Default: nothing. */
  isFixed?: (node: Node) => boolean
}>

/** How often an optional field of the spec is set; one inside of it the more often the deeper it is, or it would never be. */
const FIELD_CHANCE = 0.35
const DEPTH_CHANCE = 0.1
const HIGHEST_CHANCE = 0.9
/** How often a value that a person wrote is taken where there is one. */
const WRITTEN_CHANCE = 0.5
/** Items of a random list or map. */
const MOST_ITEMS = 3
const LONGEST_TEXT = 40
const LARGEST_NUMBER = 1_000_000

/** A value that the structure of the schema allows; rules in CEL may refuse it. */
export function randomValue(path: string, schema: AnySchema, source: Source): unknown {
  const { random, corpus } = source
  const { node } = schema
  const written = corpus.values.get(path)
  if (node.kind !== 'object' && written && random.chance(WRITTEN_CHANCE)) return random.pick(written)
  switch (node.kind) {
    case 'object':
      return randomObject(path, node, source)
    case 'string':
      return randomText(node, random)
    case 'enum':
      return random.pick(node.values)
    case 'quantity':
      return random.pick([
        random.below(LARGEST_NUMBER),
        `${random.between(1, 2000)}${random.pick(['Ki', 'Mi', 'Gi', 'M', ''])}`,
      ])
    case 'duration':
      return `${random.between(0, 200)}${random.pick(['ms', 's', 'm', 'h'])}`
    case 'integer':
      return randomInteger(node, random)
    case 'boolean':
      return random.chance(0.5)
    case 'list':
      return randomList(path, node, source)
    case 'map':
      return randomMap(path, node, source)
  }
}

function randomObject(path: string, node: Kind<'object'>, source: Source): unknown {
  const depth = path.split('.').length - 1
  const chance = depth === 0 ? FIELD_CHANCE : Math.min(HIGHEST_CHANCE, 0.5 + DEPTH_CHANCE * depth)
  const set = Object.entries(node.fields).filter(([, field]) => field.isRequired || source.random.chance(chance))
  return Object.fromEntries(set.map(([name, field]) => [name, randomValue(`${path}.${name}`, field, source)]))
}

function randomInteger({ minimum = 0, maximum = LARGEST_NUMBER }: Kind<'integer'>, random: Random): number {
  return (
    random.pick([
      minimum,
      maximum,
      random.between(minimum, Math.min(maximum, minimum + 5)),
      random.between(minimum, maximum),
    ]) ?? minimum
  )
}

/** Building one takes longer than drawing from it. */
const texts = new Map<string, fc.Arbitrary<string>>()

function randomText(node: Kind<'string'>, random: Random): string {
  const { pattern, minLength = 0, maxLength } = node
  const key = `${pattern} ${minLength} ${maxLength}`
  const arbitrary =
    texts.get(key) ??
    (pattern
      ? fc.stringMatching(new RegExp(pattern), { maxLength })
      : fc.string({ minLength, maxLength: Math.min(maxLength, LONGEST_TEXT) }))
  texts.set(key, arbitrary)
  return fc.sample(arbitrary, { numRuns: 1, seed: random.below(2 ** 30) })[0] ?? ''
}

function randomList(path: string, { items, maxItems, mapKey }: Kind<'list'>, source: Source): unknown {
  const length = source.random.between(0, Math.min(maxItems, MOST_ITEMS))
  const list = Array.from({ length }, () => randomValue(`${path}[]`, items, source))
  if (!mapKey) return list
  const keyed = new Map(list.map((item) => [(item as Readonly<Record<string, unknown>>)[mapKey], item]))
  return [...keyed.values()]
}

function randomMap(path: string, { values, maxProperties }: Kind<'map'>, source: Source): unknown {
  const { random, corpus } = source
  const length = random.between(0, Math.min(maxProperties, MOST_ITEMS))
  const known = corpus.keys.get(path) ?? []
  const keys = Array.from({ length }, () => (random.chance(0.8) && random.pick(known)) || `key-${random.below(1000)}`)
  return Object.fromEntries(keys.map((key) => [key, randomValue(`${path}{}`, values, source)]))
}

/** A value that the structure of the schema does not allow. */
export function brokenValue({ node }: AnySchema, random: Random): unknown {
  return random.pick(brokenValues(node))
}

function brokenValues(node: Node): readonly unknown[] {
  switch (node.kind) {
    case 'object':
      return ['text', 5, []]
    case 'string':
      return [
        5,
        true,
        'x'.repeat(node.maxLength + 1),
        ...(node.minLength ? [''] : []),
        ...(node.pattern ? ['\n~!'] : []),
      ]
    case 'enum':
      return ['Nonsense', '', 5, ...node.values.map((word) => `${word} `)]
    case 'quantity':
      return ['1 Ki', 'much', '', true, '1KB']
    case 'duration':
      return ['5', '5 s', '', 5, '1d', 'soon']
    case 'integer':
      return [
        '5',
        2.5,
        true,
        ...(node.minimum === undefined ? [] : [node.minimum - 1]),
        ...(node.maximum === undefined ? [] : [node.maximum + 1]),
      ]
    case 'boolean':
      return ['yes', 1, 'true']
    case 'list':
      return ['text', {}, 5]
    case 'map':
      return ['text', [], 5]
  }
}

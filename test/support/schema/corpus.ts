import type { AnySchema } from '../../../src/api/schema.ts'
import { isRecord, valuesIn } from './used.ts'

/** A spec that somebody wrote by hand, and whether the API server should take it. */
export type Example = Readonly<{ spec: unknown; isAccepted: boolean }>

/** What people wrote by hand: where random values that mean something come from. */
export type Corpus = Readonly<{
  /** Specs that are accepted on a create. */
  accepted: readonly Readonly<Record<string, unknown>>[]
  /** Values by the path of their field, as they were written, right and wrong ones. */
  values: ReadonlyMap<string, readonly unknown[]>
  /** Keys of maps by the path of the map. */
  keys: ReadonlyMap<string, readonly string[]>
}>

/** Collects what the examples set, field by field. */
export function readCorpus(path: string, schema: AnySchema, examples: readonly Example[]): Corpus {
  const values = new Map<string, unknown[]>()
  const keys = new Map<string, string[]>()
  for (const { spec } of examples) {
    for (const each of valuesIn(path, schema, spec)) {
      add(values, each.path, each.value)
      for (const key of isRecord(each.value) ? Object.keys(each.value) : []) add(keys, each.path, key)
    }
  }
  const accepted = examples.flatMap(({ spec, isAccepted }) => (isAccepted && isRecord(spec) ? [spec] : []))
  return { accepted, values, keys }
}

function add<T>(lists: Map<string, T[]>, path: string, value: T): void {
  const list = lists.get(path) ?? []
  lists.set(path, [...list, value])
}

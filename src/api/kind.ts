import type { AnySchema, Rule } from './schema.ts'

/** A column of `kubectl get`. */
export type PrinterColumn = Readonly<{ name: string; type: 'string' | 'integer' | 'date'; jsonPath: string }>

/** Everything the API server and the reference need to know of one kind of ours. */
export type KindSchema = Readonly<{
  kind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  /** Labels of the CustomResourceDefinition itself. */
  labels: Readonly<Record<string, string>>
  description: string
  /** Rules on the whole object, where `self.metadata.name` can be read. */
  rules: readonly Rule[]
  spec: AnySchema
  status: AnySchema
  hasScale: boolean
  columns: readonly PrinterColumn[]
}>

/** A CEL rule of a schema. `name` is ours: tests enumerate rules by it, the API server never sees it. */
export type Rule = Readonly<{
  name: string
  rule: string
  message: string
  /** JSON path below the node the rule stands on, so that the error names the field. */
  fieldPath?: string
}>

type Common = Readonly<{
  description: string
  /** Text behind `Default:` in the description, from the constant that `effectiveSpec` uses. */
  defaultText: string | undefined
  /** Tells a reader of docs/api.md what a later change does. */
  change: string | undefined
  rules: readonly Rule[]
}>

/** One node of a schema; crd.ts renders it as OpenAPI, hack/generate/ as documentation. */
export type Node = Common &
  (
    | Readonly<{ kind: 'object'; fields: Readonly<Record<string, AnySchema>> }>
    | Readonly<{ kind: 'string'; pattern?: string; minLength?: number; maxLength: number; format?: 'date-time' }>
    | Readonly<{ kind: 'enum'; values: readonly string[] }>
    | Readonly<{ kind: 'quantity' }>
    | Readonly<{ kind: 'duration' }>
    | Readonly<{ kind: 'integer'; minimum?: number; maximum?: number; default?: number }>
    | Readonly<{ kind: 'boolean' }>
    | Readonly<{ kind: 'list'; items: AnySchema; maxItems: number; mapKey?: string }>
    | Readonly<{ kind: 'map'; values: AnySchema; maxProperties: number }>
  )

/** A schema and, at compile time only, the type of the values it accepts. */
export type Schema<T, IsRequired extends boolean = boolean> = Readonly<{
  node: Node
  isRequired: IsRequired
  /** Carries T; never present at run time. */
  type?: T
}>

export type AnySchema = Schema<unknown>

/** The type of the values that a schema accepts. */
export type Infer<S> = S extends Schema<infer T> ? T : never

type Fields = Readonly<Record<string, AnySchema>>
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K]['isRequired'] extends true ? K : never }[keyof F]
type Flatten<T> = { readonly [K in keyof T]: T[K] }
type ObjectOf<F extends Fields> = Flatten<
  { [K in RequiredKeys<F>]: Infer<F[K]> } & { [K in Exclude<keyof F, RequiredKeys<F>>]?: Infer<F[K]> }
>

/** What any schema may say beside its type. */
export type Options = Readonly<{ defaultText?: string; change?: string; rules?: readonly Rule[] }>

function common(description: string, options: Options): Common {
  const { defaultText, change, rules = [] } = options
  return { description, defaultText, change, rules }
}

/** An object with exactly these fields; each is optional unless wrapped by `required`. */
export function object<F extends Fields>(
  description: string,
  fields: F,
  options: Options = {},
): Schema<ObjectOf<F>, false> {
  return { node: { ...common(description, options), kind: 'object', fields }, isRequired: false }
}

/** A string; `maxLength` is never optional, as the cost of a CEL rule is estimated from it. */
export function string(
  description: string,
  options: Options & Readonly<{ pattern?: string; minLength?: number; maxLength: number }>,
): Schema<string, false> {
  const { pattern, minLength, maxLength } = options
  const limits = { maxLength, ...(pattern && { pattern }), ...(minLength && { minLength }) }
  return { node: { ...common(description, options), kind: 'string', ...limits }, isRequired: false }
}

/** An RFC 3339 time. */
export function time(description: string): Schema<string, false> {
  return { node: { ...common(description, {}), kind: 'string', maxLength: 64, format: 'date-time' }, isRequired: false }
}

/** One of a closed list of words; a refused value is answered with the list. */
export function oneOf<const V extends readonly string[]>(
  description: string,
  values: V,
  options: Options = {},
): Schema<V[number], false> {
  return { node: { ...common(description, options), kind: 'enum', values }, isRequired: false }
}

/** A Kubernetes quantity (`128Mi`, `1Gi`, `1048576`), parsed by quantity.ts. */
export function quantity(description: string, options: Options = {}): Schema<string | number, false> {
  return { node: { ...common(description, options), kind: 'quantity' }, isRequired: false }
}

/** A duration (`1h30m`, `500ms`), parsed by duration.ts. */
export function duration(description: string, options: Options = {}): Schema<string, false> {
  return { node: { ...common(description, options), kind: 'duration' }, isRequired: false }
}

/** A whole number; a `default` is filled in by the API server, so only for fields no policy may default. */
export function integer(
  description: string,
  options: Options & Readonly<{ minimum?: number; maximum?: number; default?: number }> = {},
): Schema<number, false> {
  const { minimum, maximum, default: value } = options
  const limits = {
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(value !== undefined && { default: value }),
  }
  const defaultText = options.defaultText ?? value?.toString()
  const base = common(description, { ...options, ...(defaultText !== undefined && { defaultText }) })
  return { node: { ...base, kind: 'integer', ...limits }, isRequired: false }
}

export function boolean(description: string, options: Options = {}): Schema<boolean, false> {
  return { node: { ...common(description, options), kind: 'boolean' }, isRequired: false }
}

/** A list; with `mapKey` its objects merge by that (required) field, without it the list is atomic. */
export function list<T>(
  description: string,
  items: Schema<T>,
  options: Options & Readonly<{ maxItems: number; mapKey?: keyof T & string }>,
): Schema<readonly T[], false> {
  const { maxItems, mapKey } = options
  return {
    node: { ...common(description, options), kind: 'list', items, maxItems, ...(mapKey && { mapKey }) },
    isRequired: false,
  }
}

/** A map from names to values of one schema. */
export function map<T>(
  description: string,
  values: Schema<T>,
  options: Options & Readonly<{ maxProperties: number }>,
): Schema<Readonly<Record<string, T>>, false> {
  const { maxProperties } = options
  return { node: { ...common(description, options), kind: 'map', values, maxProperties }, isRequired: false }
}

/** The same schema as a field that must be present. */
export function required<T>(schema: Schema<T>): Schema<T, true> {
  return { ...schema, isRequired: true }
}

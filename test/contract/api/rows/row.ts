/** What is tried with each rule. */
export const ACTS = ['create', 'update', 'added', 'removed', 'scale'] as const
export type Act = (typeof ACTS)[number]

export type Spec = Readonly<Record<string, unknown>>

/** `refused` names the field that the error must name; `accepted` shows that the rule does not stand in the way. */
export type Attempt = Readonly<{
  /** Metadata name, where the row is about it; else one is made. */
  name?: string
  /** The object before the act; a create has none. */
  from?: Spec
  /** Size that the status of the object says its volumes have. */
  inForce?: string
  /** The whole spec after the act; with `scale` the number of replicas. */
  to: Spec | number
  refusedAt?: string
}>

/** Attempts of one act, or the reason why the act cannot meet the rule. */
export type Row = readonly Attempt[] | string

export type RowsOfRule = Readonly<Record<Act, Row>>

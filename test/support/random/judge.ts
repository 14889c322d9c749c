import type { KindSchema } from '../../../src/api/kind.ts'
import { structuralErrors } from '../../../src/api/validate.ts'
import { rulesOf } from '../../../src/api/walk.ts'

/** How the API server names a field that it refuses, and why. */
const REFUSAL =
  /\b(spec(?:\.\w+|\[[^\]]*\])*): (?:Invalid value|Required value|Unsupported value|Too long|Too many|Duplicate value|Forbidden)/g
/** What it says of a rule that it could not work out: an error of the rule, not of the spec. */
const BROKEN_RULE = /evaluating rule|no such key|no such overload|cost exceed|must be of type <nil>/

/**
 * What is wrong with how the API server took a spec; undefined when it is as it should be: what the structure forbids is
 * refused, a refusal names the field, and what the structure allows is refused by a rule of ours only.
 */
export function judgeOutcome(kind: KindSchema, spec: unknown, outcome: string): string | undefined {
  const wrong = structuralErrors('spec', kind.spec, spec)
  if (outcome === 'accepted') return wrong.length > 0 ? `admitted, although ${wrong.join('; ')}` : undefined
  if (BROKEN_RULE.test(outcome)) return `a rule cannot be worked out: ${outcome}`
  const fields = [...outcome.matchAll(REFUSAL)].map(([, field = '']) => dotted(field))
  if (!fields.some((field) => field !== 'spec')) return `the refusal names no field: ${outcome}`
  if (wrong.length === 0) return isByRule(kind, outcome) ? undefined : `refused by no rule of ours: ${outcome}`
  const places = wrong.map((error) => dotted(error.split(' ')[0] ?? ''))
  const isNamed = places.some((place) => fields.some((field) => place.startsWith(field)))
  return isNamed ? undefined : `none of ${places.join(', ')} is named: ${outcome}`
}

function isByRule(kind: KindSchema, outcome: string): boolean {
  return outcome.includes('Duplicate value') || rulesOf(kind).some(({ rule }) => outcome.includes(rule.message))
}

/** Items and keys as steps of a path. */
function dotted(path: string): string {
  return path.replaceAll(/\[([^\]]*)\]/g, '.$1')
}

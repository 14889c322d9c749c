import type { Rule } from '../../schema.ts'
import { duration, object, oneOf } from '../../schema.ts'
import { DEFAULTS, DEGRADED_MODES, DURABILITY_MODES, LIMITS } from '../defaults.ts'
import { DURATION_PATTERN } from '../duration.ts'

const { maxLag, fencedReplicas } = LIMITS
/** Whether a write is gated at all, as the effective mode says. */
const IS_GATED = `(has(self.durability) && has(self.durability.mode) ? self.durability.mode != 'Async' : self.replicas >= ${fencedReplicas})`

/** A duration of a field, or its default; what the pattern refuses is refused by the pattern alone. */
function durationOf(path: string, parent: string, byDefault: string): string {
  return `(has(self.${parent}) && has(self.${path}) && self.${path}.matches('${DURATION_PATTERN}') ? duration(self.${path}) : duration('${byDefault}'))`
}

/** Schema of `spec.durability`. */
export const durability = object(
  'How far a write is protected before it is acknowledged. A gate on the lag of replicas, not an acknowledgement by them: what was acknowledged in the last maxLag + 1 s before an unplanned failover may be lost. Nothing is lost by planned moves.',
  {
    mode: oneOf(
      'Async: a write needs no replica. Bounded: the primary refuses writes unless one replica keeps up. Majority: unless half of the members do, so that a majority with the primary has nearly everything.',
      DURABILITY_MODES,
      { defaultText: `Async with 1 or 2 replicas, Bounded from ${fencedReplicas} on`, change: 'live' },
    ),
    maxLag: duration(
      'How long ago a replica may have acknowledged and still count as keeping up, in whole seconds. At least 1s less than failover.downAfter.',
      {
        defaultText: DEFAULTS.maxLag,
        change: 'live',
        rules: [
          {
            name: 'maxLag-range',
            rule: `!self.matches('${DURATION_PATTERN}') || (duration(self) >= duration('${maxLag.minimum}') && duration(self) <= duration('${maxLag.maximum}') && duration(self).getMilliseconds() % 1000 == 0)`,
            message: `maxLag must be whole seconds from ${maxLag.minimum} to ${maxLag.maximum}`,
          },
        ],
      },
    ),
    whenDegraded: oneOf(
      'What a primary does that answers and whose replicas have been missing for failover.downAfter. Relax: it goes on without them. Refuse: it refuses writes, logouts included, until enough of them are back.',
      DEGRADED_MODES,
      { defaultText: 'Relax with Bounded, Refuse with Majority', change: 'live' },
    ),
  },
  {
    defaultText: `mode Async with 1 or 2 replicas, Bounded from ${fencedReplicas} on`,
    change: 'live',
  },
)

/** Rules of `spec` about it. */
export const durabilityRules: readonly Rule[] = [
  {
    name: 'durability-async-refuse',
    rule: `${IS_GATED} || !has(self.durability) || !has(self.durability.whenDegraded) || self.durability.whenDegraded != 'Refuse'`,
    message: `durability.whenDegraded Refuse needs mode Bounded or Majority, and so at least ${fencedReplicas} replicas: with Async no write is ever refused for a replica`,
    fieldPath: '.durability.whenDegraded',
  },
  {
    name: 'durability-replicas',
    rule: `!has(self.durability) || !has(self.durability.mode) || self.durability.mode == 'Async' || self.replicas >= ${fencedReplicas}`,
    message: `durability.mode Bounded and Majority need at least ${fencedReplicas} replicas: keep replicas at ${fencedReplicas} or more, or set durability.mode to Async`,
    fieldPath: '.durability.mode',
  },
  {
    name: 'durability-maxLag-downAfter',
    rule: `!${IS_GATED} || ${durationOf('durability.maxLag', 'durability', DEFAULTS.maxLag)} + duration('1s') <= ${durationOf('failover.downAfter', 'failover', DEFAULTS.downAfter)}`,
    message: `durability.maxLag (default ${DEFAULTS.maxLag}) must be at least 1s less than failover.downAfter (default ${DEFAULTS.downAfter}): a silent primary must have stopped accepting writes before it is replaced`,
    fieldPath: '.durability.maxLag',
  },
]

import { duration, object, oneOf } from '../../schema.ts'
import { DEFAULTS, FAILOVER_MODES, LIMITS } from '../defaults.ts'
import { DURATION_PATTERN } from '../duration.ts'

const { downAfter } = LIMITS

/** Schema of `spec.failover`. */
export const failover = object('How a primary that failed is replaced.', {
  mode: oneOf(
    'Operator: another member is promoted as soon as that is safe. Manual: never by itself; the store has no primary until the old one is back or the mode is Operator. Planned moves, as in a roll, a drain and when scaling in, and the first primary are not concerned.',
    FAILOVER_MODES,
    { defaultText: DEFAULTS.failoverMode, change: 'live' },
  ),
  downAfter: duration(
    'How long a primary must be silent before it is replaced. A primary that is known to have stopped is replaced at once.',
    {
      defaultText: DEFAULTS.downAfter,
      change: 'live',
      rules: [
        {
          name: 'downAfter-range',
          rule: `!self.matches('${DURATION_PATTERN}') || (duration(self) >= duration('${downAfter.minimum}') && duration(self) <= duration('${downAfter.maximum}'))`,
          message: `downAfter must be from ${downAfter.minimum} to ${downAfter.maximum}`,
        },
      ],
    },
  ),
})

import { integer, object, quantity } from '../../schema.ts'
import { DEFAULTS, LIMITS } from '../defaults.ts'
import { quantityRange } from './rules.ts'

const { averageSize, connections, maxMemory, sessions } = LIMITS

/** Schema of `spec.capacity`. */
export const capacity = object(
  'How much the store must hold. Give either sessions and averageSize, from which the memory is computed, or maxMemory; connections goes with both.',
  {
    sessions: integer('Number of sessions that must fit at once. Needs averageSize.', {
      ...sessions,
      change: 'live; a smaller value only while the data still fits',
    }),
    averageSize: quantity('Average size of the value of one session, without its key, such as 1Ki. Needs sessions.', {
      change: 'live; a smaller value only while the data still fits',
      rules: [quantityRange('averageSize', averageSize)],
    }),
    maxMemory: quantity(
      'Memory for data, the maxmemory of the server, such as 512Mi. The container limit is computed from it and is always larger.',
      {
        defaultText: `${DEFAULTS.maxMemory}, unless sessions and averageSize are given`,
        change: 'live; a smaller value only while the data still fits',
        rules: [quantityRange('maxMemory', maxMemory)],
      },
    ),
    connections: integer('Number of client connections that must be served at once.', {
      ...connections,
      defaultText: `${DEFAULTS.connections}`,
      change: 'live',
    }),
  },
  {
    defaultText: `maxMemory ${DEFAULTS.maxMemory}, connections ${DEFAULTS.connections}`,
    change: 'live',
    rules: [
      {
        name: 'capacity-sessions-pair',
        rule: 'has(self.sessions) == has(self.averageSize)',
        message: 'sessions and averageSize must be given together',
      },
      {
        name: 'capacity-union',
        rule: '!(has(self.maxMemory) && (has(self.sessions) || has(self.averageSize)))',
        message: 'maxMemory must not be given beside sessions and averageSize: choose one of the two ways',
      },
      {
        name: 'capacity-product',
        // Approximate, as the exact product of the quantity library fails on fractions instead of answering.
        rule: `!has(self.sessions) || !has(self.averageSize) || !isQuantity(string(self.averageSize)) || double(self.sessions) * quantity(string(self.averageSize)).asApproximateFloat() <= quantity('${maxMemory.maximum}').asApproximateFloat()`,
        message: `sessions times averageSize must be at most ${maxMemory.maximum}`,
      },
    ],
  },
)

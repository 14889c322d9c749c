import type { ConditionInputs, Of } from './inputs.ts'

type NearCapacity = Of<'NearCapacity'>

/** See the reasons in CONDITIONS. */
export function planNearCapacity({ capacity, spec }: ConditionInputs): NearCapacity {
  const is = (status: NearCapacity['status'], reason: NearCapacity['reason'], message: string): NearCapacity => ({
    type: 'NearCapacity',
    status,
    reason,
    message,
  })
  if (!capacity) return is('Unknown', 'NoPrimary', 'no primary tells how much memory it uses')
  switch (capacity.level) {
    case 'Enough':
      return is('False', 'Enough', 'the primary has memory left')
    case 'NearLimit':
      return is(
        'True',
        'NearLimit',
        `most of the memory of the primary is used, and ${whatFollows(spec.eviction)}; raise spec.capacity, which restarts nothing`,
      )
    case 'Evicting':
      return is(
        'True',
        'Evicting',
        `the memory is full and sessions are removed before their time (eviction ${spec.eviction}): users are logged out; raise spec.capacity, which restarts nothing`,
      )
    case 'Full':
      return is(
        'True',
        'Full',
        `the memory is full and writes are refused (eviction ${spec.eviction}); raise spec.capacity, which restarts nothing, or remove keys`,
      )
  }
}

function whatFollows(eviction: string): string {
  return eviction === 'noeviction' ? 'writes are refused when it is full' : 'sessions are evicted when it is full'
}

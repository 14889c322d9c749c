import { isOutOfMemory } from '../capacity.ts'
import { isReached } from '../facts.ts'
import { followersInSync } from '../quorum.ts'
import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planAvailable(inputs: ConditionInputs): Of<'Available'> {
  const { facts, plan, write } = inputs
  const is = (status: 'True' | 'False', reason: Of<'Available'>['reason'], message: string): Of<'Available'> => ({
    type: 'Available',
    status,
    reason,
    message,
  })
  const primary = facts.members.find((member) => member.name === plan.primary)
  if (!primary || !isReached(primary)) {
    const last = facts.members.find((member) => member.pod?.role === 'primary')
    if (last) return is('False', 'PrimaryUnreachable', `primary ${last.name} does not answer`)
    return is('False', 'NoPrimary', 'no server is the primary')
  }
  const inSync = followersInSync(facts, primary).length
  const { minReplicasToWrite: w } = primary.probe
  if (inSync < w) return is('False', 'WritesRefused', describeRefusal(inputs, inSync, w))
  if (isOutOfMemory(write)) return is('False', 'WritesRefused', describeFull(inputs))
  if (write.kind === 'failed') return is('False', 'WritesRefused', write.message)
  return is('True', 'PrimaryServing', `primary ${primary.name} serves`)
}

function describeFull({ spec }: ConditionInputs): string {
  const cause = spec.eviction === 'noeviction' ? 'nothing is evicted' : 'it holds nothing that may be evicted'
  return `the memory of the primary is full and ${cause} (eviction ${spec.eviction}): writes get the error OOM; raise spec.capacity, which restarts nothing, or remove keys`
}

/** Too few replicas keep up: what ends that. */
function describeRefusal({ facts }: ConditionInputs, inSync: number, w: number): string {
  const lacking = `${inSync} replicas keep up and ${w} are needed for a write`
  if (facts.goal.whenDegraded === 'Relax') return lacking
  return `${lacking}; bring the missing members back, or set spec.durability.whenDegraded to Relax to go on without them`
}

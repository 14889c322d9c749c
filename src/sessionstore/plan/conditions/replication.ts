import { readElectorate } from '../electorate.ts'
import { isReached } from '../facts.ts'
import { isStopped } from '../fence.ts'
import { servingMembers } from '../links.ts'
import type { ConditionInputs, FullSyncLoop, Of } from './inputs.ts'

/** What keeps a copy from being finished, and what to do. */
const INTERRUPTED: Readonly<Record<FullSyncLoop['cause'], string>> = {
  BufferOverflow:
    'more is written meanwhile than its output buffer on the primary holds; raise spec.capacity, and the buffer with it, or write less',
  Restarts: 'it restarts before it has it; see kubectl describe pod for why it ended',
  LinkDrops: 'its connection to the primary drops each time; look at the network between their Nodes',
}

/** See the reasons in CONDITIONS. */
export function planReplication({ spec, facts, plan, fullSyncLoops }: ConditionInputs): Of<'ReplicationHealthy'> {
  const is = (
    status: 'True' | 'False',
    reason: Of<'ReplicationHealthy'>['reason'],
    message: string,
  ): Of<'ReplicationHealthy'> => ({ type: 'ReplicationHealthy', status, reason, message })
  const primary = readElectorate(facts).primary
  if (!primary) return is('False', 'NoPrimary', 'no server is the primary')
  if (spec.replicas === 1) return is('True', 'SingleMember', 'one member: its loss is the loss of all sessions')
  if (facts.mark && facts.mark.w < facts.goal.w && plan.primary)
    return is('False', 'Relaxed', `writes go on with ${facts.mark.w} replicas in sync instead of ${facts.goal.w}`)
  const [loop] = fullSyncLoops
  if (loop)
    return is('False', 'FullSyncLoop', `${loop.member} needs a full copy again and again: ${INTERRUPTED[loop.cause]}`)
  const serving = servingMembers(facts, primary)
  const expected = facts.members.filter((member) => member.ordinal < spec.replicas)
  const syncing = expected.filter((member) => isReached(member) && member.probe.isSyncing).map((member) => member.name)
  if (syncing.length > 0) return is('False', 'Syncing', `${syncing.join(', ')} receive a full copy`)
  const missing = expected
    .filter((member) => !isReached(member) || isStopped(member, facts))
    .map((member) => member.name)
  if (missing.length > 0 || expected.length < spec.replicas)
    return is('False', 'MembersMissing', `${missing.join(', ') || 'members'} do not answer`)
  const unlinked = expected.filter((member) => !serving.has(member.name)).map((member) => member.name)
  if (unlinked.length > 0) return is('False', 'LinkDown', `${unlinked.join(', ')} are not linked to the primary`)
  return is('True', 'InSync', 'every replica is linked to the primary')
}

import { type Electorate, recordOf } from './electorate.ts'
import {
  isReached,
  type Mark,
  type MemberFacts,
  type ReachedMember,
  type TopologyFacts,
  type TopologyStep,
} from './facts.ts'

type Quorum = Readonly<{ n: number; w: number }>

/** Members that follow the primary and keep up with it. */
export function followersInSync(facts: TopologyFacts, primary: ReachedMember): readonly ReachedMember[] {
  return facts.members.filter(isReached).filter((member) => {
    const { probe } = member
    return probe.role === 'replica' && probe.upstream?.host === primary.host && probe.isLinkUp && !probe.isSyncing
  })
}

/** What n and w should be now: the goal, as far as members that keep up allow it. */
function targetQuorum(facts: TopologyFacts, current: Quorum, primary: ReachedMember): Quorum {
  const { goal, nowMs } = facts
  const size = facts.statefulSetReplicas ?? goal.n
  const inSync = followersInSync(facts, primary).length
  const isShrinking = size > goal.n
  const n = isShrinking ? size - 1 : inSync + 1 >= goal.n ? goal.n : current.n
  const wanted = Math.min(goal.w, n - 1)
  if (wanted <= current.w && inSync >= current.w) return { n, w: wanted }
  const isDegraded = facts.degradedSinceMs !== undefined && nowMs - facts.degradedSinceMs >= goal.downAfterMs
  if (inSync < current.w && isDegraded && goal.whenDegraded === 'Relax') return { n, w: Math.min(inSync, wanted) }
  // A w above what keeps up would refuse writes at once.
  return { n, w: inSync >= wanted ? wanted : Math.min(current.w, wanted) }
}

/**
 * Brings n and w to the goal. Lowering: mark → servers → record, so that nobody returning with an old, higher w makes a
 * fence seem complete; raising the other way round.
 */
export function planQuorum(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep {
  const record = recordOf(primary, facts.storeUID)
  if (!record) return { kind: 'none' }
  const { mark } = facts
  if (!mark) return { kind: 'mark', mark: markOf(facts, record.epoch, record), reason: 'Bootstrapped' }
  // A suspended store keeps its members; w still follows them, as a refused write helps nobody.
  const target = targetQuorum(
    facts.isSuspended ? { ...facts, statefulSetReplicas: mark.n, goal: { ...facts.goal, n: mark.n } } : facts,
    mark,
    primary,
  )
  const isLower = target.w < mark.w || target.n < mark.n
  if (isLower)
    return {
      kind: 'mark',
      mark: markOf(facts, record.epoch, target),
      reason: target.w < Math.min(mark.w, facts.goal.w) ? 'Relaxed' : 'QuorumChanged',
    }
  const isInForce = record.n === target.n && record.w === target.w && primary.probe.minReplicasToWrite === target.w
  if (!isInForce) return { kind: 'setQuorum', primary: primary.name, epoch: record.epoch, ...target }
  if (mark.n !== target.n || mark.w !== target.w)
    return { kind: 'mark', mark: markOf(facts, record.epoch, target), reason: 'QuorumChanged' }
  if (mark.epoch < electorate.epoch)
    return { kind: 'mark', mark: markOf(facts, record.epoch, target), reason: 'NewEpoch' }
  return { kind: 'none' }
}

function markOf(facts: TopologyFacts, epoch: number, { n, w }: Quorum): Mark {
  return { bootstrapped: facts.storeUID, epoch, n, w }
}

/**
 * `.spec.replicas` for the StatefulSet now: grows at once, shrinks by one member at a time and only when the primary is
 * elsewhere and mark, server and record already count without it.
 */
export function planReplicas(facts: TopologyFacts, electorate: Electorate): number {
  const { goal, mark, statefulSetReplicas: size } = facts
  if (size === undefined) return goal.n
  if (facts.isSuspended) return size
  if (goal.n >= size) return goal.n
  const { primary } = electorate
  if (!mark || !primary || facts.intent) return size
  const next = size - 1
  const record = recordOf(primary, facts.storeUID)
  const isCounted = mark.n === next && record?.n === next && primary.probe.minReplicasToWrite === record.w
  return isCounted && isBelow(primary, next) && !hasLeaver(facts, size) ? next : size
}

function isBelow(member: MemberFacts, size: number): boolean {
  return member.ordinal < size
}

/** The member removed before is still there: one at a time. */
function hasLeaver(facts: TopologyFacts, size: number): boolean {
  return facts.members.some((member) => member.ordinal >= size && member.pod !== undefined)
}

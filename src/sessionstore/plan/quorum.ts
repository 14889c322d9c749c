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

/** w for n members: the goal's at its own size; on the way there never so much that one lost member stops all writes. */
export function quorumFor({ goal }: TopologyFacts, n: number): Quorum {
  return { n, w: Math.min(goal.w, n >= goal.n ? n - 1 : Math.floor((n - 1) / 2)) }
}

/** What n and w should be now: the goal, as far as members that keep up allow it; one member at a time. */
function targetQuorum(facts: TopologyFacts, current: Quorum, primary: ReachedMember): Quorum {
  const { goal, nowMs } = facts
  const inSync = followersInSync(facts, primary).length
  const n = targetSize(facts, current, { primary, inSync })
  const { w: wanted } = quorumFor(facts, n)
  if (wanted <= current.w && inSync >= current.w) return { n, w: wanted }
  const isDegraded = facts.degradedSinceMs !== undefined && nowMs - facts.degradedSinceMs >= goal.downAfterMs
  if (inSync < current.w && isDegraded && goal.whenDegraded === 'Relax') return { n, w: Math.min(inSync, wanted) }
  // A w above what keeps up would refuse writes at once.
  return { n, w: inSync >= wanted ? wanted : Math.min(current.w, wanted) }
}

type Following = Readonly<{ primary: ReachedMember; inSync: number }>

function targetSize({ goal, statefulSetReplicas }: TopologyFacts, current: Quorum, following: Following): number {
  const size = statefulSetReplicas ?? goal.n
  if (size > goal.n) return isBelow(following.primary, size - 1) ? size - 1 : current.n
  return following.inSync + 1 >= size ? size : current.n
}

/**
 * Brings n, w and maxLag to the goal. Lowering: mark → servers → record, so that nobody returning with an old, higher w makes a
 * fence seem complete; raising the other way round.
 */
export function planQuorum(facts: TopologyFacts, primary: ReachedMember): TopologyStep {
  const record = recordOf(primary, facts.storeUID)
  const { mark } = facts
  if (!record || !mark) return { kind: 'none' }
  // A suspended store keeps its members; w still follows them, as a refused write helps nobody.
  const target = targetQuorum(
    facts.isSuspended ? { ...facts, statefulSetReplicas: mark.n, goal: { ...facts.goal, n: mark.n } } : facts,
    mark,
    primary,
  )
  const { maxLagMs } = facts.goal
  // What lets a silent primary write more or for longer is marked first, what lets it less is marked last, also when one
  // of them changes one way as another changes the other way.
  const lowered = {
    n: Math.min(mark.n, target.n),
    w: Math.min(mark.w, target.w),
    maxLagMs: Math.max(mark.maxLagMs, maxLagMs),
  }
  if (!isSameMark(lowered, mark))
    return {
      kind: 'mark',
      mark: markOf(facts, record.epoch, lowered),
      reason: lowered.w < Math.min(mark.w, facts.goal.w) ? 'Relaxed' : 'QuorumChanged',
    }
  const isInForce = record.n === target.n && record.w === target.w && hasGate(primary, target.w, maxLagMs)
  if (!isInForce) return { kind: 'setQuorum', primary: primary.name, epoch: record.epoch, ...target }
  const wanted = { ...target, maxLagMs }
  if (!isSameMark(wanted, mark))
    return { kind: 'mark', mark: markOf(facts, record.epoch, wanted), reason: 'QuorumChanged' }
  return { kind: 'none' }
}

/**
 * The gate of each replica, which it has if it is promoted: asserted last, so that a sick replica keeps the primary from
 * nothing. Promotions assert it again.
 */
export function planGates(facts: TopologyFacts, primary: ReachedMember): TopologyStep | undefined {
  const { mark, goal } = facts
  if (!mark || mark.w < goal.w) return undefined
  const members = followersInSync(facts, primary)
    .filter((member) => !member.pod?.isTerminating && !hasGate(member, mark.w, mark.maxLagMs))
    .map((member) => member.name)
  return members.length > 0 ? { kind: 'setGates', members, w: mark.w } : undefined
}

function hasGate({ probe }: ReachedMember, w: number, maxLagMs: number): boolean {
  return probe.minReplicasToWrite === w && probe.maxLagSeconds === Math.floor(maxLagMs / 1000)
}

type Gate = Quorum & Readonly<{ maxLagMs: number }>

function isSameMark(gate: Gate, mark: Mark): boolean {
  return gate.n === mark.n && gate.w === mark.w && gate.maxLagMs === mark.maxLagMs
}

function markOf(facts: TopologyFacts, epoch: number, { n, w, maxLagMs }: Gate): Mark {
  return { bootstrapped: facts.storeUID, epoch, n, w, maxLagMs }
}

/**
 * `.spec.replicas` for the StatefulSet now, one member at a time: it grows when the members there are counted, and
 * shrinks when the primary is elsewhere, mark, server and record count without the leaver and enough others keep up.
 */
export function planReplicas(facts: TopologyFacts, electorate: Electorate): number {
  const { goal, mark, statefulSetReplicas: size } = facts
  if (size === undefined) return goal.n
  if (facts.isSuspended || goal.n === size) return size
  if (!electorate.isBootstrapped && !facts.intent) return goal.n
  const { primary } = electorate
  if (!mark || !primary || facts.intent) return size
  if (goal.n > size) return mark.n >= size ? size + 1 : size
  const next = size - 1
  const record = recordOf(primary, facts.storeUID)
  const isCounted = mark.n === next && record?.n === next && primary.probe.minReplicasToWrite === record.w
  const isEnough = followersInSync(facts, primary).filter((member) => isBelow(member, next)).length >= mark.w
  return isCounted && isEnough && isBelow(primary, next) && !hasLeaver(facts, size) ? next : size
}

function isBelow(member: MemberFacts, size: number): boolean {
  return member.ordinal < size
}

/** The member removed before is still there: one at a time. */
function hasLeaver(facts: TopologyFacts, size: number): boolean {
  return facts.members.some((member) => member.ordinal >= size && member.pod !== undefined)
}

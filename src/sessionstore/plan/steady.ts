import { planAbort, unpreparedMembers } from './elect.ts'
import { type Electorate, isMaster, isPrepared } from './electorate.ts'
import {
  isReached,
  type MemberFacts,
  type PodChange,
  type ReachedMember,
  type TopologyFacts,
  type TopologyStep,
} from './facts.ts'
import { LINK_DROP_MS } from './links.ts'
import { moveOffLeavingPod, movePrimaryLow } from './move.ts'
import { followersInSync, planGates, planQuorum } from './quorum.ts'
import { rollPods } from './rollpods.ts'

/** What every server starts as a replica of: a closed port. */
const BOOT_GUARD_HOST = '127.0.0.1'

type Rule = (facts: TopologyFacts, electorate: Electorate, primary: ReachedMember) => TopologyStep | undefined

/** The rightful primary answers: the first of these rules that has something to do is the next act. */
const RULES: readonly Rule[] = [
  abortMoves,
  demoteZombies,
  markBeforeLabel,
  followTheLabel,
  finishIntent,
  unjoinRestarted,
  prepareMembers,
  joinMembers,
  moveOffLeavingPod,
  movePrimaryLow,
  adjustQuorum,
  describePods,
  endHungPrimary,
  rollPods,
  assertGates,
]

export function planSteady(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep {
  for (const rule of RULES) {
    const step = rule(facts, electorate, primary)
    if (step && step.kind !== 'none') return step
  }
  return { kind: 'none' }
}

function abortMoves(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  return planAbort(facts, primary)
}

/** A second master is a returned zombie: it is fenced, its losses are counted, then it follows. */
function demoteZombies(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const zombie = facts.members.find((member) => member.name !== primary.name && isMaster(member))
  return zombie && { kind: 'demote', member: zombie.name, primary: primary.name }
}

/** Never two labelled pods: off the old, acknowledged, then on the new (act keeps the order). */
function followTheLabel(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const off = facts.members.filter((member) => member.name !== primary.name && member.pod?.role === 'primary')
  if (off.length === 0 && (!primary.pod || primary.pod.role === 'primary')) return undefined
  return { kind: 'label', off: off.map((member) => member.name), on: primary.name }
}

/**
 * Before the Service points at it: once a write can be acknowledged the store is never virgin again, and no older copy
 * may pass for the newest.
 */
function markBeforeLabel(
  facts: TopologyFacts,
  electorate: Electorate,
  primary: ReachedMember,
): TopologyStep | undefined {
  const { record } = primary.probe
  if (!record || (facts.mark && facts.mark.epoch >= record.epoch)) return undefined
  const { n, w } = facts.mark ? electorate : record
  const { maxLagMs } = electorate
  const mark = { bootstrapped: facts.storeUID, epoch: record.epoch, n, w, maxLagMs }
  return { kind: 'mark', mark, reason: facts.mark ? 'NewEpoch' : 'Bootstrapped' }
}

function finishIntent({ intent }: TopologyFacts): TopologyStep | undefined {
  if (!intent) return undefined
  const outcomes = { Bootstrap: 'Bootstrapped', Failover: 'FailedOver', Move: 'Moved' } as const
  return { kind: 'clearIntent', intent, outcome: intent.reason === 'DataLost' ? 'DataLost' : outcomes[intent.kind] }
}

/** A server that was restarted is a member no more until it has joined: the kubelet and the disruption budget count on it. */
function unjoinRestarted(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const restarted = facts.members
    .filter(isReached)
    .filter((member) => member.name !== primary.name && member.probe.upstream?.host === BOOT_GUARD_HOST)
    .filter(({ pod }) => pod?.isJoined && !pod.isTerminating)
  const pods = restarted.map(({ name, pod }) => ({
    name,
    isJoined: false,
    ...(pod?.isReadable && { isReadable: false }),
  }))
  return pods.length > 0 ? { kind: 'describePods', pods } : undefined
}

function prepareMembers(facts: TopologyFacts): TopologyStep | undefined {
  const members = unpreparedMembers(facts)
  return members.length > 0 ? { kind: 'prepare', members } : undefined
}

/** Derived from ROLE, never remembered: whoever does not follow the primary by its name is pointed at it. */
function joinMembers(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const members = facts.members
    .filter(isReached)
    .filter((member) => member.name !== primary.name && isPrepared(member, facts) && !member.pod?.isTerminating)
    .filter((member) => member.probe.upstream?.host !== primary.host)
  return members.length > 0
    ? { kind: 'join', members: members.map((member) => member.name), primary: primary.name }
    : undefined
}

function adjustQuorum(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep {
  return planQuorum(facts, primary)
}

function assertGates(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  return planGates(facts, primary)
}

function describePods(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const inSync = new Set(followersInSync(facts, primary).map((member) => member.name))
  const changes = facts.members.map((member) => describePod(facts, member, { primary, inSync }))
  const pods = changes.filter((change) => change !== undefined)
  return pods.length > 0 ? { kind: 'describePods', pods } : undefined
}

type Membership = Readonly<{ primary: ReachedMember; inSync: ReadonlySet<string> }>

function describePod(
  facts: TopologyFacts,
  member: MemberFacts,
  { primary, inSync }: Membership,
): PodChange | undefined {
  const { pod, name } = member
  // A member that does not answer keeps its description: its Service endpoint ends with the kubelet's probe.
  if (!pod || pod.isTerminating || !isReached(member)) return undefined
  const isPrimary = name === primary.name
  const isJoined = isPrimary || inSync.has(name)
  const isLost = !isJoined && (member.linkDownSinceMs ?? facts.nowMs) + LINK_DROP_MS <= facts.nowMs
  const isReadable = !isPrimary && (inSync.has(name) || (pod.isReadable && !isLost))
  const isNewlyJoined = isJoined && !pod.isJoined
  const isNoLongerJoined = pod.isJoined && !isJoined && isLost
  const change: PodChange = {
    name,
    ...(!isPrimary && isJoined && pod.role !== 'replica' && { role: 'replica' as const }),
    ...(pod.isReadable !== isReadable && { isReadable }),
    ...(isNewlyJoined && { isJoined: true }),
    ...(isNoLongerJoined && { isJoined: false }),
  }
  return Object.keys(change).length > 1 ? change : undefined
}

/** A primary that hung on a live node still holds its clients' connections: only its end lets the kernel reset them. */
function endHungPrimary(facts: TopologyFacts): TopologyStep | undefined {
  const hung = facts.members.find(({ probe, pod, stopped }) => {
    if (probe.kind !== 'unreachable' || probe.lastKnown?.role !== 'master' || stopped !== undefined) return false
    const isLong = facts.nowMs - probe.sinceMs >= facts.goal.downAfterMs
    return isLong && probe.reason === 'Timeout' && pod?.isNodeReady === true && !pod.isTerminating
  })
  return (
    hung?.pod && { kind: 'restart', pod: hung.name, uid: hung.pod.uid, reason: 'PrimaryHung', gracePeriodSeconds: 5 }
  )
}

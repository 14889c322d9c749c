import { chooseAgain, isChoiceOver, type Step } from './chooseagain.ts'
import { awaitSilent, blockedBy, planAbort, planReveal, silentMembers, unpreparedMembers } from './elect.ts'
import { type Electorate, isMaster, isPrepared, recordOf } from './electorate.ts'
import {
  type Intent,
  isReached,
  type MemberFacts,
  type ReachedMember,
  type TopologyFacts,
  type TopologyStep,
} from './facts.ts'
import { hasFence, isFollowing, isStopped, readFence } from './fence.ts'
import { quorumFor } from './quorum.ts'

/** A move that did not happen by then is given up: the primary has been read-only for parts of that time. */
const MOVE_PATIENCE_MS = 20_000
/** Without a change of roles by then the primary is asked to call the move off. */
const SETTLE_PATIENCE_MS = 5000
/** How long the replicas of a new primary may take to attach before it goes on with those that did. */
const ATTACH_PATIENCE_MS = 15_000
const LOOK_AGAIN_MS = 200

/** Finishes the recorded intent, or proves that its candidate cannot be primary before another is chosen. */
export function planIntent(facts: TopologyFacts, electorate: Electorate, intent: Intent): TopologyStep {
  const candidate = facts.members.find((member) => member.name === intent.candidate)
  // Both ends of a move say primary: the old one went on, so the target has less.
  if (intent.kind === 'Move' && electorate.primary && electorate.primary.name === intent.from && isTarget(candidate))
    return { kind: 'clearIntent', intent, outcome: 'MoveAbandoned' }
  if (candidate && isReached(candidate) && candidate.probe.role === 'master')
    return planEstablish(facts, electorate, { intent, candidate })
  if (intent.kind === 'Move') return planMove(facts, electorate, { intent, candidate })
  return planPromotion(facts, electorate, { intent, candidate })
}

function isTarget(candidate: MemberFacts | undefined): boolean {
  return candidate !== undefined && isMaster(candidate)
}

type Established = Readonly<{ intent: Intent; candidate: ReachedMember }>

/** The candidate is a master already: nobody else may be, then it becomes writable and is recorded. */
function planEstablish(facts: TopologyFacts, electorate: Electorate, step: Established): TopologyStep {
  const { intent, candidate } = step
  const record = recordOf(candidate, facts.storeUID)
  if (record?.epoch === intent.epoch && record.primary === candidate.name) return { kind: 'none' }
  if (!isPrepared(candidate, facts) && candidate.hasPrepareFailed) return chooseAgain(facts, electorate, step)
  if (!isPrepared(candidate, facts)) return { kind: 'prepare', members: [candidate.name] }
  const fence = planFence(facts, electorate, candidate)
  if (fence) return fence
  return planQuorumForNew(facts, electorate, step)
}

/** Chooses w for the new primary: never more than can be gathered, and a lower one is marked before a server is told. */
function planQuorumForNew(facts: TopologyFacts, electorate: Electorate, step: Established): TopologyStep {
  const { intent, candidate } = step
  // Without a primary the store does not grow: members that are still to come count for nothing yet.
  const firstQuorum = quorumFor(facts, Math.min(facts.goal.n, facts.statefulSetReplicas ?? facts.goal.n))
  const { n, w: wanted } = intent.kind === 'Bootstrap' ? firstQuorum : electorate
  const replicas = facts.members
    .filter(isReached)
    .filter((member) => member.name !== candidate.name && !isMaster(member) && isPrepared(member, facts))
  const able = replicas.filter((member) => canAttach(member, facts, step))
  const unprepared = able.length < wanted ? unpreparedMembers(facts) : []
  if (unprepared.length > 0) return { kind: 'prepare', members: unprepared }
  // A fenced master follows nobody by itself; here its help is needed.
  const master = facts.members.find((member) => member.name !== candidate.name && isMaster(member))
  if (able.length < wanted && master) return { kind: 'demote', member: master.name, primary: candidate.name }
  const w = Math.min(wanted, able.length)
  if (w < wanted && facts.goal.whenDegraded === 'Refuse') return tooFew(able.length, wanted)
  // Relaxed, the fence would need proof that each of these is stopped: without it the store would block itself.
  const silent = silentMembers(facts)
  if (w < wanted && silent.length > 0)
    return awaitSilent(silent, facts, `${able.length} replicas of ${candidate.name} have its data, ${wanted} must`)
  const { mark } = facts
  const { maxLagMs } = electorate
  if (mark && (mark.w > w || mark.maxLagMs < maxLagMs))
    return lowerMark(facts, { ...mark, w: Math.min(mark.w, w), maxLagMs })
  const names = replicas.map((member) => member.name)
  return { kind: 'establish', primary: candidate.name, epoch: intent.epoch, n, w, replicas: names }
}

/** A replica that follows the candidate and had no link for long is cut off from it. */
function canAttach(member: ReachedMember, facts: TopologyFacts, { intent, candidate }: Established): boolean {
  if (!isFollowing(member, candidate) || member.probe.isLinkUp || member.probe.isSyncing) return true
  const sinceMs = Math.max(intent.startedAtMs, member.linkDownSinceMs ?? facts.nowMs)
  return facts.nowMs - sinceMs < ATTACH_PATIENCE_MS
}

function lowerMark(facts: TopologyFacts, mark: NonNullable<TopologyFacts['mark']>): TopologyStep {
  const isRelaxed = mark.w < Math.min(facts.goal.w, facts.mark?.w ?? facts.goal.w)
  const reason = isRelaxed ? 'Relaxed' : 'QuorumChanged'
  return { kind: 'mark', mark: { ...mark, bootstrapped: facts.storeUID }, reason }
}

function tooFew(reachable: number, wanted: number): TopologyStep {
  return {
    kind: 'wait',
    reason: 'WaitingForMembers',
    message: `${reachable} replicas answer and ${wanted} are needed before the new primary may accept writes`,
    requeueAfterMs: LOOK_AGAIN_MS,
  }
}

function planPromotion(facts: TopologyFacts, electorate: Electorate, step: Step): TopologyStep {
  const { intent, candidate } = step
  if (candidate?.probe.kind === 'unknown' && !candidate.stopped)
    return {
      kind: 'wait',
      reason: 'ResumingFailover',
      message: `candidate ${candidate.name} is not probed yet`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  const stuck = planAbort(facts)
  if (stuck) return stuck
  const reveal = planReveal(electorate)
  if (reveal) return reveal
  if (!candidate || !isReached(candidate)) return chooseAgain(facts, electorate, step)
  const unprepared = unpreparedMembers(facts)
  if (unprepared.length > 0) return { kind: 'prepare', members: unprepared }
  const record = recordOf(candidate, facts.storeUID)
  const isBootstrap = intent.kind === 'Bootstrap'
  // It ended after its record stood and came back with it: that epoch was lived, and others may have gone further in it.
  const isLived = (record?.epoch ?? 0) >= intent.epoch && !isMaster(candidate)
  if (isLived || isChoiceOver(facts, step)) return chooseAgain(facts, electorate, step)
  // A candidate that came back empty must not win over members that still hold the data (F1).
  if (!isBootstrap && !electorate.candidates.includes(candidate)) return chooseAgain(facts, electorate, step)
  const isDataShown = electorate.reached.some((member) => recordOf(member, facts.storeUID) !== undefined)
  if (isBootstrap && (isDataShown || !isFitForBootstrap(candidate, facts, intent)))
    return chooseAgain(facts, electorate, step)
  const fence = planFence(facts, electorate, candidate)
  if (fence) return fence
  return { kind: 'promote', candidate: candidate.name, expectedEpoch: record?.epoch ?? 'none' }
}

/** An epoch that is marked was lived already: a candidate without its record lost it, and must not begin it twice. */
function isFitForBootstrap(candidate: ReachedMember, facts: TopologyFacts, intent: Intent): boolean {
  const isNewEpoch = (facts.mark?.epoch ?? 0) < intent.epoch
  return isNewEpoch && isPrepared(candidate, facts) && candidate.probe.record === undefined
}

/** undefined: nobody but the candidate can accept a write. */
function planFence(facts: TopologyFacts, electorate: Electorate, candidate: ReachedMember): TopologyStep | undefined {
  const fence = readFence(facts, electorate, candidate.name)
  // A candidate that is a master already must not write while another may: its replicas would let it.
  const isOpen = isMaster(candidate) && !hasFence(candidate)
  if (isOpen && fence.kind !== 'fenced' && fence.kind !== 'fenceFirst') return { kind: 'fence', member: candidate.name }
  switch (fence.kind) {
    case 'fenced':
      return undefined
    case 'fenceFirst':
      return { kind: 'fence', member: fence.member }
    case 'repointFirst':
      return {
        kind: 'repoint',
        moves: fence.members.map((name) => {
          // To the same name again a server stays linked to whom it is linked to.
          const member = facts.members.find((each) => each.name === name)
          const isSame = name === candidate.name || (member !== undefined && isFollowing(member, candidate))
          return { member: name, to: isSame ? 'nowhere' : candidate.name }
        }),
      }
    case 'waitUntil':
      return {
        kind: 'wait',
        reason: 'Fencing',
        message: `${fence.member} does not answer; its right to accept writes is running out`,
        requeueAfterMs: Math.max(20, fence.atMs - facts.nowMs),
      }
    case 'impossible':
      return blockedBy(fence.members, electorate)
  }
}

function planMove(facts: TopologyFacts, electorate: Electorate, { intent, candidate }: Step): TopologyStep {
  const from = facts.members.find((member) => member.name === intent.from)
  if (from && isMaster(from)) {
    const isPossible = candidate && isReached(candidate) && facts.nowMs - intent.startedAtMs < MOVE_PATIENCE_MS
    if (isPossible) return { kind: 'handOver', from: from.name, to: candidate.name }
    return { kind: 'clearIntent', intent, outcome: 'MoveAbandoned' }
  }
  const isSettling = from && isReached(from) && from.probe.failoverState !== 'no-failover'
  if (isSettling && facts.nowMs - intent.startedAtMs >= SETTLE_PATIENCE_MS)
    return { kind: 'handOver', from: from.name, to: intent.candidate }
  if (isSettling)
    return {
      kind: 'wait',
      reason: 'Moving',
      message: `${from.name} is handing over to ${intent.candidate}`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  if (
    from?.probe.kind === 'unreachable' &&
    !isStopped(from, facts) &&
    facts.nowMs - from.probe.sinceMs < facts.goal.downAfterMs
  )
    return {
      kind: 'wait',
      reason: 'Moving',
      message: `${from.name} stopped answering during the move`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  // The old primary died in the middle: from here on it is a failover, with its own fence.
  return planReveal(electorate) ?? chooseAgain(facts, electorate, { intent, candidate })
}

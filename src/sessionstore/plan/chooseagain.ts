import {
  awaitFresher,
  awaitHand,
  blockedBy,
  failoverReason,
  mayNewerBeSilent,
  planWithoutWitness,
  unpreparedMembers,
} from './elect.ts'
import { type Electorate, isPrepared } from './electorate.ts'
import type { Intent, MemberFacts, TopologyFacts, TopologyStep } from './facts.ts'
import { isStopped, readFence } from './fence.ts'
import { awaitWitnesses } from './witnesses.ts'

const LOOK_AGAIN_MS = 200

/** A recorded intent, and its candidate if there is such a member. */
export type Step = Readonly<{ intent: Intent; candidate: MemberFacts | undefined }>

/**
 * It was chosen because it lived through the end of the primary, and has ended itself since: the last primary may be back
 * from its disk with what it took when its replicas were gone already (12 acknowledged writes of 45 ms were lost to that).
 */
export function isChoiceOver({ hasVolumes }: TopologyFacts, { intent, candidate }: Step): boolean {
  const { kind, candidateRunId } = intent
  if (!hasVolumes || kind !== 'Failover' || candidateRunId === undefined) return false
  return candidate?.probe.kind === 'reached' && candidate.probe.runId !== candidateRunId
}

/** The candidate is gone, silent or empty: the next one, under a new epoch. readFence proves the first one harmless before the promotion. */
export function chooseAgain(facts: TopologyFacts, electorate: Electorate, { intent, candidate }: Step): TopologyStep {
  const isPatient = candidate?.probe.kind === 'unreachable' && !isStopped(candidate, facts)
  const silentMs = candidate?.probe.kind === 'unreachable' ? facts.nowMs - candidate.probe.sinceMs : 0
  if (isPatient && silentMs < facts.goal.downAfterMs)
    return {
      kind: 'wait',
      reason: 'ResumingFailover',
      message: `candidate ${intent.candidate} does not answer`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  // Who is not prepared cannot be chosen, and may be the one that has most.
  const unprepared = unpreparedMembers(facts)
  if (unprepared.length > 0) return { kind: 'prepare', members: unprepared }
  // The old primary, fenced or not, has all that was ever acknowledged: it gets a new epoch like any other.
  const old = electorate.primary && isPrepared(electorate.primary, facts) ? electorate.primary : undefined
  const next = old ?? electorate.candidates[0]
  if (!next || mayNewerBeSilent(facts, electorate)) return planWithoutWitness(facts, electorate)
  const fresher = old ? undefined : (awaitWitnesses(facts, electorate) ?? awaitFresher(facts, electorate, next))
  if (fresher) return fresher
  const fence = readFence(facts, electorate, next.name)
  if (fence.kind === 'impossible') return blockedBy(fence.members, electorate)
  // What was begun as a failover is finished as one; a move that broke is a failover that nobody asked for.
  const manual = intent.kind === 'Move' && !old ? awaitHand(facts, electorate, next) : undefined
  if (manual) return manual
  const epoch = electorate.epoch + 1
  const reason = electorate.isBehind ? 'NewestDataLost' : reasonAgain(facts, electorate, intent)
  return {
    kind: 'recordIntent',
    intent: {
      ...intent,
      kind: 'Failover',
      epoch,
      candidate: next.name,
      candidateRunId: next.probe.runId,
      reason,
      startedAtMs: facts.nowMs,
    },
  }
}

function reasonAgain(facts: TopologyFacts, electorate: Electorate, intent: Intent): string {
  if (intent.kind === 'Failover') return intent.reason
  return intent.kind === 'Move' ? failoverReason(facts, electorate) : 'CandidateLost'
}

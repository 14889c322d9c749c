import { type Electorate, isPrepared, recordOf } from './electorate.ts'
import {
  type Intent,
  isReached,
  type MemberFacts,
  type ReachedMember,
  type TopologyFacts,
  type TopologyStep,
} from './facts.ts'
import { graceMs, isFollowing, isStopped, readFence } from './fence.ts'
import { quorumFor } from './quorum.ts'
import { awaitWitnesses, hasSuccessor } from './witnesses.ts'

/** How long members may take to answer before those that do decide. */
const WITNESS_WAIT_MS = 30_000
/** The record's time rises about once a second: a copy whose time is so much older missed the end of the primary. */
const STALE_MS = 5000
const LOOK_AGAIN_MS = 500
const NO_NEWEST = 'no member that answers holds the newest data'

/** No intent is recorded and no rightful primary answers: decides whether a bootstrap or a failover begins. */
export function planElection(facts: TopologyFacts, electorate: Electorate): TopologyStep {
  const stuck = planAbort(facts)
  if (stuck) return stuck
  // Before a bootstrap too: members may hold data though the mark was lost with its StatefulSet.
  const reveal = planReveal(electorate)
  if (reveal) return reveal
  if (!electorate.isBootstrapped) return planBootstrap(facts, electorate)
  const last = facts.members.find((member) => member.name === electorate.lastPrimary)
  const suspicion = last ? readSuspicion(last, facts) : undefined
  if (suspicion) return suspicion
  const unprepared = unpreparedMembers(facts)
  if (unprepared.length > 0) return { kind: 'prepare', members: unprepared }
  return planFailover(facts, electorate)
}

/** Lets members show their record; never one that the Service still points at: an empty server that answers nil logs people out. */
export function planReveal({ hidden }: Electorate): TopologyStep | undefined {
  const labelled = hidden.filter((member) => member.pod?.role === 'primary')
  if (labelled.length > 0) return { kind: 'label', off: labelled.map((member) => member.name) }
  return hidden.length > 0 ? { kind: 'reveal', members: hidden.map((member) => member.name) } : undefined
}

/**
 * A FAILOVER that nobody watches any more: its server takes neither writes nor another upstream until it is called off,
 * which a hand-over does first.
 */
export function planAbort(facts: TopologyFacts, primary?: ReachedMember): TopologyStep | undefined {
  const stuck = facts.members
    .filter(isReached)
    .find((member) => member.name !== primary?.name && member.probe.failoverState !== 'no-failover')
  const target = facts.members.find((member) => stuck && isFollowing(stuck, member))
  return stuck && { kind: 'handOver', from: stuck.name, to: target?.name ?? stuck.name }
}

/** Members that answer but whose users and settings are not asserted for this run. */
export function unpreparedMembers(facts: TopologyFacts): string[] {
  return facts.members
    .filter(isReached)
    .filter((member) => !member.probe.isLoading && !member.hasPrepareFailed && !isPrepared(member, facts))
    .map((member) => member.name)
}

/** A first primary: nothing was ever acknowledged, so any prepared member will do; the lowest ordinal by custom. */
function planBootstrap(facts: TopologyFacts, electorate: Electorate): TopologyStep {
  const unprepared = unpreparedMembers(facts)
  if (unprepared.length > 0) return { kind: 'prepare', members: unprepared }
  const prepared = electorate.reached.filter((member) => isPrepared(member, facts) && !member.pod?.isTerminating)
  const size = facts.statefulSetReplicas ?? facts.goal.n
  // Members that are still to come are not waited for: during an intent none are added.
  const needed = 1 + quorumFor(facts, Math.min(facts.goal.n, size)).w
  if (prepared.length < needed)
    return {
      kind: 'wait',
      reason: 'WaitingForMembers',
      message: `${prepared.length} of ${facts.goal.n} members answer, ${needed} are needed for the first primary`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  const candidate = prepared.find((member) => member.probe.record === undefined)
  if (!candidate)
    return {
      kind: 'blocked',
      reason: 'FailoverBlocked',
      message: `every member that answers holds the data of another store; delete the pod of one to give its data up`,
    }
  const epoch = electorate.epoch + 1
  return recordIntent(facts, { kind: 'Bootstrap', epoch, candidate: candidate.name, reason: 'FirstPrimary' })
}

/** undefined: the last primary is out of the way, or silent for long enough. */
function readSuspicion(last: MemberFacts, facts: TopologyFacts): TopologyStep | undefined {
  if (last.probe.kind === 'reached' || isStopped(last, facts)) return undefined
  if (last.probe.kind === 'unknown') return waitFor(last, `is not probed yet`, LOOK_AGAIN_MS)
  const leftMs = last.probe.sinceMs + graceMs(last, facts) - facts.nowMs
  return leftMs > 0
    ? waitFor(last, `does not answer (${last.probe.reason})`, Math.min(leftMs, LOOK_AGAIN_MS))
    : undefined
}

function waitFor(member: MemberFacts, what: string, requeueAfterMs: number): TopologyStep {
  const message = `primary ${member.name} ${what}; it is given its grace period`
  return { kind: 'wait', reason: 'PrimarySuspected', message, requeueAfterMs }
}

/** No member can take over with the data of the newest epoch: waits for one that may, or begins anew. */
export function planWithoutWitness(facts: TopologyFacts, electorate: Electorate): TopologyStep {
  if (!electorate.isBootstrapped) return planBootstrap(facts, electorate)
  const reveal = planReveal(electorate)
  if (reveal) return reveal
  const unprepared = unpreparedMembers(facts)
  if (unprepared.length > 0) return { kind: 'prepare', members: unprepared }
  const witnesses = awaitWitnesses(facts, electorate)
  if (witnesses) return witnesses
  const silent = silentMembers(facts)
  if (silent.length > 0) return awaitSilent(silent, facts, NO_NEWEST)
  const holder = electorate.reached.find((member) => mayHoldData(member, facts))
  if (holder)
    return {
      kind: 'wait',
      reason: 'WaitingForMembers',
      message: `${holder.name} may hold the newest data and cannot be elected yet: it is loading or not prepared`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  const foreign = electorate.reached.find((member) => member.probe.keyCount > 0)
  if (foreign)
    return {
      kind: 'blocked',
      reason: 'FailoverBlocked',
      message: `${foreign.name} holds keys but no record of this store, so nobody can tell whether they are its sessions; delete the pod to give them up`,
    }
  const prepared = electorate.reached.filter((member) => isPrepared(member, facts) && !member.pod?.isTerminating)
  const [candidate] = prepared
  if (!candidate || prepared.length < 1 + Math.min(electorate.w, facts.goal.w))
    return {
      kind: 'wait',
      reason: 'WaitingForMembers',
      message: `every member lost its data; ${prepared.length} of ${facts.goal.n} answer again`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  const from = electorate.lastPrimary
  return recordIntent(facts, {
    kind: 'Bootstrap',
    epoch: electorate.epoch + 1,
    candidate: candidate.name,
    reason: 'DataLost',
    ...(from !== undefined && { from }),
  })
}

export function silentMembers(facts: TopologyFacts): readonly MemberFacts[] {
  return facts.members.filter((member) => !isReached(member) && !isStopped(member, facts))
}

/** The members that answer are of an older epoch, and one that does not may be of the newest. */
export function mayNewerBeSilent(facts: TopologyFacts, { isBehind }: Electorate): boolean {
  return isBehind && silentMembers(facts).length > 0
}

function mayHoldData(member: ReachedMember, facts: TopologyFacts): boolean {
  return member.probe.isLoading || recordOf(member, facts.storeUID) !== undefined
}

/** Gives silent members time to answer, then leaves it to a human; `missing` says what is lacking without them. */
export function awaitSilent(silent: readonly MemberFacts[], facts: TopologyFacts, missing: string): TopologyStep {
  const names = namesOf(silent)
  const sinceMs = Math.max(facts.observingSinceMs, ...silent.map(({ awaySinceMs = 0 }) => awaySinceMs))
  if (facts.nowMs - sinceMs < WITNESS_WAIT_MS)
    return {
      kind: 'wait',
      reason: 'WaitingForMembers',
      message: `${missing}; ${names} may hold it and is given time to answer`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  return {
    kind: 'blocked',
    reason: 'FailoverBlocked',
    message: `${missing}, and ${names} may hold it; bring it back, or delete its pod (or its Node object, if the machine is gone for good) to give the data up`,
  }
}

function planFailover(facts: TopologyFacts, electorate: Electorate): TopologyStep {
  const witnesses = awaitWitnesses(facts, electorate)
  if (witnesses) return witnesses
  const [candidate] = electorate.candidates
  if (!candidate || mayNewerBeSilent(facts, electorate)) return planWithoutWitness(facts, electorate)
  const unasked = silentMembers(facts).filter((member) => member.probe.kind === 'unknown')
  if (unasked.length > 0 && facts.nowMs - facts.observingSinceMs < facts.goal.downAfterMs)
    return {
      kind: 'wait',
      reason: 'WaitingForMembers',
      message: `${namesOf(unasked)} is not probed yet and may hold newer data`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  const fence = readFence(facts, electorate, candidate.name)
  if (fence.kind === 'impossible') return blockedBy(fence.members, electorate)
  const fresher = awaitFresher(facts, electorate, candidate)
  if (fresher) return fresher
  const manual = awaitHand(facts, electorate, candidate)
  if (manual) return manual
  return recordIntent(facts, {
    kind: 'Failover',
    epoch: electorate.epoch + 1,
    candidate: candidate.name,
    candidateRunId: candidate.probe.runId,
    reason: electorate.isBehind ? 'NewestDataLost' : failoverReason(facts, electorate),
    ...(electorate.lastPrimary !== undefined && { from: electorate.lastPrimary }),
  })
}

/** With failover.mode Manual the role goes to another member by no decision of ours; the last primary may have it back. */
export function awaitHand(
  { goal }: TopologyFacts,
  { lastPrimary }: Electorate,
  candidate: ReachedMember,
): TopologyStep | undefined {
  if (goal.failoverMode !== 'Manual' || candidate.name === lastPrimary) return undefined
  const message = `primary ${lastPrimary ?? 'unknown'} is down and failover.mode is Manual; bring it back with its data, or set spec.failover.mode to Operator: ${candidate.name} can take over`
  return { kind: 'blocked', reason: 'ManualFailover', message }
}

/**
 * A write is on the primary and on w others. Where w of those others are silent and the best copy that answers is stale,
 * the silent ones may have what it lacks: they are given time, then data that nobody shows counts for less than a store
 * that cannot be written.
 */
export function awaitFresher(
  facts: TopologyFacts,
  electorate: Electorate,
  candidate: ReachedMember,
): TopologyStep | undefined {
  const last = facts.members.find((member) => member.name === electorate.lastPrimary)
  const silent = silentMembers(facts).filter((member) => member !== last && !hasSuccessor(member, facts))
  if (silent.length === 0 || silent.length < electorate.w) return undefined
  const silentMs = last?.probe.kind === 'unreachable' ? facts.nowMs - last.probe.sinceMs : 0
  if (facts.wallMs - silentMs - (candidate.probe.record?.timeMs ?? 0) < STALE_MS) return undefined
  const wait = awaitSilent(silent, facts, NO_NEWEST)
  return wait.kind === 'wait' ? wait : undefined
}

function namesOf(members: readonly MemberFacts[]): string {
  return members.map((member) => member.name).join(', ')
}

export function failoverReason(facts: TopologyFacts, electorate: Electorate): string {
  const last = facts.members.find((member) => member.name === electorate.lastPrimary)
  if (!last || last.stopped !== undefined) return 'PrimaryStopped'
  if (last.probe.kind === 'reached') return 'PrimaryRestarted'
  return isStopped(last, facts) ? 'PrimaryRefused' : 'PrimarySilent'
}

export function blockedBy(silent: readonly string[], electorate: Electorate): TopologyStep {
  const names = silent.join(', ')
  return {
    kind: 'blocked',
    reason: 'FailoverBlocked',
    message: `${names} may still accept writes: at most ${electorate.w} silent members can be fenced by quorum and ${silent.length} are silent; bring them back, or delete the Node object of a machine that is gone for good`,
  }
}

function recordIntent(facts: TopologyFacts, intent: Omit<Intent, 'startedAtMs'>): TopologyStep {
  return { kind: 'recordIntent', intent: { ...intent, startedAtMs: facts.nowMs } }
}

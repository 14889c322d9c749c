import { ANNOTATIONS } from '../../resources/labels.ts'
import { type Electorate, recordOf } from './electorate.ts'
import { isReached, type MemberFacts, type ReachedMember, type TopologyFacts, type TopologyStep } from './facts.ts'

/** How long members may take to come back with their data before those that did decide. */
const WITNESS_WAIT_MS = 30_000
const LOOK_AGAIN_MS = 500
/** Where a server that was started is pointed at until it is told otherwise. */
const BOOT_HOST = '127.0.0.1'

/**
 * A restart from nothing of a store with volumes: nobody who answers has lived through the end of the last primary, and one
 * that is away has data as well as those that are there. All are given time; then n − w that show a record decide, as each
 * acknowledged write was on w + 1. With fewer a person does. undefined: the election may go on.
 */
export function awaitWitnesses(facts: TopologyFacts, electorate: Electorate): TopologyStep | undefined {
  if (!facts.hasVolumes || !electorate.isBootstrapped || hasLivedOn(facts, electorate)) return undefined
  const witnesses = electorate.reached.filter((member) => recordOf(member, facts.storeUID) !== undefined)
  const absent = facts.members.filter((member) => isAbsent(member, electorate))
  const sinceMs = Math.max(facts.observingSinceMs, ...absent.map(({ awaySinceMs = 0 }) => awaySinceMs))
  const isLoading = absent.some(isReached)
  if (absent.length > 0 && (isLoading || facts.nowMs - sinceMs < WITNESS_WAIT_MS))
    return {
      kind: 'wait',
      reason: 'WaitingForMembers',
      message: `${witnesses.length} of ${electorate.n} members are back with their data; ${namesOf(absent)} may hold newer and is given time`,
      requeueAfterMs: LOOK_AGAIN_MS,
    }
  const needed = Math.max(1, electorate.n - electorate.w)
  const isEnough = witnesses.length >= needed || isLastPrimaryThere(electorate, witnesses)
  if (isEnough || isLossAccepted(facts, electorate)) return undefined
  return { kind: 'blocked', reason: 'FailoverBlocked', message: describeLack(facts, electorate, { witnesses, needed }) }
}

/** A person has said that what the missing members hold may be lost, at this epoch and no later one. */
export function isLossAccepted({ acceptedLossEpoch }: TopologyFacts, { epoch }: Electorate): boolean {
  return acceptedLossEpoch === epoch
}

/** A replica that still follows somebody was there when the primary ended: the rules of a failover know what it may lack. */
function hasLivedOn({ storeUID }: TopologyFacts, { reached }: Electorate): boolean {
  return reached.some((member) => {
    const { upstream } = member.probe
    return recordOf(member, storeUID) !== undefined && upstream !== undefined && upstream.host !== BOOT_HOST
  })
}

/** Whoever was the primary of the newest epoch has all that was acknowledged in it, as far as its disk goes. */
function isLastPrimaryThere({ isBehind, lastPrimary }: Electorate, witnesses: readonly ReachedMember[]): boolean {
  return !isBehind && witnesses.some(({ name }) => name === lastPrimary)
}

/**
 * A pod without an object whose successor answers: what it had is on the volume that the successor shows. That it may still
 * write is the fence's matter.
 */
export function hasSuccessor(member: MemberFacts, { hasVolumes, members }: TopologyFacts): boolean {
  const isSuccessor = (other: MemberFacts): boolean =>
    other !== member && isReached(other) && `${member.name} `.startsWith(`${other.name} `)
  return hasVolumes && members.some(isSuccessor)
}

/** It does not show its data yet; one beyond the members that count is nobody's witness. */
function isAbsent(member: MemberFacts, { n }: Electorate): boolean {
  if (isReached(member)) return member.probe.isLoading
  return member.ordinal < n
}

type Lack = Readonly<{ witnesses: readonly ReachedMember[]; needed: number }>

function describeLack(facts: TopologyFacts, electorate: Electorate, { witnesses, needed }: Lack): string {
  const empty = electorate.reached.filter((member) => !witnesses.includes(member))
  const away = facts.members.filter((member) => !isReached(member) && member.ordinal < electorate.n)
  const shown = witnesses.length === 0 ? 'no member shows' : `only ${namesOf(witnesses)} shows`
  const lacking = [
    ...(empty.length > 0 ? [`${namesOf(empty)} came back without data`] : []),
    ...(away.length > 0 ? [`${namesOf(away)} is away`] : []),
  ]
  const what = lacking.length > 0 ? `: ${lacking.join(', ')}` : ''
  return `${shown} the store's data and ${needed} must, to be sure that the newest is among them${what}; bring their volumes back, or accept the loss of what only they held: annotate the SessionStore with ${ANNOTATIONS.acceptDataLoss}=${electorate.epoch}`
}

function namesOf(members: readonly MemberFacts[]): string {
  return members.map(({ name }) => name).join(', ')
}

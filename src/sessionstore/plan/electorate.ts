import type { EpochRecord } from '../../redis/types.ts'
import { isReached, type MemberFacts, type ReachedMember, type TopologyFacts } from './facts.ts'

/** What the members and the guard rails say together about who may be primary. */
export type Electorate = Readonly<{
  /** A write may have been acknowledged once: the mark or any record of this store exists. */
  isBootstrapped: boolean
  /** Highest epoch known from mark, status, intent and records; 0 before the first. */
  epoch: number
  /** Largest n and smallest w of the mark and every record seen: a returning member with an old, higher w must not make a fence seem complete. */
  n: number
  w: number
  /** The largest lag that a silent primary may have been told of. */
  maxLagMs: number
  reached: readonly ReachedMember[]
  /** The reached master whose record of the newest epoch names itself. */
  primary?: ReachedMember
  /** Pod name of the newest epoch's primary, reached or not. */
  lastPrimary?: string
  /** Reached, prepared members with the newest record, best first; a master that is no rightful primary comes last. */
  candidates: readonly ReachedMember[]
  /** The records of the members that answer are older than the mark: the newest data is with nobody who answers. */
  isBehind: boolean
  /** Reached members whose record cannot be read while they serve no stale data. */
  hidden: readonly ReachedMember[]
}>

export function recordOf(member: ReachedMember, storeUID: string): EpochRecord | undefined {
  const record = member.probe.record
  return record?.storeUID === storeUID ? record : undefined
}

export function isPrepared(member: ReachedMember, facts: TopologyFacts): boolean {
  return member.probe.preparedHash === facts.goal.preparedHash && !member.probe.isLoading
}

export function isMaster(member: MemberFacts): boolean {
  return member.probe.kind === 'reached' && member.probe.role === 'master'
}

/**
 * Best first: seq, then the history of the last primary, whose disk has all that it acknowledged since the last seq, then the
 * offset where both histories are one. Names of histories order equals, so that the order is one whatever members are
 * compared. Data comes before convenience: a leaving pod hands over later.
 */
function byFreshness(last: ReachedMember | undefined): (a: ReachedMember, b: ReachedMember) => number {
  const ofLast = (member: ReachedMember): number => Number(member.probe.replicationId === last?.probe.replicationId)
  return (a, b) => {
    const seq = (b.probe.record?.seq ?? 0) - (a.probe.record?.seq ?? 0)
    if (seq !== 0) return seq
    const master = Number(isMaster(a)) - Number(isMaster(b))
    if (master !== 0) return master
    const history = ofLast(b) - ofLast(a)
    if (history !== 0) return history
    if (a.probe.replicationId !== b.probe.replicationId) return a.probe.replicationId < b.probe.replicationId ? -1 : 1
    const offset = b.probe.offset - a.probe.offset
    if (offset !== 0) return offset
    const leaving = Number(a.pod?.isTerminating ?? false) - Number(b.pod?.isTerminating ?? false)
    return leaving || Number(b === last) - Number(a === last) || a.ordinal - b.ordinal
  }
}

function findLastPrimary(facts: TopologyFacts, records: readonly EpochRecord[], epoch: number): string | undefined {
  const newest = records.find((record) => record.epoch === epoch) ?? records.toSorted((a, b) => b.epoch - a.epoch)[0]
  const labelled = facts.members.find((member) => member.pod?.role === 'primary')
  return newest?.primary ?? labelled?.name ?? facts.intent?.from
}

function isCandidate(member: ReachedMember, facts: TopologyFacts, epoch: number): boolean {
  // One that says it is syncing still has its data: a full copy goes to a file first, and while that is loaded the server
  // says so. Replicas of a primary that came back behind its boot guard say it for as long as nobody is elected: it
  // answers their PSYNC with MASTERDOWN, which they take for a server that knows SYNC only.
  if (!isPrepared(member, facts)) return false
  return recordOf(member, facts.storeUID)?.epoch === epoch
}

/** Reads the electorate; pure. */
export function readElectorate(facts: TopologyFacts): Electorate {
  const { mark, storeUID } = facts
  const reached = facts.members.filter(isReached)
  const records = reached.map((member) => recordOf(member, storeUID)).filter((record) => record !== undefined)
  const isBootstrapped = mark?.bootstrapped === storeUID || records.length > 0
  const recorded = Math.max(0, ...records.map((record) => record.epoch))
  const epoch = Math.max(recorded, facts.statusEpoch, mark?.epoch ?? 0, facts.intent?.epoch ?? 0)
  const quorums = mark ? [mark, ...records] : records
  // The mark follows the records: with an older record alone a master would be a zombie that calls itself rightful.
  const isBehind = recorded < (mark?.epoch ?? 0)
  const rightful = reached.filter((member) => {
    const record = recordOf(member, storeUID)
    return isMaster(member) && !isBehind && record?.epoch === recorded && record.primary === member.name
  })
  // Two of one epoch: a first bootstrap was begun again before its mark; only the labelled one was ever written to.
  const primary = rightful.find((member) => member.pod?.role === 'primary') ?? rightful[0]
  const lastPrimary = findLastPrimary(facts, records, recorded)
  const last = reached.find((member) => member.name === lastPrimary)
  return {
    isBootstrapped,
    epoch,
    n: Math.max(facts.goal.n * Number(quorums.length === 0), ...quorums.map((quorum) => quorum.n)),
    w: quorums.length === 0 ? facts.goal.w : Math.min(...quorums.map((quorum) => quorum.w)),
    maxLagMs: Math.max(facts.goal.maxLagMs, mark?.maxLagMs ?? 0),
    reached,
    ...(primary && { primary }),
    ...(lastPrimary !== undefined && { lastPrimary }),
    candidates: reached.filter((member) => isCandidate(member, facts, recorded)).toSorted(byFreshness(last)),
    isBehind,
    hidden: reached.filter((member) => member.probe.isRecordHidden && !member.probe.isLoading),
  }
}

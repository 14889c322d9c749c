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
  reached: readonly ReachedMember[]
  /** The reached master whose record of the newest epoch names itself. */
  primary?: ReachedMember
  /** Pod name of the newest epoch's primary, reached or not. */
  lastPrimary?: string
  /** Reached, prepared replicas with the newest record, best first. */
  candidates: readonly ReachedMember[]
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

/** Compares `(seq, offset)` inside one epoch; the offset only where both histories are one. Best first. */
function byFreshness(a: ReachedMember, b: ReachedMember): number {
  const seq = (b.probe.record?.seq ?? 0) - (a.probe.record?.seq ?? 0)
  const isOneLineage = a.probe.replicationId === b.probe.replicationId
  // Within about a second of writing the seq of two replicas is equal and the offset tells who has more.
  if (isOneLineage && b.probe.offset !== a.probe.offset) return b.probe.offset - a.probe.offset
  return seq !== 0 ? seq : a.ordinal - b.ordinal
}

function findLastPrimary(facts: TopologyFacts, records: readonly EpochRecord[], epoch: number): string | undefined {
  const newest = records.find((record) => record.epoch === epoch) ?? records.toSorted((a, b) => b.epoch - a.epoch)[0]
  const labelled = facts.members.find((member) => member.pod?.role === 'primary')
  return newest?.primary ?? labelled?.name ?? facts.intent?.from
}

function isCandidate(member: ReachedMember, facts: TopologyFacts, epoch: number): boolean {
  const { probe } = member
  // A replica in a full sync holds neither the old data nor the new.
  if (probe.role !== 'replica' || probe.isSyncing || !isPrepared(member, facts)) return false
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
  const primary = reached.find((member) => {
    const record = recordOf(member, storeUID)
    return member.probe.role === 'master' && record?.epoch === recorded && record.primary === member.name
  })
  const lastPrimary = findLastPrimary(facts, records, recorded)
  return {
    isBootstrapped,
    epoch,
    n: Math.max(facts.goal.n * Number(quorums.length === 0), ...quorums.map((quorum) => quorum.n)),
    w: quorums.length === 0 ? facts.goal.w : Math.min(...quorums.map((quorum) => quorum.w)),
    reached,
    ...(primary && { primary }),
    ...(lastPrimary !== undefined && { lastPrimary }),
    candidates: reached.filter((member) => isCandidate(member, facts, recorded)).toSorted(byFreshness),
    hidden: reached.filter((member) => member.probe.isRecordHidden),
  }
}

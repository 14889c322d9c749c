import { type Electorate, isMaster } from './electorate.ts'
import { isReached, type MemberFacts, type TopologyFacts } from './facts.ts'

/** `min-replicas-to-write` no store can gather: a reachable server with it accepts no write, reconnects included. */
export const FENCED_W = 1000

/** A replica hears its primary when the last byte came at most this long ago (`repl-ping-replica-period 1`). */
const HEARS_WITHIN_SECONDS = 2

/** Heard by a replica but silent for the operator: perhaps only our own path is broken, so wait longer before moving. */
const HEARD_GRACE_MS = 15_000

export type FenceState =
  /** Nobody but the candidate can accept a write. */
  | Readonly<{ kind: 'fenced' }>
  /** A reached master must be told to refuse writes first. */
  | Readonly<{ kind: 'fenceFirst'; member: string }>
  /** These members still follow a member that may write. */
  | Readonly<{ kind: 'repointFirst'; members: readonly string[] }>
  | Readonly<{ kind: 'waitUntil'; atMs: number; member: string }>
  | Readonly<{ kind: 'impossible'; members: readonly string[] }>

/**
 * A refused port proves a stopped server only when those who followed it lost it too, and only while the address is the
 * pod's: that of a pod being deleted may be another's already.
 */
function isRefused(member: MemberFacts, facts: TopologyFacts): boolean {
  const { probe, pod } = member
  if (probe.kind !== 'unreachable' || !probe.isRefusalConfirmed || !pod || pod.isTerminating) return false
  return !facts.members.filter(isReached).some((other) => isFollowing(other, member) && other.probe.isLinkUp)
}

/** Nothing of this member can accept a write any more. */
export function isStopped(member: MemberFacts, facts: TopologyFacts): boolean {
  return member.probe.kind !== 'reached' && (member.stopped !== undefined || isRefused(member, facts))
}

export function isFollowing(member: MemberFacts, upstream: MemberFacts): boolean {
  return member.probe.kind === 'reached' && member.probe.upstream?.host === upstream.host
}

function isHeard(member: MemberFacts, facts: TopologyFacts): boolean {
  return facts.members
    .filter(isReached)
    .some(
      (other) =>
        isFollowing(other, member) &&
        other.probe.isLinkUp &&
        (other.probe.lastHeardSeconds ?? Number.POSITIVE_INFINITY) <= HEARS_WITHIN_SECONDS,
    )
}

/** How long a member may be silent before others act on it. */
export function graceMs(member: MemberFacts, facts: TopologyFacts): number {
  return isHeard(member, facts) ? HEARD_GRACE_MS : facts.goal.downAfterMs
}

/**
 * May the candidate be promoted? Every other member must be proven unable to write: it answers as a replica, it is
 * stopped, it was told to refuse, or it cannot gather w replicas. The last: u silent members can follow each other only,
 * so none of them has more than u − 1 replicas; with u ≤ w none can write once all others are repointed away and the
 * lag gate has closed.
 */
export function readFence(facts: TopologyFacts, electorate: Electorate, candidate: string): FenceState {
  const others = facts.members.filter((member) => member.name !== candidate)
  const open = others.find((member) => isMaster(member) && !hasFence(member))
  if (open) return { kind: 'fenceFirst', member: open.name }
  const silent = others.filter((member) => !isReached(member) && !isStopped(member, facts))
  if (silent.length === 0) return { kind: 'fenced' }
  if (electorate.w === 0 && facts.goal.w === 0) return readAsyncFence(silent, facts, candidate)
  const isFree = electorate.w === 0 && silent.some((member) => mayWriteAlone(member, facts, electorate))
  const missing = Math.max(0, electorate.n - facts.members.length)
  if (isFree || silent.length + missing > Math.max(1, electorate.w)) return impossible(silent)
  return readFollowers(silent, facts, candidate) ?? readLagGate(silent, facts, electorate)
}

/**
 * Relaxed to none, the last primary needs nobody's help to write, nor does its server when the pod was removed by force,
 * nor a candidate: it may be promoted and opened already, by a leader that ended before it could tell. Nobody else was
 * ever told so.
 */
function mayWriteAlone(member: MemberFacts, { intent }: TopologyFacts, { lastPrimary }: Electorate): boolean {
  return member.name === lastPrimary || member.pod === undefined || member.name === intent?.candidate
}

function readFollowers(
  silent: readonly MemberFacts[],
  facts: TopologyFacts,
  candidate: string,
): FenceState | undefined {
  const heir = facts.members.find((member) => member.name === candidate)
  const following = facts.members.filter(
    (member) => silent.some((upstream) => isFollowing(member, upstream)) && !(heir && isFedBy(member, heir)),
  )
  if (following.length === 0) return undefined
  return { kind: 'repointFirst', members: following.map((member) => member.name) }
}

/** A pod removed by force has the name of the one after it: whom its replica really follows, the candidate can tell. */
function isFedBy(member: MemberFacts, heir: MemberFacts): boolean {
  if (!isReached(heir) || !isFollowing(member, heir)) return false
  const host = withoutDot(member.host)
  return heir.probe.replicas.some((link) => withoutDot(link.host) === host && link.state === 'online')
}

function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/** It was told to refuse writes. */
export function hasFence(member: MemberFacts): boolean {
  return member.probe.kind === 'reached' && member.probe.minReplicasToWrite >= FENCED_W
}

function impossible(silent: readonly MemberFacts[]): FenceState {
  return { kind: 'impossible', members: silent.map((member) => member.name) }
}

/** Asynchronous stores have no fence by quorum: they go on when the silent one was given its grace period; losses are counted when it returns. */
function readAsyncFence(silent: readonly MemberFacts[], facts: TopologyFacts, candidate: string): FenceState {
  for (const member of silent) {
    const sinceMs = member.probe.kind === 'unreachable' ? member.probe.sinceMs : facts.nowMs
    const atMs = sinceMs + graceMs(member, facts)
    if (facts.nowMs < atMs) return { kind: 'waitUntil', atMs, member: member.name }
  }
  return readFollowers(silent, facts, candidate) ?? { kind: 'fenced' }
}

/** When somebody who is not silent any more may last have fed the gate of one who still is, unseen by us. */
function lastUnseenMs(silent: readonly MemberFacts[], facts: TopologyFacts): number {
  const names = new Set(silent.map((member) => member.name))
  const times = Object.entries(facts.unseenMs).filter(([name]) => !names.has(name))
  return Math.max(0, ...times.map(([, atMs]) => atMs))
}

/** Measured: a primary accepts for maxLag + 0.7 s after its replicas froze. */
function readLagGate(silent: readonly MemberFacts[], facts: TopologyFacts, { maxLagMs }: Electorate): FenceState {
  const unseenMs = lastUnseenMs(silent, facts)
  for (const member of silent) {
    // Those that heard it last may be gone unseen, as the old end of a move is: until it fell silent it may have been heard.
    const sinceMs = member.probe.kind === 'unreachable' ? member.probe.sinceMs : 0
    const heardMs = Math.max(sinceMs, unseenMs, facts.lastHeardMs[member.name] ?? facts.observingSinceMs)
    const atMs = heardMs + maxLagMs + 1000
    if (facts.nowMs < atMs) return { kind: 'waitUntil', atMs, member: member.name }
  }
  return { kind: 'fenced' }
}

import { unpreparedMembers } from './elect.ts'
import { type Electorate, isMaster, isPrepared } from './electorate.ts'
import {
  isReached,
  type MemberFacts,
  type PodChange,
  type ReachedMember,
  type TopologyFacts,
  type TopologyStep,
} from './facts.ts'
import { followersInSync, planQuorum } from './quorum.ts'
import { planRollout, type RolloutPod } from './rollout.ts'

/** A link may drop for a moment during a change of the primary; its label follows only what lasts. */
const UNREADABLE_AFTER_MS = 5000
/** What every server starts as a replica of: a closed port. */
const BOOT_GUARD_HOST = '127.0.0.1'
const LOOK_AGAIN_MS = 1000

type Rule = (facts: TopologyFacts, electorate: Electorate, primary: ReachedMember) => TopologyStep | undefined

/** The rightful primary answers: the first of these rules that has something to do is the next act. */
const RULES: readonly Rule[] = [
  demoteZombies,
  markBootstrap,
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
]

export function planSteady(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep {
  for (const rule of RULES) {
    const step = rule(facts, electorate, primary)
    if (step && step.kind !== 'none') return step
  }
  return { kind: 'none' }
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

/** Before the Service points at a first primary: once a write can be acknowledged the store is never virgin again. */
function markBootstrap(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep | undefined {
  return facts.mark ? undefined : planMarkFirst(facts, electorate, primary)
}

function finishIntent(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const { intent } = facts
  if (!intent) return undefined
  if (!facts.mark || facts.mark.epoch < intent.epoch) return planMarkFirst(facts, electorate, primary)
  const outcomes = { Bootstrap: 'Bootstrapped', Failover: 'FailedOver', Move: 'Moved' } as const
  return { kind: 'clearIntent', intent, outcome: intent.reason === 'DataLost' ? 'DataLost' : outcomes[intent.kind] }
}

function planMarkFirst(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep | undefined {
  const record = primary.probe.record
  if (!record) return undefined
  const { n, w } = facts.mark ? { n: electorate.n, w: Math.min(electorate.w, record.w) } : record
  const mark = { bootstrapped: facts.storeUID, epoch: record.epoch, n, w }
  return { kind: 'mark', mark, reason: facts.mark ? 'NewEpoch' : 'Bootstrapped' }
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

/** The pod of the primary is being deleted (drain, roll, a hand): move while its server still waits in preStop. */
function moveOffLeavingPod(
  facts: TopologyFacts,
  electorate: Electorate,
  primary: ReachedMember,
): TopologyStep | undefined {
  if (!primary.pod?.isTerminating) return undefined
  return moveTo(facts, electorate, { primary, reason: 'PodDeleted', isAllowed: () => true })
}

function adjustQuorum(facts: TopologyFacts, _: Electorate, primary: ReachedMember): TopologyStep {
  return planQuorum(facts, primary)
}

/** Scale-in removes the highest ordinals, so the primary goes low first. */
function movePrimaryLow(
  facts: TopologyFacts,
  electorate: Electorate,
  primary: ReachedMember,
): TopologyStep | undefined {
  const size = facts.statefulSetReplicas ?? facts.goal.n
  if (facts.isSuspended || size <= facts.goal.n || primary.ordinal < facts.goal.n) return undefined
  return moveTo(facts, electorate, { primary, reason: 'ScaleIn', isAllowed: (member) => member.ordinal < facts.goal.n })
}

type Move = Readonly<{ primary: ReachedMember; reason: string; isAllowed: (member: MemberFacts) => boolean }>

function moveTo(
  facts: TopologyFacts,
  electorate: Electorate,
  { primary, reason, isAllowed }: Move,
): TopologyStep | undefined {
  const [heir] = followersInSync(facts, primary)
    .filter((member) => isPrepared(member, facts) && !member.pod?.isTerminating && isAllowed(member))
    .toSorted((a, b) => b.probe.offset - a.probe.offset || a.ordinal - b.ordinal)
  if (!heir) return undefined
  const intent = {
    kind: 'Move',
    epoch: electorate.epoch + 1,
    candidate: heir.name,
    from: primary.name,
    reason,
    startedAtMs: facts.nowMs,
  } as const
  return { kind: 'recordIntent', intent }
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
  const isLost = !isJoined && (member.linkDownSinceMs ?? facts.nowMs) + UNREADABLE_AFTER_MS <= facts.nowMs
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

/** Rolls pods with an old template: one at a time, replicas first, the primary last and by a planned move. */
function rollPods(facts: TopologyFacts, electorate: Electorate, primary: ReachedMember): TopologyStep | undefined {
  if (facts.isSuspended) return undefined
  const inSync = new Set([primary.name, ...followersInSync(facts, primary).map((member) => member.name)])
  const size = facts.statefulSetReplicas ?? facts.goal.n
  const pods = facts.members
    .filter((member) => member.ordinal < size)
    .map((member) => rolloutPod(member, primary, inSync))
  const step = planRollout(pods)
  switch (step.kind) {
    case 'none':
      return undefined
    case 'wait': {
      if (!pods.some((pod) => pod.isOutdated)) return undefined
      return {
        kind: 'wait',
        reason: 'RollingUpdate',
        message: `waiting for ${step.pod} before the next member is restarted`,
        requeueAfterMs: LOOK_AGAIN_MS,
      }
    }
    case 'restart':
      return { kind: 'restart', pod: step.pod, uid: step.uid, reason: 'RollingUpdate' }
    case 'handOver':
      return moveTo(facts, electorate, {
        primary,
        reason: 'RollingUpdate',
        isAllowed: (member) => !member.pod?.isOutdated,
      })
  }
}

function rolloutPod(member: MemberFacts, primary: ReachedMember, inSync: ReadonlySet<string>): RolloutPod {
  const { name, pod } = member
  const isThere = pod !== undefined && !pod.isTerminating
  return {
    name,
    uid: pod?.uid ?? '',
    isPrimary: name === primary.name,
    isOutdated: isThere && pod.isOutdated,
    isReady: isThere && pod.isReady && inSync.has(name),
    isBroken: !inSync.has(name) && isBroken(member, primary),
  }
}

function isBroken(member: MemberFacts, primary: ReachedMember): boolean {
  if (member.stopped !== undefined) return true
  if (isReached(member)) return isOlder(member.probe.version, primary.probe.version)
  const host = withoutDot(member.host)
  return !primary.probe.replicas.some((link) => withoutDot(link.host) === host && link.state === 'online')
}

function withoutDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

/** An older server cannot read what a newer primary sends. */
function isOlder(version: string, than: string): boolean {
  const [own, other] = [version, than].map((text) => text.split('.').map(Number))
  for (const [index, part] of (other ?? []).entries()) {
    const difference = (own?.[index] ?? 0) - part
    if (difference !== 0) return difference < 0
  }
  return false
}

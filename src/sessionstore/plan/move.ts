import { type Electorate, isPrepared } from './electorate.ts'
import type { MemberFacts, ReachedMember, TopologyFacts, TopologyStep } from './facts.ts'
import { followersInSync } from './quorum.ts'

/** The pod of the primary is being deleted (drain, roll, a hand): move while its server still waits in preStop. */
export function moveOffLeavingPod(
  facts: TopologyFacts,
  electorate: Electorate,
  primary: ReachedMember,
): TopologyStep | undefined {
  if (!primary.pod?.isTerminating) return undefined
  return moveTo(facts, electorate, { primary, reason: 'PodDeleted', isAllowed: () => true })
}

/** Scale-in removes the highest ordinals, so the primary goes low first. */
export function movePrimaryLow(
  facts: TopologyFacts,
  electorate: Electorate,
  primary: ReachedMember,
): TopologyStep | undefined {
  const size = facts.statefulSetReplicas ?? facts.goal.n
  if (facts.isSuspended || size <= facts.goal.n || primary.ordinal < facts.goal.n) return undefined
  return moveTo(facts, electorate, { primary, reason: 'ScaleIn', isAllowed: (member) => member.ordinal < facts.goal.n })
}

type Move = Readonly<{ primary: ReachedMember; reason: string; isAllowed: (member: MemberFacts) => boolean }>

/** Begins a planned move to the follower with most data among those allowed; undefined: there is none. */
export function moveTo(
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

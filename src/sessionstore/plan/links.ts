import { isReached, type MemberFacts, type ReachedMember, type TopologyFacts } from './facts.ts'
import { followersInSync } from './quorum.ts'

/** A link may drop for a moment, during a change of the primary above all; what is told follows only what lasts. */
export const LINK_DROP_MS = 5000

/**
 * Names of the members that serve as far as people are told: the primary, those that keep up, and replicas that did until a
 * moment ago. Nothing is decided by it.
 */
export function servingMembers(facts: TopologyFacts, primary: ReachedMember): ReadonlySet<string> {
  const inSync = followersInSync(facts, primary)
  const dropped = facts.members.filter((member) => isDroppedOnly(facts, member, primary))
  return new Set([primary, ...inSync, ...dropped].map(({ name }) => name))
}

function isDroppedOnly(facts: TopologyFacts, member: MemberFacts, primary: ReachedMember): boolean {
  // A server that was restarted follows nobody yet, and one that is copied to has nothing to show.
  if (!isReached(member) || member.probe.upstream?.host !== primary.host) return false
  if (member.probe.isSyncing || !member.pod?.isJoined) return false
  return member.linkDownSinceMs !== undefined && facts.nowMs - member.linkDownSinceMs < LINK_DROP_MS
}

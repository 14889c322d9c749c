import type { Electorate } from './electorate.ts'
import { isReached, type MemberFacts, type ReachedMember, type TopologyFacts, type TopologyStep } from './facts.ts'
import { moveTo } from './move.ts'
import { followersInSync } from './quorum.ts'
import { planRollout, type RolloutPod } from './rollout.ts'

const LOOK_AGAIN_MS = 1000

/** Rolls pods with an old template: one at a time, replicas first, the primary last and by a planned move. */
export function rollPods(
  facts: TopologyFacts,
  electorate: Electorate,
  primary: ReachedMember,
): TopologyStep | undefined {
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

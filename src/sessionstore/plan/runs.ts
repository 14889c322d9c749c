import { isReached, type MemberFacts, type Run, type TopologyFacts, type TopologyStep } from './facts.ts'

/** What every server starts as a replica of: a closed port. */
const BOOT_GUARD_HOST = '127.0.0.1'

/**
 * A pod is noted before it takes part. Only then can a later leader know of it when its object is removed while its
 * server still runs; until then it is behind its boot guard and harms nobody.
 */
export function noteRunsFirst(facts: TopologyFacts, step: TopologyStep): TopologyStep {
  const noted = new Set(facts.runs.map(({ uid }) => uid))
  const named = new Set(namesIn(step))
  const isMissing = facts.members.some(
    (member) => member.pod && !noted.has(member.pod.uid) && (named.has(member.name) || isTakingPart(member)),
  )
  if (!isMissing && !(step.kind === 'none' && facts.hasStaleRuns)) return step
  // All that answer at once, so that members that start together are one write.
  const runs = facts.members.filter(isReached).flatMap((member) => toRun(member, noted))
  return { kind: 'noteRuns', runs: [...facts.runs, ...runs] }
}

function toRun({ name, pod }: MemberFacts, noted: ReadonlySet<string>): readonly Run[] {
  return pod && !noted.has(pod.uid) ? [{ name, uid: pod.uid, node: pod.node ?? '' }] : []
}

/** Whom a step makes a member, or a primary. */
function namesIn(step: TopologyStep): readonly string[] {
  switch (step.kind) {
    case 'join':
      return step.members
    case 'promote':
      return [step.candidate]
    case 'establish':
      return [step.primary, ...step.replicas]
    case 'repoint':
      return step.moves.map(({ member }) => member)
    default:
      return []
  }
}

function isTakingPart(member: MemberFacts): boolean {
  if (!isReached(member)) return false
  return member.probe.role === 'master' || member.probe.upstream?.host !== BOOT_GUARD_HOST
}

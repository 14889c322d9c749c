import { planElection } from './elect.ts'
import { type Electorate, readElectorate } from './electorate.ts'
import type { TopologyFacts, TopologyStep } from './facts.ts'
import { planIntent } from './intent.ts'
import { planReplicas } from './quorum.ts'
import { noteRunsFirst } from './runs.ts'
import { planSteady } from './steady.ts'

export type TopologyPlan = Readonly<{
  step: TopologyStep
  /** `.spec.replicas` of the StatefulSet now. */
  replicas: number
  /** Pod name of the rightful primary, when it answers. */
  primary?: string
  epoch: number
}>

/** Decides the next single act on who may write; pure, so that any process can go on from observation and intent. */
export function planTopology(facts: TopologyFacts): TopologyPlan {
  const electorate = readElectorate(facts)
  const { primary, epoch } = electorate
  return {
    step: noteRunsFirst(facts, planStep(facts, electorate)),
    replicas: planReplicas(facts, electorate),
    epoch,
    ...(primary && { primary: primary.name }),
  }
}

function planStep(facts: TopologyFacts, electorate: Electorate): TopologyStep {
  const { primary } = electorate
  const { intent } = facts
  if (facts.statefulSetReplicas === undefined) return { kind: 'none' }
  const broken = planRepair(facts)
  if (broken) return broken
  if (!intent) return primary ? planSteady(facts, electorate, primary) : planElection(facts, electorate)
  // An intent is done when its epoch's record stands; until then it alone decides.
  const isDone = primary?.name === intent.candidate && (primary.probe.record?.epoch ?? 0) >= intent.epoch
  const isOvertaken = primary !== undefined && (primary.probe.record?.epoch ?? 0) > intent.epoch
  if (primary && (isDone || isOvertaken)) return planSteady(facts, electorate, primary)
  return planIntent(facts, electorate, intent)
}

/** A pod that never ran, or ended, under an old template: nothing is lost by replacing it, and without this rule a bad spec could never be repaired before there is a primary. */
function planRepair(facts: TopologyFacts): TopologyStep | undefined {
  if (facts.isSuspended) return undefined
  const broken = facts.members.find(
    ({ pod, stopped, probe }) =>
      pod?.isOutdated && !pod.isTerminating && stopped !== undefined && probe.kind !== 'reached',
  )
  return broken?.pod && { kind: 'restart', pod: broken.name, uid: broken.pod.uid, reason: 'PodBroken' }
}

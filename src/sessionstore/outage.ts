import type { StoreMemory } from './memory.ts'
import type { TopologyFacts } from './plan/facts.ts'
import type { TopologyPlan } from './plan/topology.ts'

/** The clock of an outage starts with the first failed look at the primary, not with the decision. */
export function noteOutage(memory: StoreMemory, facts: TopologyFacts, plan: TopologyPlan): void {
  if (plan.primary !== undefined && !facts.intent) memory.outageSinceMs = undefined
  if (plan.primary !== undefined || memory.outageSinceMs !== undefined || !facts.mark) return
  const labelled = facts.members.find((member) => member.pod?.role === 'primary')
  const isSilent = labelled?.probe.kind === 'unreachable'
  memory.outageSinceMs = isSilent && labelled.probe.kind === 'unreachable' ? labelled.probe.sinceMs : facts.nowMs
}

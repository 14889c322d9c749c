import type { DesiredCondition } from '../../api/v1alpha1/conditions.ts'
import { planAvailable } from './conditions/available.ts'
import { planNearCapacity } from './conditions/capacity.ts'
import { planElected } from './conditions/elected.ts'
import type { ConditionInputs } from './conditions/inputs.ts'
import { planNodes } from './conditions/nodes.ts'
import { planReady } from './conditions/ready.ts'
import { planReconciling } from './conditions/reconciling.ts'
import { planReplication } from './conditions/replication.ts'
import { planStalled } from './conditions/stalled.ts'
import { planTls } from './conditions/tls.ts'
import { planUpgrade } from './conditions/upgrade.ts'

/** All conditions of a SessionStore, from what was observed and decided. */
export function planConditions(inputs: ConditionInputs): readonly DesiredCondition[] {
  const stalled = planStalled(inputs)
  return [
    planReady(inputs, stalled),
    planReconciling(inputs, stalled),
    stalled,
    planAvailable(inputs),
    planElected(inputs),
    planReplication(inputs),
    planNearCapacity(inputs),
    planTls(inputs),
    planNodes(inputs),
    planUpgrade(inputs),
  ]
}

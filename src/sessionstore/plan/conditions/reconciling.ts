import type { TopologyPlan } from '../topology.ts'
import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planReconciling(inputs: ConditionInputs, stalled: Of<'Stalled'>): Of<'Reconciling'> {
  const { facts, plan, spec, pending } = inputs
  const is = (status: 'True' | 'False', reason: Of<'Reconciling'>['reason'], message: string): Of<'Reconciling'> => ({
    type: 'Reconciling',
    status,
    reason,
    message,
  })
  if (stalled.status === 'True') return is('False', 'Stalled', stalled.message)
  const { intent, statefulSetReplicas: size } = facts
  if (intent?.kind === 'Failover') return is('True', 'FailingOver', `${intent.candidate} takes over`)
  if (intent?.kind === 'Move') return is('True', 'Moving', `the primary moves to ${intent.candidate}`)
  if (size === undefined && spec.suspend)
    return is('False', 'Suspended', 'spec.suspend is true: the store is not created yet')
  if (size === undefined) return is('True', 'Creating', 'objects are being created')
  if (plan.primary === undefined) return is('True', 'Bootstrapping', describeStep(plan) ?? 'a primary is being elected')
  if (spec.suspend) return is('False', 'Suspended', 'spec.suspend is true: changes of the spec wait')
  if (plan.replicas > (facts.mark?.n ?? 0))
    return is('True', 'ScalingOut', `members join until there are ${spec.replicas}`)
  if (size > spec.replicas)
    return is('True', 'ScalingIn', `members leave one at a time until there are ${spec.replicas}`)
  const isRolling = facts.members.some((member) => member.pod?.isOutdated)
  if (isRolling) return is('True', 'Rolling', describeStep(plan) ?? 'pods are being replaced one at a time')
  if (plan.step.kind === 'join') return is('True', 'Joining', `${plan.step.members.join(', ')} join the primary`)
  if (pending) return is('True', 'Applying', pending)
  return is('False', 'UpToDate', 'the spec is applied')
}

function describeStep({ step }: TopologyPlan): string | undefined {
  return step.kind === 'wait' || step.kind === 'blocked' ? step.message : undefined
}

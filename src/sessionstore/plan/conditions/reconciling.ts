import { describePodWait } from '../podobstacles.ts'
import type { TopologyPlan } from '../topology.ts'
import { describeGrowth } from '../volumes.ts'
import type { ConditionInputs, Of } from './inputs.ts'

type Reconciling = Of<'Reconciling'>

/** See the reasons in CONDITIONS. */
export function planReconciling(inputs: ConditionInputs, stalled: Of<'Stalled'>): Reconciling {
  const { facts, plan, spec } = inputs
  const { intent, statefulSetReplicas: size } = facts
  const isStalled = stalled.status === 'True'
  // Somebody has to change something, and the store goes on meanwhile.
  if (isStalled && plan.step.kind !== 'blocked' && intent?.kind === 'Failover') return failingOver(intent.candidate)
  if (isStalled) return is('False', 'Stalled', stalled.message)
  if (intent?.kind === 'Failover') return failingOver(intent.candidate)
  if (intent?.kind === 'Move') return is('True', 'Moving', `the primary moves to ${intent.candidate}`)
  if (size === undefined && spec.suspend)
    return is('False', 'Suspended', 'spec.suspend is true: the store is not created yet')
  if (size === undefined) return is('True', 'Creating', 'objects are being created')
  const podWait = describePodWait(inputs.troubles, inputs.nowMs)
  if (plan.primary === undefined && podWait) return is('True', 'WaitingForPods', podWait)
  if (plan.primary === undefined) return is('True', 'Bootstrapping', describeStep(plan) ?? 'a primary is being elected')
  if (spec.suspend) return is('False', 'Suspended', 'spec.suspend is true: changes of the spec wait')
  return planWork(inputs, size, podWait)
}

/** There is a primary, and the spec is in force: what is still to be done for it. */
function planWork(inputs: ConditionInputs, size: number, podWait?: string): Reconciling {
  const { facts, plan, spec, pending, volumeFacts, tls } = inputs
  if (plan.replicas > (facts.mark?.n ?? 0))
    return is('True', 'ScalingOut', podWait ?? `members join until there are ${spec.replicas}`)
  if (size > spec.replicas)
    return is('True', 'ScalingIn', `members leave one at a time until there are ${spec.replicas}`)
  const isRolling = facts.members.some((member) => member.pod?.isOutdated)
  if (isRolling) return is('True', 'Rolling', describeStep(plan) ?? 'pods are being replaced one at a time')
  if (plan.step.kind === 'join') return is('True', 'Joining', `${plan.step.members.join(', ')} join the primary`)
  const growth = volumeFacts && describeGrowth(volumeFacts)
  if (growth) return is('True', 'Expanding', growth)
  if (pending) return is('True', 'Applying', podWait ?? pending)
  if (podWait) return is('True', 'WaitingForPods', podWait)
  if (tls.kind === 'Served' && tls.change !== undefined) return is('True', 'Applying', tls.change)
  // Between the write of a new template and its controller's look at it no pod seems outdated.
  if (inputs.isTemplateAwaited) return is('True', 'Applying', 'the pods are about to be held against the new template')
  return is('False', 'UpToDate', 'the spec is applied')
}

function is(status: 'True' | 'False', reason: Reconciling['reason'], message: string): Reconciling {
  return { type: 'Reconciling', status, reason, message }
}

function failingOver(candidate: string): Reconciling {
  return is('True', 'FailingOver', `${candidate} takes over`)
}

function describeStep({ step }: TopologyPlan): string | undefined {
  return step.kind === 'wait' || step.kind === 'blocked' ? step.message : undefined
}

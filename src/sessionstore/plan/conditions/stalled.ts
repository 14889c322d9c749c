import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planStalled({ plan, obstacle }: ConditionInputs): Of<'Stalled'> {
  if (obstacle) return { type: 'Stalled', status: 'True', ...obstacle }
  if (plan.step.kind === 'blocked')
    return { type: 'Stalled', status: 'True', reason: plan.step.reason, message: plan.step.message }
  return { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'nothing needs a hand' }
}

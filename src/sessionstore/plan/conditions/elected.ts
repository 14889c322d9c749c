import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planElected({ facts, plan }: ConditionInputs): Of<'PrimaryElected'> {
  const is = (
    status: 'True' | 'False',
    reason: Of<'PrimaryElected'>['reason'],
    message: string,
  ): Of<'PrimaryElected'> => ({
    type: 'PrimaryElected',
    status,
    reason,
    message,
  })
  const { step, primary } = plan
  if (step.kind === 'blocked') return is('False', step.reason, step.message)
  if (primary !== undefined) return is('True', 'Elected', `${primary} is the primary`)
  if (facts.intent?.kind === 'Failover') return is('False', 'FailingOver', `${facts.intent.candidate} takes over`)
  if (facts.intent?.kind === 'Move') return is('False', 'Moving', `the primary moves to ${facts.intent.candidate}`)
  if (step.kind === 'wait') return is('False', 'WaitingForMembers', step.message)
  return is('False', 'Bootstrapping', 'a primary is being elected')
}

import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planReady(inputs: ConditionInputs, stalled: Of<'Stalled'>): Of<'Ready'> {
  const { spec, facts, plan, write } = inputs
  const ready = (
    status: 'True' | 'False' | 'Unknown',
    reason: Of<'Ready'>['reason'],
    message: string,
  ): Of<'Ready'> => ({
    type: 'Ready',
    status,
    reason,
    message,
  })
  if (plan.primary === undefined && stalled.status === 'True') return ready('False', 'Stalled', stalled.message)
  if (plan.primary === undefined) return ready('False', 'NoPrimary', 'no server is the primary yet')
  if (write.kind === 'failed')
    return ready('False', 'WriteFailed', `a write through the primary Service failed: ${write.message}`)
  if (write.kind === 'unreachable')
    return ready(
      'Unknown',
      'ServiceUnreachable',
      `the primary Service cannot be reached from the operator: ${write.message}`,
    )
  if (write.kind === 'unknown') {
    const kept = keepReady(inputs)
    if (!kept) return ready('False', 'WriteNotTried', 'no write through the primary Service was tried yet')
    if (kept.status !== 'True') return kept
  }
  const size = facts.mark?.n ?? 0
  if (!facts.isSuspended && (size !== spec.replicas || facts.statefulSetReplicas !== spec.replicas))
    return ready(
      'False',
      'MembersNotReady',
      `writes succeed; ${size} members count so far, spec.replicas is ${spec.replicas}`,
    )
  return ready('True', 'WriteSucceeded', 'a write through the primary Service succeeded')
}

/** An operator that was just started has not tried a write yet: what the one before it found holds for the same primary. */
function keepReady({ previous, plan }: ConditionInputs): Of<'Ready'> | undefined {
  if (previous?.primary !== plan.primary || previous?.epoch !== plan.epoch) return undefined
  const condition = previous?.conditions?.find(({ type }) => type === 'Ready')
  if (!condition) return undefined
  const { status, reason, message } = condition
  return { type: 'Ready', status, reason: reason as Of<'Ready'>['reason'], message }
}

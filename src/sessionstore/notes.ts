import type { EventRecord } from '../kube/event-object.ts'
import type { Intent, Outcome, TopologyStep } from './plan/facts.ts'

type Note = Omit<EventRecord, 'regarding'>

/** The event that tells a step to people; most steps are told by the outcome they lead to. */
export function noteOfStep(step: TopologyStep): Note | undefined {
  switch (step.kind) {
    case 'blocked':
      return warning(step.reason, 'Failover', step.message)
    case 'mark':
      return step.reason === 'Relaxed'
        ? warning('Relaxed', 'SetQuorum', `writes go on with ${step.mark.w} replicas in sync, as the others are away`)
        : undefined
    case 'demote':
      return warning(
        'ZombieDemoted',
        'Demote',
        `${step.member} came back as a primary of an older epoch; it follows ${step.primary} now`,
      )
    case 'restart':
      return normal('PodRestarted', 'DeletePod', `pod ${step.pod} is replaced (${step.reason})`)
    default:
      return undefined
  }
}

/** The event that tells how an intent ended. */
export function noteOfOutcome(intent: Intent, outcome: Outcome, downtime?: string): Note {
  const { candidate, from = 'nobody', reason } = intent
  const gap = downtime === undefined ? '' : `, ${downtime} after it was missed`
  switch (outcome) {
    case 'Bootstrapped':
      return normal('PrimaryElected', 'Bootstrap', `${candidate} is the first primary`)
    case 'DataLost':
      return warning(
        'DataLost',
        'Bootstrap',
        `every member lost its data, so all sessions are gone; ${candidate} is the primary of a new, empty store${gap}`,
      )
    case 'FailedOver':
      return warning('FailedOver', 'Failover', `${candidate} replaced ${from} (${reason})${gap}`)
    case 'Moved':
      return normal('PrimaryMoved', 'Move', `${candidate} took over from ${from} as planned (${reason})`)
    case 'MoveAbandoned':
      return warning('MoveAbandoned', 'Move', `${from} did not hand over to ${candidate} in time (${reason})`)
  }
}

function normal(reason: string, action: string, note: string): Note {
  return { type: 'Normal', reason, action, note }
}

function warning(reason: string, action: string, note: string): Note {
  return { type: 'Warning', reason, action, note }
}

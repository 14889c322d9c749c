import type { Obstacle } from '../obstacles.ts'
import { findPodObstacle } from '../podobstacles.ts'
import type { ConditionInputs, Of } from './inputs.ts'

/** See the reasons in CONDITIONS. */
export function planStalled({ plan, obstacle, troubles, nowMs }: ConditionInputs): Of<'Stalled'> {
  if (obstacle && !obstacle.isForeseen) return stalledBy(obstacle)
  const ofPods = findPodObstacle(troubles, nowMs)
  if (plan.step.kind === 'blocked') {
    // What ails the pods is often what keeps the data away.
    const message = [plan.step.message, ...(ofPods ? [ofPods.message] : [])].join('; ')
    return { type: 'Stalled', status: 'True', reason: plan.step.reason, message }
  }
  if (ofPods) return stalledBy(ofPods)
  if (obstacle) return stalledBy(obstacle)
  return { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'nothing needs a hand' }
}

function stalledBy({ reason, message }: Obstacle): Of<'Stalled'> {
  return { type: 'Stalled', status: 'True', reason, message }
}

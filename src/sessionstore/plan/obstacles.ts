import type { ConditionReason } from '../../api/v1alpha1/conditions.ts'
import type { EffectiveSpec } from '../../api/v1alpha1/effective.ts'
import { formatBytes } from '../../api/v1alpha1/quantity.ts'
import { type BindingObstacles, findBindingObstacle } from './bindingobstacles.ts'
import type { TlsFacts } from './conditions/inputs.ts'
import type { ConfigPlan } from './config.ts'
import { type BlockedReason, isReached, type TopologyFacts } from './facts.ts'
import { findVolumeObstacle, goalBytes, type VolumeFacts } from './volumes.ts'

/** Something that a person, or another controller, has to change before the spec can be applied. */
export type Obstacle = Readonly<{
  reason: Exclude<ConditionReason<'Stalled'>, 'NotStalled' | BlockedReason>
  /** What is in the way, and what to do. */
  message: string
  /** The spec is applied and the store works: it is about what comes of it, and gives way to what is wrong now. */
  isForeseen?: true
}>

/** What the rules look at; a Snapshot has it all but `refused`. */
export type ObstacleInputs = Readonly<{
  /** Why objects of the store could not be written in this pass. */
  refused?: Obstacle
  /** Why pods of the store are not made. */
  refusedPods?: Obstacle
  /** Why pods may not have the memory they should have. */
  refusedResize?: Obstacle
  facts: Pick<TopologyFacts, 'members'>
  volumeFacts?: VolumeFacts
  /** Why the template that is asked for is not rolled out. */
  refusedRoll?: Obstacle
  spec: Pick<EffectiveSpec, 'networkPolicy'>
  config: Pick<ConfigPlan, 'refusals'>
  /** Namespace of the operator's own pods; absent: it does not run in one. */
  operatorNamespace?: string
  bindings?: BindingObstacles
  tls: TlsFacts
}>

type ObstacleRule = (inputs: ObstacleInputs) => Obstacle | undefined

/** Each is derived anew on every pass, so that it goes when its cause goes; the first that finds something is told. */
const RULES: readonly ObstacleRule[] = [
  ({ refused }) => refused,
  findCertificateObstacle,
  ({ refusedRoll }) => refusedRoll,
  shutOut,
  refusedParameter,
  ({ bindings }) => bindings && findBindingObstacle(bindings),
  ({ refusedPods }) => refusedPods,
  ({ refusedResize }) => refusedResize,
  fullVolume,
  ({ volumeFacts }) => volumeFacts && findVolumeObstacle(volumeFacts),
]

/** The server goes on trying by itself, so the report goes as soon as it can write again. */
function fullVolume({ facts, volumeFacts }: ObstacleInputs): Obstacle | undefined {
  const failing = facts.members.filter(isReached).filter(({ probe }) => probe.failedWrites.length > 0)
  if (!volumeFacts || failing.length === 0) return undefined
  const what = failing.map(({ name, probe }) => `${name} (${probe.failedWrites.join(', ')})`).join(', ')
  const size = formatBytes(goalBytes(volumeFacts))
  return {
    reason: 'VolumeFull',
    message: `a volume cannot be written on ${what}, most often as it is full: the primary refuses writes for it; set spec.persistence.size to more than ${size}, or free room on the volume; the log of the server tells the cause`,
  }
}

/** A policy that admits the operator must name its namespace. */
function shutOut({ spec, operatorNamespace }: ObstacleInputs): Obstacle | undefined {
  if (spec.networkPolicy.mode === 'None' || operatorNamespace !== undefined) return undefined
  return {
    reason: 'InvalidConfig',
    message:
      'networkPolicy.mode Restricted is not applied: the operator runs outside the cluster and would shut itself out; run it in the cluster, or set networkPolicy.mode to None',
  }
}

/** The store serves on with what was in force. */
function refusedParameter({ config: { refusals } }: ObstacleInputs): Obstacle | undefined {
  const [first] = refusals
  if (!first) return undefined
  const [name, { value, member, message }] = first
  const others = [...refusals.keys()].slice(1)
  const more = others.length > 0 ? `; refused, too: ${others.join(', ')}` : ''
  return {
    reason: 'InvalidConfig',
    message: `spec.config.${name} is "${value}", which ${member} does not take: ${message}; what was in force before stays, correct or remove it${more}`,
  }
}

function findCertificateObstacle({ tls }: ObstacleInputs): Obstacle | undefined {
  return tls.kind === 'Refused' ? { reason: tls.reason, message: tls.message } : undefined
}

/** What is in the way of the store, if anything is. */
export function findObstacle(inputs: ObstacleInputs): Obstacle | undefined {
  for (const rule of RULES) {
    const obstacle = rule(inputs)
    if (obstacle) return obstacle
  }
  return undefined
}

import type { DesiredCondition } from '../../api/v1alpha1/conditions.ts'
import type { EffectiveSpec } from '../../api/v1alpha1/effective.ts'
import type { SessionStoreStatus } from '../../api/v1alpha1/sessionstorestatus.ts'
import { readElectorate } from './electorate.ts'
import { isReached, type TopologyFacts } from './facts.ts'
import { isStopped } from './fence.ts'
import { followersInSync } from './quorum.ts'
import type { TopologyPlan } from './topology.ts'

/** How the last write through the primary Service, on a fresh connection, went. */
export type WriteProbe =
  | Readonly<{ kind: 'unknown' }>
  | Readonly<{ kind: 'succeeded' }>
  | Readonly<{ kind: 'failed'; message: string }>
  | Readonly<{ kind: 'unreachable'; message: string }>

/** Something a person has to change before the spec can be applied. */
export type Obstacle = Readonly<{ reason: 'NameConflict' | 'InvalidConfig'; message: string }>

export type TlsFacts =
  | Readonly<{ kind: 'Disabled' | 'Pending' | 'Served' }>
  | Readonly<{ kind: 'NotServed'; members: readonly string[] }>

export type ConditionInputs = Readonly<{
  spec: EffectiveSpec
  facts: TopologyFacts
  plan: TopologyPlan
  write: WriteProbe
  tls: TlsFacts
  obstacle?: Obstacle
  /** What the status says now. */
  previous: SessionStoreStatus | undefined
  /** Servers with settings that are asserted only after something else: what and why. */
  pending?: string
}>

type Of<T extends DesiredCondition['type']> = Extract<DesiredCondition, { type: T }>

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
    planTls(inputs),
  ]
}

function planStalled({ plan, obstacle }: ConditionInputs): Of<'Stalled'> {
  if (obstacle) return { type: 'Stalled', status: 'True', ...obstacle }
  if (plan.step.kind === 'blocked')
    return { type: 'Stalled', status: 'True', reason: 'FailoverBlocked', message: plan.step.message }
  return { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'nothing needs a hand' }
}

function planReady(inputs: ConditionInputs, stalled: Of<'Stalled'>): Of<'Ready'> {
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
    if (!kept) return ready('False', 'NoPrimary', 'no write through the primary Service was tried yet')
    if (kept.status !== 'True') return kept
  }
  if (stalled.status === 'True' && stalled.reason !== 'FailoverBlocked')
    return ready('False', 'Stalled', stalled.message)
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

function planReconciling(inputs: ConditionInputs, stalled: Of<'Stalled'>): Of<'Reconciling'> {
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

function planAvailable({ facts, plan, write }: ConditionInputs): Of<'Available'> {
  const is = (status: 'True' | 'False', reason: Of<'Available'>['reason'], message: string): Of<'Available'> => ({
    type: 'Available',
    status,
    reason,
    message,
  })
  const primary = facts.members.find((member) => member.name === plan.primary)
  if (!primary || !isReached(primary)) {
    const last = facts.members.find((member) => member.pod?.role === 'primary')
    if (last) return is('False', 'PrimaryUnreachable', `primary ${last.name} does not answer`)
    return is('False', 'NoPrimary', 'no server is the primary')
  }
  const inSync = followersInSync(facts, primary).length
  const { minReplicasToWrite: w } = primary.probe
  if (inSync < w) return is('False', 'WritesRefused', `${inSync} replicas keep up and ${w} are needed for a write`)
  if (write.kind === 'failed') return is('False', 'WritesRefused', write.message)
  return is('True', 'PrimaryServing', `primary ${primary.name} serves`)
}

function planElected({ facts, plan }: ConditionInputs): Of<'PrimaryElected'> {
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
  if (step.kind === 'blocked') return is('False', 'FailoverBlocked', step.message)
  if (primary !== undefined) return is('True', 'Elected', `${primary} is the primary`)
  if (facts.intent?.kind === 'Failover') return is('False', 'FailingOver', `${facts.intent.candidate} takes over`)
  if (facts.intent?.kind === 'Move') return is('False', 'Moving', `the primary moves to ${facts.intent.candidate}`)
  if (step.kind === 'wait') return is('False', 'WaitingForMembers', step.message)
  return is('False', 'Bootstrapping', 'a primary is being elected')
}

function planReplication({ spec, facts, plan }: ConditionInputs): Of<'ReplicationHealthy'> {
  const is = (
    status: 'True' | 'False',
    reason: Of<'ReplicationHealthy'>['reason'],
    message: string,
  ): Of<'ReplicationHealthy'> => ({ type: 'ReplicationHealthy', status, reason, message })
  const primary = readElectorate(facts).primary
  if (!primary) return is('False', 'NoPrimary', 'no server is the primary')
  if (spec.replicas === 1) return is('True', 'SingleMember', 'one member: its loss is the loss of all sessions')
  if (facts.mark && facts.mark.w < facts.goal.w && plan.primary)
    return is('False', 'Relaxed', `writes go on with ${facts.mark.w} replicas in sync instead of ${facts.goal.w}`)
  const inSync = new Set([primary.name, ...followersInSync(facts, primary).map((member) => member.name)])
  const expected = facts.members.filter((member) => member.ordinal < spec.replicas)
  const syncing = expected.filter((member) => isReached(member) && member.probe.isSyncing).map((member) => member.name)
  if (syncing.length > 0) return is('False', 'Syncing', `${syncing.join(', ')} receive a full copy`)
  const missing = expected
    .filter((member) => !isReached(member) || isStopped(member, facts))
    .map((member) => member.name)
  if (missing.length > 0 || expected.length < spec.replicas)
    return is('False', 'MembersMissing', `${missing.join(', ') || 'members'} do not answer`)
  const unlinked = expected.filter((member) => !inSync.has(member.name)).map((member) => member.name)
  if (unlinked.length > 0) return is('False', 'LinkDown', `${unlinked.join(', ')} are not linked to the primary`)
  return is('True', 'InSync', 'every replica is linked to the primary')
}

function planTls({ tls }: ConditionInputs): Of<'TLSReady'> {
  const is = (status: 'True' | 'False', reason: Of<'TLSReady'>['reason'], message: string): Of<'TLSReady'> => ({
    type: 'TLSReady',
    status,
    reason,
    message,
  })
  switch (tls.kind) {
    case 'Disabled':
      return is('False', 'Disabled', 'spec.tls.mode is Disabled: connections are plain text')
    case 'Pending':
      return is('False', 'CertificatePending', 'no server presents a certificate yet')
    case 'Served':
      return is('True', 'CertificateServed', 'every member that answers serves the current certificate')
    case 'NotServed':
      return is('False', 'CertificateNotServed', `${tls.members.join(', ')} still serve an older certificate`)
  }
}

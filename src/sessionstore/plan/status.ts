import { setCondition } from '../../api/v1alpha1/conditions.ts'
import { formatDuration } from '../../api/v1alpha1/duration.ts'
import type { EffectiveSpec } from '../../api/v1alpha1/effective.ts'
import { formatBytes } from '../../api/v1alpha1/quantity.ts'
import type {
  CapacityStatus,
  EffectiveStatus,
  LastFailover,
  MemberStatus,
  SessionStoreStatus,
  StoreOperation,
} from '../../api/v1alpha1/sessionstorestatus.ts'
import type { Condition } from '../../kube/types.ts'
import type { VolumeInput } from '../../resources/claims.ts'
import type { StoreIdentity } from '../../resources/identity.ts'
import { selectorLabels, selectorText } from '../../resources/labels.ts'
import { bindingSecretName, PORT, serviceHost } from '../../resources/names.ts'
import type { Sizing } from '../../resources/sizing.ts'
import type { ConditionInputs } from './conditions/inputs.ts'
import { planConditions } from './conditions.ts'
import { readElectorate } from './electorate.ts'
import { type Intent, isReached, type MemberFacts, type TopologyFacts } from './facts.ts'
import { servingMembers } from './links.ts'

export type StatusInputs = ConditionInputs &
  Readonly<{
    identity: StoreIdentity
    /** Whether a login of the store's own name is there to be used. */
    bindings: Readonly<{ hasDefault: boolean }>
    sizing: Sizing
    /** Parameters of `spec.config` that are in force. */
    config: Readonly<Record<string, string>>
    volumes?: VolumeInput
    generation: number
    nowIso: string
    /** The recorded intent, as it should stand in the status now. */
    intent?: StoreOperation
    lastFailover?: LastFailover
    /** Absent: as before. */
    capacityStatus?: CapacityStatus
    minVersion?: string
  }>

/** The whole status but nothing that moves by itself: no offsets, rates or times of probes. */
export function planStatus(inputs: StatusInputs): SessionStoreStatus & Record<string, unknown> {
  const { identity, spec, facts, plan, previous, intent, generation } = inputs
  const capacityStatus = inputs.capacityStatus ?? previous?.capacity
  const lastFailover = inputs.lastFailover ?? previous?.lastFailover
  const primary = plan.primary ?? facts.members.find((member) => member.pod?.role === 'primary')?.name
  return {
    observedGeneration: generation,
    conditions: planConditionList(inputs),
    effective: describeEffective(inputs),
    image: spec.image,
    ...(primary !== undefined && { primary }),
    epoch: plan.epoch,
    members: describeMembers(facts),
    endpoints: {
      primary: `${serviceHost(identity, 'primary')}:${PORT}`,
      replicas: `${serviceHost(identity, 'replicas')}:${PORT}`,
    },
    ...(capacityStatus && { capacity: capacityStatus }),
    ...(inputs.tls.notAfter !== undefined && { certificate: { notAfter: inputs.tls.notAfter } }),
    ...(lastFailover && { lastFailover }),
    ...(intent && { operation: intent }),
    ...(inputs.minVersion !== undefined && { minVersion: inputs.minVersion }),
    ...(facts.mark && { quorum: { n: facts.mark.n, w: facts.mark.w } }),
    replicas: facts.members.filter((member) => member.pod !== undefined).length,
    selector: selectorText(selectorLabels(identity)),
    ...(inputs.bindings.hasDefault && { binding: { name: bindingSecretName(identity) } }),
  }
}

/** An intent as the status holds it. */
export function toOperation(intent: Intent, startedAt: string): StoreOperation {
  const { kind, epoch, candidate, candidateRunId, from, reason } = intent
  return {
    kind,
    epoch,
    candidate,
    ...(candidateRunId !== undefined && { candidateRunID: candidateRunId }),
    ...(from !== undefined && { from }),
    startedAt,
    reason,
  }
}

function planConditionList(inputs: StatusInputs): readonly Condition[] {
  const { generation, nowIso, previous } = inputs
  let conditions: readonly Condition[] = previous?.conditions ?? []
  for (const next of planConditions(inputs)) {
    conditions = setCondition(conditions, { ...next, observedGeneration: generation }, nowIso)
  }
  return conditions
}

function describeEffective({ spec, sizing, volumes, config }: StatusInputs): EffectiveStatus {
  return {
    engine: spec.engine,
    version: spec.version,
    image: spec.image,
    upgradePolicy: spec.upgradePolicy,
    replicas: spec.replicas,
    maxMemory: formatBytes(sizing.maxMemoryBytes),
    memoryLimit: formatBytes(sizing.limitBytes),
    connections: spec.connections,
    eviction: spec.eviction,
    persistence: describePersistence(spec, volumes),
    tls: describeTls(spec),
    ...(Object.keys(config).length > 0 && { config }),
    networkPolicy: { mode: spec.networkPolicy.mode },
    bindings: { tenancy: spec.bindings.tenancy, from: spec.bindings.from },
    durability: describeDurability(spec),
    failover: { mode: spec.failoverMode, downAfter: formatDuration(spec.downAfterMs) },
  }
}

function describePersistence(
  { persistence }: EffectiveSpec,
  volumes: VolumeInput | undefined,
): NonNullable<EffectiveStatus['persistence']> {
  if (persistence.mode === 'None' || !volumes) return { mode: persistence.mode }
  const { sizeBytes, storageClassName } = volumes
  return {
    mode: persistence.mode,
    size: formatBytes(sizeBytes),
    ...(storageClassName !== undefined && { storageClassName }),
    retain: persistence.retain,
  }
}

function describeTls({ tlsMode, certificate, clientAuth }: EffectiveSpec): NonNullable<EffectiveStatus['tls']> {
  const mode = { mode: tlsMode }
  if (tlsMode === 'Disabled') return mode
  switch (certificate.kind) {
    case 'Own':
      return { ...mode, clientAuth }
    case 'Secret':
      return { ...mode, secretName: certificate.name, clientAuth }
    case 'Issuer': {
      const { name, issuerKind, group } = certificate
      return { ...mode, issuerRef: { name, kind: issuerKind, group }, clientAuth }
    }
  }
}

function describeDurability({ durability }: EffectiveSpec): NonNullable<EffectiveStatus['durability']> {
  const { mode, maxLagMs, whenDegraded } = durability
  return { mode, maxLag: formatDuration(maxLagMs), whenDegraded }
}

function describeMembers(facts: TopologyFacts): readonly MemberStatus[] {
  const { primary } = readElectorate(facts)
  const serving = primary ? servingMembers(facts, primary) : new Set<string>()
  return facts.members
    .filter((member) => member.pod !== undefined)
    .map((member) => {
      const zone = member.pod?.zone
      const isReady = serving.has(member.name)
      return { name: member.name, role: describeRole(member), ready: isReady, ...(zone && { zone }) }
    })
}

function describeRole(member: MemberFacts): NonNullable<MemberStatus['role']> {
  if (!isReached(member)) return 'Unknown'
  if (member.probe.role === 'master') return 'Primary'
  return member.probe.upstream?.host === '127.0.0.1' ? 'Unjoined' : 'Replica'
}

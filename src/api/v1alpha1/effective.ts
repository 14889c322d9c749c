import type { LabelSelector } from '../labelselector.ts'
import {
  type BindingSource,
  type ClientAuth,
  DEFAULTS,
  type DegradedMode,
  type DurabilityMode,
  type Engine,
  type EvictionPolicy,
  type FailoverMode,
  IMAGE_REPOSITORIES,
  LIMITS,
  type NetworkPolicyMode,
  type PersistenceMode,
  type RetainPolicy,
  type Tenancy,
  type TLSMode,
  type UpgradePolicy,
  VERSIONS,
} from './defaults.ts'
import { type Parsed, parseDuration } from './duration.ts'
import { parseQuantity } from './quantity.ts'
import type { SessionStoreSpec } from './sessionstore.ts'

/** How much a store must hold: a number of sessions, from which maxmemory is computed, or maxmemory itself. */
export type Capacity =
  | Readonly<{ kind: 'Sessions'; sessions: number; averageSizeBytes: number }>
  | Readonly<{ kind: 'MaxMemory'; maxMemoryBytes: number }>

/** Whether sessions are on disk too. */
export type Persistence =
  | Readonly<{ mode: 'None' }>
  | Readonly<{
      mode: Exclude<PersistenceMode, 'None'>
      /** As the spec asks for it; absent: what the volumes have, or what is computed for new ones. */
      sizeBytes?: number
      /** Absent: the cluster's default. */
      storageClassName?: string
      retain: RetainPolicy
      adoptVolumes: boolean
    }>

/** How an acknowledged write is protected; `minReplicasToWrite` is the w of the fence. */
export type Durability = Readonly<{
  mode: DurabilityMode
  minReplicasToWrite: number
  maxLagMs: number
  whenDegraded: DegradedMode
}>

/** What a spec adds to the pods. */
export type PodTemplate = NonNullable<SessionStoreSpec['podTemplate']>

/** Who may connect; `allowFrom` is there when the spec names it. */
export type NetworkAccess = Readonly<{ mode: NetworkPolicyMode; allowFrom?: readonly NetworkPeer[] }>
export type NetworkPeer = NonNullable<NonNullable<SessionStoreSpec['networkPolicy']>['allowFrom']>[number]
/** Who makes the certificate that servers present. */
export type CertificateSource =
  | Readonly<{ kind: 'Own' }>
  | Readonly<{ kind: 'Secret'; name: string }>
  | Readonly<{ kind: 'Issuer'; name: string; issuerKind: string; group: string }>

/** Who may have a login. */
export type BindingPolicy = Readonly<{
  tenancy: Tenancy
  from: BindingSource
  /** With `from: Selector`. */
  selector?: LabelSelector
  /** Whether the binding of the store's own name is made, deleted, or left as it is. */
  defaultBinding: 'Ensure' | 'Remove' | 'Leave'
}>

/** A spec with every value resolved: what the operator works with, and of which `status.effective` shows the most. */
export type EffectiveSpec = Readonly<{
  engine: Engine
  version: string
  image: string
  /** The spec names the image: nobody knows what is in it. */
  hasOwnImage: boolean
  upgradePolicy: UpgradePolicy
  replicas: number
  capacity: Capacity
  connections: number
  eviction: EvictionPolicy
  persistence: Persistence
  tlsMode: TLSMode
  bindings: BindingPolicy
  certificate: CertificateSource
  clientAuth: ClientAuth
  suspend: boolean
  /** Parameters as the spec has them; which of them are in force the servers have to say. */
  config: Readonly<Record<string, string>>
  networkPolicy: NetworkAccess
  podTemplate?: PodTemplate
  durability: Durability
  failoverMode: FailoverMode
  downAfterMs: number
}>

/** Resolves a spec: the store's own value, else the built-in default. Throws only for what the CRD refuses. */
export function effectiveSpec(spec: SessionStoreSpec): EffectiveSpec {
  const engine = spec.engine ?? DEFAULTS.engine
  const version = spec.version ?? VERSIONS[engine][0]
  const replicas = spec.replicas ?? DEFAULTS.replicas
  return {
    engine,
    version,
    image: spec.image ?? testedImage(engine, version),
    hasOwnImage: spec.image !== undefined,
    upgradePolicy: spec.upgradePolicy ?? DEFAULTS.upgradePolicy,
    replicas,
    capacity: effectiveCapacity(spec.capacity),
    connections: spec.capacity?.connections ?? DEFAULTS.connections,
    eviction: spec.eviction ?? DEFAULTS.eviction,
    persistence: effectivePersistence(spec.persistence),
    tlsMode: spec.tls?.mode ?? DEFAULTS.tlsMode,
    bindings: effectiveBindings(spec.bindings),
    certificate: effectiveCertificate(spec.tls),
    clientAuth: spec.tls?.clientAuth ?? DEFAULTS.clientAuth,
    suspend: spec.suspend ?? DEFAULTS.suspend,
    config: spec.config ?? {},
    ...(spec.podTemplate && { podTemplate: spec.podTemplate }),
    networkPolicy: { mode: DEFAULTS.networkPolicyMode, ...spec.networkPolicy },
    durability: effectiveDurability(spec.durability, replicas),
    failoverMode: spec.failover?.mode ?? DEFAULTS.failoverMode,
    downAfterMs: unwrap('failover.downAfter', parseDuration(spec.failover?.downAfter ?? DEFAULTS.downAfter)),
  }
}

function effectiveBindings(bindings: SessionStoreSpec['bindings'] = {}): BindingPolicy {
  const { tenancy = DEFAULTS.tenancy, from = DEFAULTS.bindingSource, selector } = bindings
  // A login that was made once is not ended by something that was only left out.
  const isMade = bindings.default ?? (tenancy === 'Dedicated' || undefined)
  const defaultBinding = isMade === undefined ? 'Leave' : isMade ? 'Ensure' : 'Remove'
  return { tenancy, from, ...(selector && { selector }), defaultBinding }
}

/** The image of a version that was tested. */
export function testedImage(engine: Engine, version: string): string {
  return `${IMAGE_REPOSITORIES[engine]}:${version}`
}

/** With fewer than three members a gate by replicas would stop all writes as soon as one member is away. */
function effectiveDurability(durability: SessionStoreSpec['durability'], replicas: number): Durability {
  const mode = durability?.mode ?? (replicas >= LIMITS.fencedReplicas ? 'Bounded' : 'Async')
  return {
    mode,
    minReplicasToWrite: minReplicasOf(mode, replicas),
    maxLagMs: unwrap('durability.maxLag', parseDuration(durability?.maxLag ?? DEFAULTS.maxLag)),
    whenDegraded: durability?.whenDegraded ?? (mode === 'Majority' ? 'Refuse' : 'Relax'),
  }
}

/** Half of the members beside the primary are a majority with it. */
function minReplicasOf(mode: DurabilityMode, replicas: number): number {
  switch (mode) {
    case 'Async':
      return 0
    case 'Bounded':
      return 1
    case 'Majority':
      return Math.floor(replicas / 2)
  }
}

function effectiveCertificate(tls: SessionStoreSpec['tls']): CertificateSource {
  if (tls?.secretName !== undefined) return { kind: 'Secret', name: tls.secretName }
  if (tls?.issuerRef === undefined) return { kind: 'Own' }
  const { name, kind = DEFAULTS.issuerKind, group = DEFAULTS.issuerGroup } = tls.issuerRef
  return { kind: 'Issuer', name, issuerKind: kind, group }
}

function effectiveCapacity(capacity: SessionStoreSpec['capacity']): Capacity {
  if (capacity?.sessions !== undefined && capacity.averageSize !== undefined) {
    const averageSizeBytes = bytesOf('capacity.averageSize', capacity.averageSize)
    return { kind: 'Sessions', sessions: capacity.sessions, averageSizeBytes }
  }
  return { kind: 'MaxMemory', maxMemoryBytes: bytesOf('capacity.maxMemory', capacity?.maxMemory ?? DEFAULTS.maxMemory) }
}

function effectivePersistence(persistence: SessionStoreSpec['persistence']): Persistence {
  const mode = persistence?.mode ?? DEFAULTS.persistenceMode
  if (mode === 'None') return { mode }
  const { size, storageClassName, retain = DEFAULTS.retain, adoptVolumes = DEFAULTS.adoptVolumes } = persistence ?? {}
  return {
    mode,
    ...(size !== undefined && { sizeBytes: bytesOf('persistence.size', size) }),
    ...(storageClassName !== undefined && { storageClassName }),
    retain,
    adoptVolumes,
  }
}

function bytesOf(field: string, quantity: string | number): number {
  return Number(unwrap(field, parseQuantity(quantity)))
}

function unwrap<T>(field: string, parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new RangeError(`Cannot resolve SessionStore: spec.${field}: ${parsed.error}`)
}

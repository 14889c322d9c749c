import type { PersistenceMode } from '../api/v1alpha1/defaults.ts'
import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'

const KI = 1024
const MI = 1024 * KI
const GI = 1024 * MI

/** Constants of the sizing formula, each from a measurement on Redis 7.0, 8.0 and Valkey 9.1. */
const FORMULA = {
  floorBytes: 64 * MI,
  /** An empty server with its tables. */
  emptyServerBytes: 16 * MI,
  backlogFloorBytes: 4 * MI,
  backlogDivisor: 32,
  outputBufferFloorBytes: 32 * MI,
  outputBufferDivisor: 8,
  outputBufferSoftSeconds: 60,
  /** Part of an idle TLS connection that counts in used_memory, and so evicts sessions. */
  connectionUsedBytes: 24 * KI,
  /** What an idle TLS connection costs the process. */
  connectionResidentBytes: 32 * KI,
  ownConnections: 32,
  keyOverheadBytes: { String: 300, Hash: 450 },
  lifetimeIndexBytes: 41,
  /** Percent: fragmentation and growth of the tables. */
  sessionsPercent: 125,
  /** Percent of maxmemory for the process: without persistence nothing forks but a full sync; each snapshot and rewrite copies the pages that are written meanwhile. */
  processPercent: { None: 135, RDB: 160, AOF: 160 },
  processBaseBytes: 64 * MI,
  /** Percent of maxmemory for a volume. RDB: the snapshot, the next one, a full sync that comes in. AOF: base and log, the rewritten base and its log, a full sync. */
  volumePercent: { RDB: 300, AOF: 500 },
} as const

/** How one server of a store is dimensioned; byte values are whole numbers. */
export type Sizing = Readonly<{
  /** `maxmemory`. */
  maxMemoryBytes: number
  /** Memory request and limit of the container; always above maxmemory, a whole number of MiB. */
  limitBytes: number
  /** `repl-backlog-size`. */
  backlogBytes: number
  /** `client-output-buffer-limit replica <hard> <soft> <seconds>`. */
  outputBufferHardBytes: number
  outputBufferSoftBytes: number
  outputBufferSoftSeconds: number
  /** `maxclients`: the connections of the spec and those of the operator itself. */
  maxClients: number
}>

/** How sessions are stored, where capacity is given in sessions. */
export type SessionLayout = Readonly<{
  /** Value type of a session key: frameworks that use hashes cost more. Default: `String`. */
  valueType?: 'String' | 'Hash'
  /** Whether an index of deadlines is kept for the sessions. Default: false. */
  hasLifetimeIndex?: boolean
}>

type SizingSpec = Pick<EffectiveSpec, 'capacity' | 'connections' | 'persistence'>

/** Dimensions of each server of a store with `members` pods. */
export function sizeStore(spec: SizingSpec, members: number, layout: SessionLayout = {}): Sizing {
  const maxMemory = maxMemoryBytes(spec, layout)
  const outputBufferHardBytes = outputBufferBytes(maxMemory)
  return {
    maxMemoryBytes: maxMemory,
    limitBytes: limitBytes(spec, { maxMemoryBytes: maxMemory, members }),
    backlogBytes: backlogBytes(maxMemory),
    outputBufferHardBytes,
    outputBufferSoftBytes: Math.floor(outputBufferHardBytes / 2),
    outputBufferSoftSeconds: FORMULA.outputBufferSoftSeconds,
    maxClients: spec.connections + FORMULA.ownConnections,
  }
}

/** `maxmemory`: as given, or what the sessions, their connections and the backlog need. */
export function maxMemoryBytes(spec: SizingSpec, layout: SessionLayout = {}): number {
  const { capacity, connections } = spec
  if (capacity.kind === 'MaxMemory') return Math.max(FORMULA.floorBytes, capacity.maxMemoryBytes)
  const { valueType = 'String', hasLifetimeIndex = false } = layout
  const indexBytes = hasLifetimeIndex ? FORMULA.lifetimeIndexBytes : 0
  const sessionBytes = capacity.averageSizeBytes + FORMULA.keyOverheadBytes[valueType] + indexBytes
  const withoutBacklog =
    FORMULA.emptyServerBytes +
    connections * FORMULA.connectionUsedBytes +
    (capacity.sessions * sessionBytes * FORMULA.sessionsPercent) / 100
  // The backlog is a part of maxmemory and is computed from it: x = rest + max(floor, x / 32), solved for x.
  const withBacklog = Math.max(
    withoutBacklog + FORMULA.backlogFloorBytes,
    (withoutBacklog * FORMULA.backlogDivisor) / (FORMULA.backlogDivisor - 1),
  )
  return Math.max(FORMULA.floorBytes, Math.ceil(withBacklog))
}

/** `repl-backlog-size`. */
export function backlogBytes(maxMemory: number): number {
  return Math.max(FORMULA.backlogFloorBytes, Math.floor(maxMemory / FORMULA.backlogDivisor))
}

/** Hard limit of a replica's output buffer; the soft one is half of it. */
export function outputBufferBytes(maxMemory: number): number {
  return Math.max(FORMULA.outputBufferFloorBytes, Math.floor(maxMemory / FORMULA.outputBufferDivisor))
}

/** Memory of the container: head room for a full sync, the connections and an output buffer per replica (F16). */
export function limitBytes(
  spec: Pick<SizingSpec, 'connections' | 'persistence'>,
  size: Readonly<{ maxMemoryBytes: number; members: number }>,
): number {
  const bytes =
    (size.maxMemoryBytes * FORMULA.processPercent[spec.persistence.mode]) / 100 +
    FORMULA.processBaseBytes +
    spec.connections * FORMULA.connectionResidentBytes +
    Math.max(0, size.members - 1) * outputBufferBytes(size.maxMemoryBytes)
  return Math.ceil(bytes / MI) * MI
}

/** Size of the volume of each pod, where the spec names none; whole GiB, as most drivers round up to them. */
export function volumeBytes(mode: Exclude<PersistenceMode, 'None'>, maxMemory: number): number {
  return Math.ceil((maxMemory * FORMULA.volumePercent[mode]) / 100 / GI) * GI
}

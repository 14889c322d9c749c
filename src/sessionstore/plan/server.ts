import type { ClientAuth } from '../../api/v1alpha1/defaults.ts'
import type { EffectiveSpec } from '../../api/v1alpha1/effective.ts'
import type { ServerConfigInput } from '../../redis/serverconfig.ts'
import { PORT } from '../../resources/names.ts'
import { DIRECTORIES, FILES } from '../../resources/paths.ts'
import type { Sizing } from '../../resources/sizing.ts'

/** What the configuration of every server of a store is rendered from. */
export function serverConfigInput(
  spec: EffectiveSpec,
  sizing: Sizing,
  clientAuth: ClientAuth = 'None',
): ServerConfigInput {
  const { tlsMode, durability, eviction, persistence } = spec
  const tls = {
    certFile: FILES.certificate,
    keyFile: FILES.key,
    caFile: FILES.bundle,
    clientAuth,
  }
  return {
    port: PORT,
    ...(tlsMode === 'Required' && { tls }),
    aclFile: FILES.users,
    persistence: persistence.mode,
    dataDir: DIRECTORIES.data,
    maxMemoryBytes: sizing.maxMemoryBytes,
    maxMemoryPolicy: eviction,
    maxClients: sizing.maxClients,
    backlogBytes: sizing.backlogBytes,
    replicaBufferBytes: sizing.outputBufferHardBytes,
    minReplicasToWrite: durability.minReplicasToWrite,
    maxLagSeconds: Math.floor(durability.maxLagMs / 1000),
  }
}

/** How far maxmemory may go now. */
export type MemoryFacts = Readonly<{
  goalBytes: number
  goalLimitBytes: number
  /** `maxmemory` and used memory of every member that answers. */
  members: readonly Readonly<{ maxMemoryBytes: number; usedMemoryBytes: number }>[]
  /** Memory limit of every server container. */
  limitsBytes: readonly number[]
}>

/**
 * `maxmemory` to assert on every member: the goal, but never above what the smallest container was sized for, and never
 * below what is used: lowering it would evict live sessions at once. A member that just started has the goal of its file
 * already, so the largest one tells whether a lower goal is still to come.
 */
export function memoryInForce({ goalBytes, goalLimitBytes, members, limitsBytes }: MemoryFacts): number {
  // 0 is no limit at all: nothing was asserted yet.
  const inForce = members.map((member) => member.maxMemoryBytes).filter((bytes) => bytes > 0)
  if (inForce.length === 0) return goalBytes
  const largest = Math.max(...inForce)
  const used = Math.max(...members.map((member) => member.usedMemoryBytes))
  if (largest > goalBytes && used >= goalBytes) return largest
  const smallest = Math.min(...inForce)
  const isGrown = limitsBytes.every((limit) => limit >= goalLimitBytes)
  return smallest >= goalBytes || isGrown ? goalBytes : smallest
}

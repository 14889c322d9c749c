import type { DesiredCondition } from '../../../api/v1alpha1/conditions.ts'
import type { EffectiveSpec } from '../../../api/v1alpha1/effective.ts'
import type { SessionStoreStatus } from '../../../api/v1alpha1/sessionstorestatus.ts'
import type { CapacityFacts } from '../capacity.ts'
import type { TopologyFacts } from '../facts.ts'
import type { Obstacle } from '../obstacles.ts'
import type { PodTrouble } from '../podobstacles.ts'
import type { TopologyPlan } from '../topology.ts'
import type { VolumeFacts } from '../volumes.ts'

/** How the last write through the primary Service, on a fresh connection, went. */
export type WriteProbe =
  | Readonly<{ kind: 'unknown' }>
  | Readonly<{ kind: 'succeeded' }>
  | Readonly<{ kind: 'failed'; message: string }>
  | Readonly<{ kind: 'unreachable'; message: string }>

/** `notAfter`: when the certificate in the store's TLS Secret expires, RFC 3339. */
export type TlsFacts = Readonly<{ notAfter?: string }> &
  (
    | Readonly<{ kind: 'Disabled' }>
    /** `message`: what somebody else is at. */
    | Readonly<{ kind: 'Pending'; message?: string }>
    | Readonly<{ kind: 'NotServed'; members: readonly string[] }>
    /** `change`: what a change of trust waits for; `expiring`: Secret whose owner has to renew it. */
    | Readonly<{ kind: 'Served'; change?: string; expiring?: string }>
    /** What was asked for cannot be used; `isServed`: what was there before goes on. */
    | Readonly<{
        kind: 'Refused'
        reason: 'SecretMissing' | 'CertificateInvalid' | 'IssuerUnavailable'
        message: string
        isServed: boolean
      }>
  )

/** A replica that needs a full copy again and again, and what interrupts it. */
export type FullSyncLoop = Readonly<{ member: string; cause: 'BufferOverflow' | 'Restarts' | 'LinkDrops' }>

export type ConditionInputs = Readonly<{
  spec: EffectiveSpec
  facts: TopologyFacts
  /** The time of day, on which pods tell what ails them. */
  nowMs: number
  plan: TopologyPlan
  write: WriteProbe
  tls: TlsFacts
  /** False: the operator may not watch Nodes, and goes without what they tell. */
  areNodesWatched: boolean
  obstacle?: Obstacle
  /** What keeps pods from serving. */
  troubles: readonly PodTrouble[]
  fullSyncLoops: readonly FullSyncLoop[]
  /** Memory of the primary; absent while none answers. */
  capacity?: CapacityFacts
  /** What the status says now. */
  previous: SessionStoreStatus | undefined
  /** Servers with settings that are asserted only after something else: what and why. */
  pending?: string
  /** Whether pods are outdated cannot be told yet. */
  isTemplateAwaited?: boolean
  /** Only with persistence. */
  volumeFacts?: VolumeFacts
}>

/** A condition of one type. */
export type Of<T extends DesiredCondition['type']> = Extract<DesiredCondition, { type: T }>

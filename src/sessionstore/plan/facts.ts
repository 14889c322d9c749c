import type { DegradedMode, FailoverMode } from '../../api/v1alpha1/defaults.ts'
import type { ProbeFacts, ServerFacts } from '../../redis/types.ts'

/**
 * The guard rail outside the data: annotation on the StatefulSet. Once it is there a store is never virgin again.
 * Written before the servers are told of a lower w or another n.
 */
export type Mark = Readonly<{
  bootstrapped: string
  epoch: number
  n: number
  w: number
  /** The largest lag that any server may have been told of: for so long and a second more a silent primary may write. */
  maxLagMs: number
}>

/** One pod that was let take part: it may run on after its object was removed by force. */
export type Run = Readonly<{ name: string; uid: string; node: string }>

export type IntentKind = 'Bootstrap' | 'Failover' | 'Move'

/** `status.operation`: written with a resourceVersion precondition before the first effect, so that any leader can finish it. */
export type Intent = Readonly<{
  kind: IntentKind
  /** The epoch that begins when the intent is done. */
  epoch: number
  candidate: string
  /** The run of the candidate's server that was chosen (its `run_id`): what made it the best may be gone with that run. */
  candidateRunId?: string
  /** Last primary; absent at a first bootstrap. */
  from?: string
  reason: string
  /** When this process decided it, or first saw it. */
  startedAtMs: number
}>

export type PodFacts = Readonly<{
  uid: string
  ip?: string
  node?: string
  zone?: string
  isTerminating: boolean
  isReady: boolean
  /** Its Node exists and its kubelet reports. */
  isNodeReady: boolean
  /** Its template is not the StatefulSet's newest. */
  isOutdated: boolean
  role?: 'primary' | 'replica'
  isReadable: boolean
  /** Condition `sessionstore.dev/Joined` is True. */
  isJoined: boolean
}>

/** One expected ordinal, or a pod that is still there beyond them. */
export type MemberFacts = Readonly<{
  name: string
  ordinal: number
  /** Fully qualified, with the trailing dot: what replicas are pointed at. */
  host: string
  pod?: PodFacts
  /**
   * Why nothing of this member can still be running: its container is terminated as a live kubelet tells, its pod is
   * gone by normal deletion, its Node is gone or out of service, it never started. undefined: it may run.
   */
  stopped?: string
  probe: ProbeFacts
  /** The last attempt to prepare this run of the server failed moments ago; it must not hold up the others. */
  hasPrepareFailed: boolean
  /** Since when nobody answers under its name, whichever pod has it, or none; undefined while one does. */
  awaySinceMs?: number
  /** Since when its link to the primary is down; undefined while up. */
  linkDownSinceMs?: number
}>

export type ReachedMember = MemberFacts & Readonly<{ probe: ServerFacts }>

export type Goal = Readonly<{
  n: number
  w: number
  maxLagMs: number
  downAfterMs: number
  failoverMode: FailoverMode
  whenDegraded: DegradedMode
  /** Hash of the settings and users that make a member prepared. */
  preparedHash: string
}>

/** Everything the topology plan looks at; built by observe, frozen. */
export type TopologyFacts = Readonly<{
  storeUID: string
  /** On a clock of this process that nobody sets, as every other time here. */
  nowMs: number
  /** The time of day: for what servers wrote, and nothing else. */
  wallMs: number
  port: number
  goal: Goal
  mark?: Mark
  /** Copy of the epoch in status: only ever raises what the records say. */
  statusEpoch: number
  intent?: Intent
  /** `.spec.replicas` of the live StatefulSet; undefined: not created yet. */
  statefulSetReplicas?: number
  members: readonly MemberFacts[]
  /** The pods that are noted and may still run; those without an object are members of their own. */
  runs: readonly Run[]
  /** Pods are noted that have ended. */
  hasStaleRuns: boolean
  /** Per member name: when any reached member last heard it as its upstream (or since when this process observes). */
  lastHeardMs: Readonly<Record<string, number>>
  /**
   * Per member, those that are no more included: the last moment at which it may have run without our seeing it. Until
   * then it may have been a replica of whomever.
   */
  unseenMs: Readonly<Record<string, number>>
  /** Since when the primary has fewer than w replicas in sync. */
  degradedSinceMs?: number
  /** Since when this process has been observing the store. */
  observingSinceMs: number
  /** With persistence: a member that is away, stopped or not, holds data. */
  hasVolumes: boolean
  /** The epoch at which a person accepted that data of missing members is lost. */
  acceptedLossEpoch?: number
  /** `suspend`: nothing that comes from the spec is changed. */
  isSuspended: boolean
}>

export type Outcome = 'Bootstrapped' | 'DataLost' | 'FailedOver' | 'Moved' | 'MoveAbandoned'

/** Why only a person can make a primary; a reason of the condition Stalled each. */
export type BlockedReason = 'FailoverBlocked' | 'ManualFailover'

/** The next single act. `reason` and `message` of wait and blocked are the log line, the condition and the runbook heading. */
export type TopologyStep =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'wait'; reason: string; message: string; requeueAfterMs: number }>
  | Readonly<{ kind: 'blocked'; reason: BlockedReason; message: string }>
  | Readonly<{ kind: 'prepare'; members: readonly string[] }>
  | Readonly<{ kind: 'reveal'; members: readonly string[] }>
  | Readonly<{ kind: 'recordIntent'; intent: Intent }>
  | Readonly<{ kind: 'clearIntent'; intent: Intent; outcome: Outcome }>
  | Readonly<{ kind: 'mark'; mark: Mark; reason: 'Bootstrapped' | 'Relaxed' | 'QuorumChanged' | 'NewEpoch' }>
  | Readonly<{ kind: 'fence'; member: string }>
  | Readonly<{ kind: 'repoint'; moves: readonly Readonly<{ member: string; to: 'nowhere' | string }>[] }>
  | Readonly<{ kind: 'promote'; candidate: string; expectedEpoch: number | 'none' }>
  | Readonly<{ kind: 'establish'; primary: string; epoch: number; n: number; w: number; replicas: readonly string[] }>
  | Readonly<{ kind: 'handOver'; from: string; to: string }>
  | Readonly<{ kind: 'label'; off: readonly string[]; on?: string }>
  | Readonly<{ kind: 'demote'; member: string; primary: string }>
  | Readonly<{ kind: 'join'; members: readonly string[]; primary: string }>
  | Readonly<{ kind: 'setQuorum'; primary: string; epoch: number; n: number; w: number }>
  | Readonly<{ kind: 'noteRuns'; runs: readonly Run[] }>
  | Readonly<{ kind: 'setGates'; members: readonly string[]; w: number }>
  | Readonly<{ kind: 'describePods'; pods: readonly PodChange[] }>
  | Readonly<{ kind: 'restart'; pod: string; uid: string; reason: string; gracePeriodSeconds?: number }>

/** What a pod's labels and its Joined condition should become. */
export type PodChange = Readonly<{ name: string; role?: 'replica'; isReadable?: boolean; isJoined?: boolean }>

export function isReached(member: MemberFacts): member is ReachedMember {
  return member.probe.kind === 'reached'
}

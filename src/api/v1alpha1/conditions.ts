import { clip } from '../../clip.ts'
import type { Condition } from '../../kube/types.ts'

/**
 * The closed list of conditions and, of each, the reasons it may give. A reason is stable: programs and runbooks key on it.
 * The text says what the reason means and what to do; docs/api.md is made from it.
 */
export const CONDITIONS = {
  Ready: {
    WriteSucceeded: 'A write through the primary Service succeeded within the last probe.',
    WriteFailed: 'The last write through the primary Service failed; the message says how.',
    ServiceUnreachable:
      'The operator does not reach the Service, so it cannot tell; run the operator inside the cluster.',
    NoPrimary: 'No server is the primary; see the condition PrimaryElected.',
    WriteNotTried: 'There is a primary, and no write through the primary Service was tried yet.',
    MembersNotReady: 'Writes succeed, but not every member that the spec asks for serves yet.',
    Stalled: 'Nothing will change without a hand; see the condition Stalled.',
    Bound: 'The login exists on the store and the Secret is there.',
    StoreNotAvailable:
      'There is no store of that name that this binding may use: create it, or have its spec.bindings admit this namespace.',
    StoreNotReady: 'The store exists and its certificate is not made yet.',
    LoginNotApplied: 'The login is not known to every member of the store yet.',
  },
  Reconciling: {
    UpToDate: 'The spec is applied.',
    Creating: 'Objects of the store are being created.',
    Bootstrapping: 'The first primary is being elected.',
    Joining: 'Members are becoming replicas of the primary.',
    ScalingOut: 'Members are being added.',
    ScalingIn: 'Members are being removed.',
    Rolling: 'Pods are being replaced one at a time.',
    Moving: 'The primary is moving to another member as planned.',
    FailingOver: 'A failed primary is being replaced.',
    WaitingForPods: 'Pods are not running yet for a cause that may end by itself; the message says which.',
    Expanding: 'Volumes are growing.',
    Applying: 'Settings, users or certificates are being applied to running servers.',
    Suspended: 'spec.suspend is true: changes of the spec wait.',
    Stalled: 'Nothing will change without a hand; see the condition Stalled.',
  },
  Stalled: {
    NotStalled: 'Nothing needs a hand.',
    FailoverBlocked: 'No member may be promoted without a risk that a person must take; the message names it.',
    ManualFailover: 'The primary is down and spec.failover.mode is Manual: bring it back, or set the mode to Operator.',
    NameConflict: 'An object that the store needs exists and belongs to somebody else; rename one of the two.',
    InvalidConfig: 'The spec cannot be applied as it is; the message names the field.',
    TooManyBindings: 'The store has as many logins as it can have; delete bindings that are not used.',
    TenancyInUse:
      'spec.bindings.tenancy waits to become Dedicated, as bindings of other namespaces use the store; the message names them.',
    NamespacesForbidden:
      'spec.bindings.from is Selector and the operator may not read namespaces: nobody new is admitted; grant it list and watch.',
    QuotaExceeded: 'A ResourceQuota of the namespace leaves no room; raise it, or make the store smaller.',
    LimitRangeViolated: 'A LimitRange of the namespace refuses the pods; change it, or the capacity or CPU.',
    AdmissionRefused: 'Pod Security, a webhook or a missing object has the API server refuse; the message says which.',
    ImagePullFailed: 'The image of the servers cannot be pulled; the message says why.',
    ContainerRefused: 'The kubelet cannot start the container; the message says why.',
    CrashLoop: 'A server ends again and again; its last log says why.',
    Unschedulable: 'No Node takes a pod; the message has the words of the scheduler.',
    ResizeInfeasible: 'A Node can never give its pod the memory or CPU that the spec asks for; the message says which.',
    NodeNotReady: 'The Node of a pod no longer reports; bring it back, or delete it when its machine is gone for good.',
    PodEvicted: 'A pod was evicted and is not replaced; delete it.',
    ForeignVolume: 'Volumes under the names of this store hold the sessions of a deleted one; adopt or delete them.',
    NoDefaultStorageClass: 'The store needs volumes, names no StorageClass, and the cluster has no default; mark one.',
    StorageClassMissing: 'Volumes wait for a StorageClass that does not exist; create it.',
    ExpansionNotAllowed:
      'The StorageClass does not let the volumes grow to the size of the spec; the message says what can be done.',
    VolumeFull: 'A server cannot write to its volume, most often as it is full; make it larger, or free room.',
    SecretMissing: 'A Secret that the spec names does not exist; the message says which, and what must be in it.',
    CertificateInvalid: 'The certificate in the Secret cannot be used; the message says why.',
    IssuerUnavailable: 'spec.tls.issuerRef is set, and the cluster does not serve the API of cert-manager.',
    PrefixConflict: 'Another binding of the store already uses this prefix or one that overlaps; choose another.',
    VersionRefused: 'spec.version is older than what a primary of this store has run; nothing is rolled.',
    RollFailed: 'A pod did not start with the new template; the last good one is back. Correct the spec.',
  },
  Available: {
    PrimaryServing: 'The primary answers and accepts writes.',
    NoPrimary: 'No server is the primary; see the condition PrimaryElected.',
    PrimaryUnreachable: 'The primary does not answer; it is replaced if it stays silent.',
    WritesRefused: 'The primary answers and refuses writes, because too few replicas keep up or its memory is full.',
  },
  PrimaryElected: {
    Elected: 'One server is the primary of the current epoch.',
    Bootstrapping: 'The first primary is being elected.',
    WaitingForMembers: 'Too few members answer to elect a primary safely.',
    FailingOver: 'A failed primary is being replaced.',
    Moving: 'The primary is moving to another member as planned.',
    FailoverBlocked: 'No member may be promoted without a risk that a person must take; the message names it.',
    ManualFailover: 'The primary is down and spec.failover.mode is Manual: bring it back, or set the mode to Operator.',
  },
  ReplicationHealthy: {
    InSync: 'Every replica is linked to the primary.',
    SingleMember: 'The store has one member: there is nothing to replicate to, and no failover.',
    NoPrimary: 'No server is the primary; see the condition PrimaryElected.',
    MembersMissing: 'Fewer members exist than the spec asks for.',
    LinkDown: 'A replica is not linked to the primary.',
    Syncing: 'A replica is receiving a full copy of the data.',
    Relaxed: 'Writes go on without a replica that keeps up, as every other member is away.',
    FullSyncLoop: 'A replica needs a full copy again and again; the message says why.',
  },
  NearCapacity: {
    NoPrimary: 'No primary tells how much memory it uses.',
    Enough: 'The primary has memory left.',
    NearLimit: 'More than 85 % of the memory is used; raise the capacity.',
    Evicting: 'The memory is full and sessions are removed before their time; raise the capacity.',
    Full: 'The memory is full and writes are refused; raise the capacity, or remove keys.',
  },
  UpgradeAvailable: {
    NewestTested: 'The store runs the newest version that this operator was tested with, or is on its way there.',
    NewerTested:
      'The operator was tested with a newer version of the engine than the store runs; set spec.version, or spec.upgradePolicy to Latest.',
    Disabled: 'spec.image names the image: the operator does not know what newer one there is.',
  },
  TLSReady: {
    CertificateServed: 'Every member serves the current certificate.',
    Disabled: 'spec.tls.mode is Disabled.',
    CertificatePending: 'The certificate is not issued yet.',
    CertificateNotServed: 'A member still serves an older certificate.',
    CertificateExpiring: 'Every member serves the current certificate, and its owner has to renew it soon.',
    CertificateInvalid: 'The certificate in the Secret cannot be used; the message says why.',
    SecretMissing: 'The Secret that spec.tls.secretName names does not exist.',
    IssuerUnavailable: 'spec.tls.issuerRef is set, and the cluster does not serve the API of cert-manager.',
  },
  NodesObserved: {
    NodesWatched: 'A Node that is gone or out of service counts as proof that the members on it have stopped.',
    NodesNotReadable:
      'The operator may not watch Nodes: a dead machine cannot be told from a silent one. Grant list and watch on nodes.',
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

export type ConditionType = keyof typeof CONDITIONS
export type ConditionReason<T extends ConditionType = ConditionType> = T extends ConditionType
  ? keyof (typeof CONDITIONS)[T] & string
  : never

/** A condition as a plan states it: without a time, which only `setCondition` adds. */
export type DesiredCondition = {
  [T in ConditionType]: Readonly<{
    type: T
    status: Condition['status']
    reason: ConditionReason<T>
    message: string
    observedGeneration?: number
  }>
}[ConditionType]

/** Conditions that a SessionStore always carries, in the order they are shown. */
export const SESSION_STORE_CONDITIONS = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Available',
  'PrimaryElected',
  'ReplicationHealthy',
  'NearCapacity',
  'TLSReady',
  'NodesObserved',
  'UpgradeAvailable',
] as const satisfies readonly ConditionType[]

/** Conditions that a SessionBinding always carries, in the order they are shown. */
export const SESSION_BINDING_CONDITIONS = [
  'Ready',
  'Reconciling',
  'Stalled',
] as const satisfies readonly ConditionType[]

/** The API server refuses the whole status for one message that is longer. */
const MAX_MESSAGE_LENGTH = 1024

/** The list with `next` in the place of its type; `lastTransitionTime` moves to `nowIso` only when the status changes. */
export function setCondition(
  previous: readonly Condition[],
  next: DesiredCondition,
  nowIso: string,
): readonly Condition[] {
  const old = previous.find((condition) => condition.type === next.type)
  const lastTransitionTime = old && old.status === next.status ? old.lastTransitionTime : nowIso
  const condition = { ...next, message: clip(next.message, MAX_MESSAGE_LENGTH), lastTransitionTime }
  return old ? previous.map((each) => (each === old ? condition : each)) : [...previous, condition]
}

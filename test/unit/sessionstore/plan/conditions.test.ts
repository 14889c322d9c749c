import { expect } from 'chai'
import type { DesiredCondition } from '../../../../src/api/v1alpha1/conditions.ts'
import { effectiveSpec } from '../../../../src/api/v1alpha1/effective.ts'
import type { CapacityLevel } from '../../../../src/sessionstore/plan/capacity.ts'
import type { ConditionInputs } from '../../../../src/sessionstore/plan/conditions/inputs.ts'
import { planConditions } from '../../../../src/sessionstore/plan/conditions.ts'
import type { PodTrouble, TroubleKind } from '../../../../src/sessionstore/plan/podobstacles.ts'
import { planTopology } from '../../../../src/sessionstore/plan/topology.ts'
import { facts, NOW_MS } from '../../../support/topology/words.ts'

type Options = Partial<
  Pick<
    ConditionInputs,
    | 'write'
    | 'tls'
    | 'obstacle'
    | 'previous'
    | 'pending'
    | 'troubles'
    | 'fullSyncLoops'
    | 'capacity'
    | 'isTemplateAwaited'
  >
>

/** Rule, store, members, what `True`, `False` or `Unknown` and the reason should be, and what else is known. */
type Row = readonly [rule: string, store: string, members: readonly string[], want: string, options?: Options]

function itSays(type: DesiredCondition['type'], rows: readonly Row[]): void {
  for (const [rule, store, members, want, options = {}] of rows) {
    it(rule, () => {
      const seen = facts(store, members)
      const spec = effectiveSpec({ replicas: seen.goal.n, suspend: seen.isSuspended })
      const plan = planTopology(seen)
      const base = {
        write: { kind: 'succeeded' },
        tls: { kind: 'Served' },
        areNodesWatched: true,
        troubles: [],
        nowMs: seen.nowMs,
        fullSyncLoops: [],
        previous: undefined,
      } as const

      const condition = planConditions({ spec, facts: seen, plan, ...base, ...options }).find(
        (each) => each.type === type,
      )

      expect(`${condition?.status} ${condition?.reason}`).to.equal(want)
    })
  }
}

const WELL = ['s-0 primary', 's-1', 's-2']
const DOWN = ['s-0 silent:1', 's-1 cut shown', 's-2 cut shown']
const BLOCKED = ['s-0 silent:9', 's-1 cut shown', 's-2 silent:9']
/** A trouble of s-2 for so many seconds. */
function trouble(kind: TroubleKind, seconds: number): Options {
  const one: PodTrouble = { pod: 's-2', kind, detail: 'its cause', sinceMs: NOW_MS - seconds * 1000 }
  return { troubles: [one] }
}

const LOOP: Options = { fullSyncLoops: [{ member: 's-1', cause: 'BufferOverflow' }] }

function memory(level: CapacityLevel): Options {
  return { capacity: { usedBytes: 1, maxBytes: 2, limitBytes: 3, level } }
}

const FORESEEN = { reason: 'InvalidConfig', message: 'the volumes will be full', isForeseen: true } as const
const CONFLICT = { reason: 'NameConflict', message: 'Service "s" is of somebody else' } as const

function previously(status: 'True' | 'False' | 'Unknown', epoch: number): Options {
  const condition = { type: 'Ready', status, reason: 'WriteSucceeded', message: 'it did', lastTransitionTime: '' }
  return { write: { kind: 'unknown' }, previous: { primary: 's-0', epoch, conditions: [condition] } }
}

describe('planConditions(): Ready means that a write through the Service succeeded (F14)', () => {
  itSays('Ready', [
    ['is True after it', '', WELL, 'True WriteSucceeded'],
    ['is False after a failed one', '', WELL, 'False WriteFailed', { write: { kind: 'failed', message: 'READONLY' } }],
    [
      'is Unknown when the Service cannot be reached from here',
      '',
      WELL,
      'Unknown ServiceUnreachable',
      { write: { kind: 'unreachable', message: 'timeout' } },
    ],
    ['is False before the first', '', WELL, 'False WriteNotTried', { write: { kind: 'unknown' } }],
    ['is kept under a new operator for the same primary', '', WELL, 'True WriteSucceeded', previously('True', 1)],
    ['is not kept for another epoch', '', WELL, 'False WriteNotTried', previously('True', 0)],
    ['is False without a primary', '', DOWN, 'False NoPrimary'],
    ['is False when a human has to decide', '', BLOCKED, 'False Stalled'],
    ['is False while members are missing in the count', 'n:5 w:1 mark:1/3/1 size:4', WELL, 'False MembersNotReady'],
    ['is False while members are too many', 'n:3 mark:1/4/1 size:4', [...WELL, 's-3'], 'False MembersNotReady'],
    ['is True at another size while suspended', 'suspended n:5 w:1 mark:1/3/1 size:3', WELL, 'True WriteSucceeded'],
    ['is True with an obstacle, which Stalled tells', '', WELL, 'True WriteSucceeded', { obstacle: CONFLICT }],
    ['is False with an obstacle that came before the first primary', '', DOWN, 'False Stalled', { obstacle: CONFLICT }],
  ])
})

describe('planConditions(): Stalled and Reconciling', () => {
  itSays('Stalled', [
    ['is False when all is well', '', WELL, 'False NotStalled'],
    ['is True where the topology is blocked', '', BLOCKED, 'True FailoverBlocked'],
    ['is True with an obstacle', '', WELL, 'True NameConflict', { obstacle: CONFLICT }],
    ['is False while an image may still come', '', WELL, 'False NotStalled', trouble('ImagePull', 14)],
    ['is True for an image that does not come', '', WELL, 'True ImagePullFailed', trouble('ImagePull', 15)],
    ['is True for a container the kubelet refuses', '', WELL, 'True ContainerRefused', trouble('StartFailed', 15)],
    ['is True in a crash loop', '', WELL, 'True CrashLoop', trouble('CrashLoop', 0)],
    ['is False after one crash', '', WELL, 'False NotStalled', trouble('Restarting', 900)],
    ['is False while a Node may come', '', WELL, 'False NotStalled', trouble('Unschedulable', 29)],
    ['is True when no Node comes', '', WELL, 'True Unschedulable', trouble('Unschedulable', 30)],
    ['is True for growth that no Node has', '', WELL, 'True ResizeInfeasible', trouble('ResizeInfeasible', 0)],
    ['is True for a size that cannot be set', '', WELL, 'True ResizeInfeasible', trouble('ResizeFailed', 30)],
    ['is False for growth that waits', '', WELL, 'False NotStalled', trouble('ResizeDeferred', 900)],
    ['is False while a Node may come back', '', WELL, 'False NotStalled', trouble('NodeNotReady', 59)],
    ['is True for a Node that stays away', '', WELL, 'True NodeNotReady', trouble('NodeNotReady', 60)],
    ['is True for an evicted pod that stays', '', WELL, 'True PodEvicted', trouble('Evicted', 15)],
    ['is False for a slow start', '', WELL, 'False NotStalled', trouble('Starting', 900)],
    ['puts the topology before the pods', '', BLOCKED, 'True FailoverBlocked', trouble('CrashLoop', 0)],
    [
      'puts an object before the pods',
      '',
      WELL,
      'True NameConflict',
      { obstacle: CONFLICT, ...trouble('CrashLoop', 0) },
    ],
    ['tells what is foreseen', '', WELL, 'True InvalidConfig', { obstacle: FORESEEN }],
    [
      'but first what is wrong now, with the pods',
      '',
      WELL,
      'True CrashLoop',
      { obstacle: FORESEEN, ...trouble('CrashLoop', 0) },
    ],
    ['or with the topology', '', BLOCKED, 'True FailoverBlocked', { obstacle: FORESEEN }],
  ])
  itSays('Reconciling', [
    ['is False when the spec is applied', '', WELL, 'False UpToDate'],
    ['is False when stalled', '', BLOCKED, 'False Stalled'],
    ['tells a failover', 'intent:Failover/2/s-1/s-0', DOWN, 'True FailingOver'],
    ['tells a move', 'intent:Move/2/s-1/s-0', WELL, 'True Moving'],
    ['tells the election', 'virgin', ['s-0 nowhere', 's-1 gone', 's-2 gone'], 'True Bootstrapping'],
    ['tells suspension', 'suspended', WELL, 'False Suspended'],
    ['tells growth', 'n:5 w:1 mark:1/3/1 size:3', WELL, 'True ScalingOut'],
    ['tells shrinking', 'n:3 mark:1/4/1 size:4', [...WELL, 's-3'], 'True ScalingIn'],
    ['tells a roll', '', ['s-0 primary old', 's-1', 's-2 gone'], 'True Rolling'],
    ['tells who joins', '', ['s-0 primary', 's-1 nowhere', 's-2'], 'True Joining'],
    [
      'tells a failover in spite of a pod',
      'intent:Failover/2/s-1/s-0',
      DOWN,
      'True FailingOver',
      trouble('CrashLoop', 0),
    ],
    ['tells what a first primary waits for', '', DOWN, 'True WaitingForPods', trouble('ImagePull', 1)],
    ['tells what a pod waits for', '', WELL, 'True WaitingForPods', trouble('Unschedulable', 1)],
    ['tells a start only when it is slow', '', WELL, 'False UpToDate', trouble('Starting', 59)],
    ['tells a slow start', '', WELL, 'True WaitingForPods', trouble('Starting', 60)],
    ['tells growth that waits', '', WELL, 'True Applying', { pending: 'maxmemory', ...trouble('ResizeDeferred', 0) }],
    ['tells what is still to come', '', WELL, 'True Applying', { pending: 'maxmemory' }],
    ['is True until pods can be held against the template', '', WELL, 'True Applying', { isTemplateAwaited: true }],
  ])
})

describe('planConditions(): the data plane', () => {
  itSays('Available', [
    ['is True when the primary serves', '', WELL, 'True PrimaryServing'],
    [
      'names a labelled primary that is silent',
      '',
      ['s-0 silent:1 labelled', 's-1', 's-2'],
      'False PrimaryUnreachable',
    ],
    ['is False without any', '', DOWN, 'False NoPrimary'],
    ['is False when too few replicas keep up', '', ['s-0 primary', 's-1 cut', 's-2 gone'], 'False WritesRefused'],
    ['is False when the primary is fenced', '', ['s-0 primary fenced', 's-1', 's-2'], 'False WritesRefused'],
    [
      'is False when the memory is full',
      '',
      WELL,
      'False WritesRefused',
      { write: { kind: 'failed', message: 'OOM: no' } },
    ],
    ['is False after a failed write', '', WELL, 'False WritesRefused', { write: { kind: 'failed', message: 'OOM' } }],
  ])
  itSays('PrimaryElected', [
    ['is True with a primary', '', WELL, 'True Elected'],
    ['is False when blocked', '', BLOCKED, 'False FailoverBlocked'],
    ['tells a failover', 'intent:Failover/2/s-1/s-0', DOWN, 'False FailingOver'],
    ['tells a move', 'intent:Move/2/s-1/s-0', ['s-0 silent:1', 's-1', 's-2'], 'False Moving'],
    ['tells for whom it waits', '', DOWN, 'False WaitingForMembers'],
    ['tells the election', '', ['s-0 silent:4', 's-1 cut', 's-2 cut'], 'False Bootstrapping'],
  ])
  itSays('ReplicationHealthy', [
    ['is True when all are linked', '', WELL, 'True InSync'],
    ['is True for one member', 'n:1', ['s-0 primary'], 'True SingleMember'],
    ['is False without a primary', '', DOWN, 'False NoPrimary'],
    ['tells relaxed writes', 'mark:1/3/0', ['s-0 primary', 's-1 gone', 's-2 gone'], 'False Relaxed'],
    ['tells a full copy', '', ['s-0 primary', 's-1 syncing', 's-2'], 'False Syncing'],
    ['tells a copy that never ends', '', ['s-0 primary', 's-1 syncing', 's-2'], 'False FullSyncLoop', LOOP],
    ['tells who is missing', '', ['s-0 primary', 's-1 gone', 's-2'], 'False MembersMissing'],
    ['tells who is not linked', '', ['s-0 primary', 's-1 cut:5', 's-2'], 'False LinkDown'],
    ['tells nothing of a link that dropped a moment ago', '', ['s-0 primary', 's-1 cut:4', 's-2'], 'True InSync'],
    ['but of one that never was up', '', ['s-0 primary', 's-1 cut:1 unjoined', 's-2'], 'False LinkDown'],
  ])
  itSays('NearCapacity', [
    ['is Unknown without a primary that tells', '', DOWN, 'Unknown NoPrimary'],
    ['is False with memory left', '', WELL, 'False Enough', memory('Enough')],
    ['is True near the limit', '', WELL, 'True NearLimit', memory('NearLimit')],
    ['is True while sessions are evicted', '', WELL, 'True Evicting', memory('Evicting')],
    ['is True when writes are refused', '', WELL, 'True Full', memory('Full')],
  ])
  itSays('TLSReady', [
    ['is True when served', '', WELL, 'True CertificateServed'],
    ['tells that it is off', '', WELL, 'False Disabled', { tls: { kind: 'Disabled' } }],
    ['waits for a certificate', '', WELL, 'False CertificatePending', { tls: { kind: 'Pending' } }],
    [
      'names who serves an old one',
      '',
      WELL,
      'False CertificateNotServed',
      { tls: { kind: 'NotServed', members: ['s-1'] } },
    ],
  ])
})

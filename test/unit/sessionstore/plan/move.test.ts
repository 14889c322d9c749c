import { itPlans } from '../../../support/topology/table.ts'

const MOVE = 'intent:Move/2/s-1/s-0/RollingUpdate'

describe('planTopology(): a planned move (dataplane 6, F25)', () => {
  itPlans([
    ['asks the primary to hand over', MOVE, ['s-0 primary', 's-1', 's-2'], 'hand over s-0 to s-1'],
    [
      'records the new primary as soon as the roles have changed',
      MOVE,
      ['s-0 of:s-1 labelled', 's-1 master', 's-2 of:s-0'],
      'establish s-1 epoch 2 n 3 w 1 replicas s-0+s-2',
    ],
    [
      'moves the label',
      `mark:2/3/1 ${MOVE} last:s-1`,
      ['s-0 labelled', 's-1 primary unlabelled', 's-2'],
      'label off s-0 on s-1',
    ],
    [
      'ends',
      `mark:2/3/1 ${MOVE} last:s-1`,
      ['s-0', 's-1 primary', 's-2'],
      'clear Move epoch 2 s-1 from s-0 (RollingUpdate): Moved',
    ],
    ['waits while the old primary settles', MOVE, ['s-0 of:s-1 cut moving', 's-1', 's-2'], 'wait Moving'],
    [
      'calls off a move in which neither end is primary for long',
      `begun:21 ${MOVE}`,
      ['s-0 of:s-1 cut moving', 's-1 silent:18', 's-2'],
      'hand over s-0 to s-1',
    ],
    [
      'is given up after its patience',
      `begun:21 ${MOVE}`,
      ['s-0 primary', 's-1', 's-2'],
      'clear Move epoch 2 s-1 from s-0 (RollingUpdate): MoveAbandoned',
    ],
    [
      'is given up when the target goes away',
      MOVE,
      ['s-0 primary', 's-1 silent:1', 's-2'],
      'clear Move epoch 2 s-1 from s-0 (RollingUpdate): MoveAbandoned',
    ],
    [
      'is given up when the target is gone',
      MOVE,
      ['s-0 primary', 's-1 gone', 's-2'],
      'clear Move epoch 2 s-1 from s-0 (RollingUpdate): MoveAbandoned',
    ],
    [
      'leaves the old primary in its place when both say primary: the target was fenced and has less',
      MOVE,
      ['s-0 primary', 's-1 master fenced', 's-2'],
      'clear Move epoch 2 s-1 from s-0 (RollingUpdate): MoveAbandoned',
    ],
    ['demotes the target then', '', ['s-0 primary', 's-1 master fenced', 's-2'], 'demote s-1 under s-0'],
    ['waits for an old primary that stopped answering', MOVE, ['s-0 silent:1', 's-1', 's-2'], 'wait Moving'],
    [
      'is a failover when the old primary died in the middle',
      MOVE,
      ['s-0 stopped', 's-1 cut shown', 's-2 cut shown'],
      'intent Failover epoch 3 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'is a failover when the old primary stays silent',
      MOVE,
      ['s-0 silent:4', 's-1 heard', 's-2 heard'],
      'intent Failover epoch 3 s-1 from s-0 (PrimarySilent)',
    ],
    [
      'is a failover when the old primary came back empty',
      MOVE,
      ['s-0 nowhere empty shown labelled', 's-1 cut shown', 's-2 cut shown'],
      'intent Failover epoch 3 s-1 from s-0 (PrimaryRestarted)',
    ],
    [
      'prepares it first: only then it could be chosen, if it had the data',
      MOVE,
      ['s-0 restarted shown labelled', 's-1 cut shown', 's-2 cut shown'],
      'prepare s-0',
    ],
    [
      'shows hidden records first when the old primary died in the middle',
      MOVE,
      ['s-0 stopped', 's-1 cut', 's-2 cut'],
      'reveal s-1 s-2',
    ],
    [
      'gives its target, which may be the primary by now, the time of a primary',
      `mark:2/3/1 ${MOVE}`,
      ['s-0 gone', 's-1 silent:1', 's-2 cut shown epoch:1'],
      'wait ResumingFailover',
    ],
    [
      'passes no older copy off for the newest when its target is the primary and silent',
      `mark:2/3/1 ${MOVE}`,
      ['s-0 gone', 's-1 silent:4', 's-2 cut shown epoch:1'],
      'wait WaitingForMembers',
    ],
  ])
})

describe('planTopology(): a FAILOVER that nobody watches any more (dataplane 6)', () => {
  itPlans([
    [
      'is called off before an election: its server takes no other upstream',
      '',
      ['s-0 of:s-1 cut shown moving', 's-1 gone', 's-2 cut shown'],
      'hand over s-0 to s-1',
    ],
    [
      'is called off before a promotion',
      'intent:Failover/3/s-0/s-0',
      ['s-0 of:s-1 cut shown moving', 's-1 gone', 's-2 cut shown'],
      'hand over s-0 to s-1',
    ],
    [
      'is called off before its server can join',
      'mark:2/3/1 last:s-1',
      ['s-0 of:s-2 cut moving', 's-1 primary', 's-2'],
      'hand over s-0 to s-2',
    ],
    ['is left to its own timeout on the primary', '', ['s-0 primary moving', 's-1', 's-2'], 'none'],
  ])
})

describe('planTopology(): the pod of the primary is deleted (dataplane 6)', () => {
  itPlans([
    [
      'moves while its server still waits in preStop',
      '',
      ['s-0 primary leaving', 's-1', 's-2'],
      'intent Move epoch 2 s-1 from s-0 (PodDeleted)',
    ],
    [
      'moves to who has most',
      '',
      ['s-0 primary leaving', 's-1', 's-2 offset:101'],
      'intent Move epoch 2 s-2 from s-0 (PodDeleted)',
    ],
    [
      'moves to nobody who leaves, too',
      '',
      ['s-0 primary leaving', 's-1 leaving', 's-2'],
      'intent Move epoch 2 s-2 from s-0 (PodDeleted)',
    ],
    [
      'moves to nobody who lags behind a broken link',
      '',
      ['s-0 primary leaving', 's-1 cut', 's-2'],
      'intent Move epoch 2 s-2 from s-0 (PodDeleted)',
    ],
    ['stays while there is nobody to move to', '', ['s-0 primary leaving', 's-1 cut:1', 's-2 cut:1'], 'none'],
    [
      'moves although the store is suspended',
      'suspended',
      ['s-0 primary leaving', 's-1', 's-2'],
      'intent Move epoch 2 s-1 from s-0 (PodDeleted)',
    ],
  ])
})

import { itPlans } from '../../../support/topology/table.ts'

const INTENT = 'intent:Failover/2/s-1/s-0/PrimaryStopped'

describe('planTopology(): a recorded failover is finished (dataplane 5.2, F20)', () => {
  itPlans([
    [
      'waits until its candidate was probed',
      INTENT,
      ['s-0 gone', 's-1 unknown', 's-2 cut shown'],
      'wait ResumingFailover',
    ],
    [
      'shows hidden records again after a restart of the operator',
      INTENT,
      ['s-0 gone', 's-1 cut', 's-2 cut'],
      'reveal s-1 s-2',
    ],
    [
      'shows the record of its candidate before it thinks of another',
      INTENT,
      ['s-0 gone', 's-1 cut', 's-2 nowhere shown'],
      'reveal s-1',
    ],
    [
      'prepares a promoted candidate before it becomes writable',
      INTENT,
      ['s-0 gone', 's-1 master unprepared', 's-2 of:s-1'],
      'prepare s-1',
    ],
    ['prepares first', INTENT, ['s-0 gone', 's-1 nowhere shown', 's-2 nowhere shown unprepared'], 'prepare s-2'],
    [
      'promotes over the epoch that was seen',
      INTENT,
      ['s-0 gone', 's-1 nowhere shown', 's-2 nowhere shown'],
      'promote s-1 over epoch 1',
    ],
    [
      'makes the promoted candidate writable and known',
      INTENT,
      ['s-0 gone', 's-1 master', 's-2 of:s-1'],
      'establish s-1 epoch 2 n 3 w 1 replicas s-2',
    ],
    [
      'fences the old primary again if it came back meanwhile',
      INTENT,
      ['s-0 primary', 's-1 master', 's-2 of:s-1'],
      'fence s-0',
    ],
    [
      'takes the label off the old, then puts it on the new',
      `mark:2/3/1 ${INTENT} last:s-1`,
      ['s-0 silent:4 epoch:1 labelled', 's-1 primary unlabelled', 's-2'],
      'label off s-0 on s-1',
    ],
    [
      'marks the new epoch',
      `mark:1/3/1 ${INTENT} last:s-1`,
      ['s-0 gone', 's-1 primary epoch:2', 's-2 epoch:2'],
      'mark epoch 2 n 3 w 1: NewEpoch',
    ],
    [
      'marks the new epoch with the lower w that was marked before: raising comes later',
      `mark:1/3/0 ${INTENT} last:s-1`,
      ['s-0 gone', 's-1 primary epoch:2 says:3/1', 's-2 epoch:2 says:3/1'],
      'mark epoch 2 n 3 w 0: NewEpoch',
    ],
    [
      'ends',
      `mark:2/3/1 ${INTENT} last:s-1`,
      ['s-0 gone', 's-1 primary', 's-2'],
      'clear Failover epoch 2 s-1 from s-0 (PrimaryStopped): FailedOver',
    ],
    [
      'ends as overtaken when a newer epoch stands',
      `mark:3/3/1 ${INTENT} last:s-2`,
      ['s-0 gone', 's-1', 's-2 primary'],
      'clear Failover epoch 2 s-1 from s-0 (PrimaryStopped): FailedOver',
    ],
  ])
})

describe('planTopology(): the candidate goes away (dataplane 5.2)', () => {
  itPlans([
    [
      'another one is chosen at once when it is stopped',
      INTENT,
      ['s-0 gone', 's-1 gone', 's-2 nowhere shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'it is given its grace period when it is silent',
      INTENT,
      ['s-0 gone', 's-1 silent:1', 's-2 nowhere shown'],
      'wait ResumingFailover',
    ],
    [
      'another one is chosen when it stays silent',
      INTENT,
      ['s-0 gone', 's-1 silent:4', 's-2 nowhere shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'it must not win when it came back empty (F1)',
      INTENT,
      ['s-0 gone', 's-1 nowhere shown empty', 's-2 nowhere shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'it must not win when it cannot be prepared',
      INTENT,
      ['s-0 gone', 's-1 nowhere shown unprepared failed', 's-2 nowhere shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'the fenced old primary is an allowed candidate, and has all that was acknowledged',
      INTENT,
      ['s-0 primary fenced', 's-1 gone', 's-2 cut shown'],
      'intent Failover epoch 3 s-0 from s-0 (PrimaryStopped)',
    ],
    [
      'and is established anew, as it was fenced',
      'intent:Failover/3/s-0/s-0',
      ['s-0 primary fenced', 's-1 gone', 's-2 cut shown'],
      'establish s-0 epoch 3 n 3 w 1 replicas s-2',
    ],
    [
      'a promoted candidate that was given up and thawed holds the data still',
      'intent:Failover/3/s-2/s-0/PrimaryStopped',
      ['s-0 gone', 's-1 master', 's-2 gone'],
      'intent Failover epoch 4 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'a promoted candidate that was given up is fenced before the next is promoted',
      'intent:Failover/3/s-2/s-0/PrimaryStopped',
      ['s-0 gone', 's-1 master', 's-2 nowhere shown'],
      'fence s-1',
    ],
    [
      'an unrecorded promotion whose intent was lost is taken up',
      '',
      ['s-0 gone', 's-1 master', 's-2 gone'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'a promoted candidate that cannot be prepared gives way',
      INTENT,
      ['s-0 gone', 's-1 master unprepared failed', 's-2 nowhere shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'an older epoch is taken up when nobody can hold the newer, and is called a loss',
      'mark:2/3/1 last:s-1 intent:Failover/3/s-1/s-1/PrimaryStopped',
      ['s-0 master epoch:1 names:s-0', 's-1 nowhere shown empty', 's-2 gone'],
      'intent Failover epoch 4 s-0 from s-1 (NewestDataLost)',
    ],
    [
      'an older epoch is not taken up while the candidate may hold a newer one',
      'mark:2/3/1 last:s-1 intent:Failover/3/s-1/s-1',
      ['s-0 master epoch:1 names:s-0', 's-1 silent:4', 's-2 gone'],
      'wait WaitingForMembers',
    ],
  ])
})

describe('planTopology(): fewer replicas than w (dataplane 5, the lone survivor)', () => {
  itPlans([
    [
      'Relax lowers the mark before a server is told',
      INTENT,
      ['s-0 gone', 's-1 master', 's-2 gone'],
      'mark epoch 1 n 3 w 0: Relaxed',
    ],
    [
      'Relax then lets the survivor write',
      `mark:1/3/0 ${INTENT}`,
      ['s-0 gone', 's-1 master', 's-2 gone'],
      'establish s-1 epoch 2 n 3 w 0 replicas nobody',
    ],
    [
      'Relax waits for a silent replica: relaxed, there is no fence against it',
      INTENT,
      ['s-0 gone', 's-1 master', 's-2 silent:9'],
      'wait WaitingForMembers',
    ],
    [
      'and leaves it to a human in the end',
      INTENT,
      ['s-0 gone', 's-1 master', 's-2 silent:31'],
      'blocked FailoverBlocked',
    ],
    [
      'a survivor that writes alone is marked before it is labelled',
      `mark:1/3/0 last:s-1 ${INTENT}`,
      ['s-0 gone', 's-1 primary unlabelled epoch:2 says:3/0', 's-2 gone'],
      'mark epoch 2 n 3 w 0: NewEpoch',
    ],
    [
      'Refuse waits for a replica',
      `refuse ${INTENT}`,
      ['s-0 gone', 's-1 master', 's-2 gone'],
      'wait WaitingForMembers',
    ],
    [
      'a replica that cannot attach does not count for ever',
      `begun:30 ${INTENT}`,
      ['s-0 gone', 's-1 master', 's-2 of:s-1 cut:16'],
      'mark epoch 1 n 3 w 0: Relaxed',
    ],
    [
      'one that was not pointed at it yet does count',
      `refuse begun:30 ${INTENT}`,
      ['s-0 gone', 's-1 master', 's-2 nowhere shown cut:30'],
      'establish s-1 epoch 2 n 3 w 1 replicas s-2',
    ],
    [
      'one that lost its link a moment ago does count',
      `refuse begun:30 ${INTENT}`,
      ['s-0 gone', 's-1 master', 's-2 of:s-1 cut:14'],
      'establish s-1 epoch 2 n 3 w 1 replicas s-2',
    ],
    [
      'but one that receives a full copy does',
      `begun:30 ${INTENT}`,
      ['s-0 gone', 's-1 master', 's-2 of:s-1 cut:16 syncing'],
      'establish s-1 epoch 2 n 3 w 1 replicas s-2',
    ],
    [
      'a member that came back is prepared, so that it counts',
      `refuse ${INTENT}`,
      ['s-0 restarted', 's-1 master', 's-2 gone'],
      'prepare s-0',
    ],
    [
      'a master cannot be a replica: it is demoted when it is needed',
      INTENT,
      ['s-0 primary fenced', 's-1 master', 's-2 gone'],
      'demote s-0 under s-1',
    ],
    [
      'a bootstrap after a loss lowers the mark first, too',
      'w:0 mark:1/3/1 intent:Bootstrap/2/s-0/s-0/DataLost',
      ['s-0 master empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'mark epoch 1 n 3 w 0: QuorumChanged',
    ],
  ])
})

import { itPlans } from '../../../support/topology/table.ts'

const HEIRS = ['s-1 cut shown', 's-2 cut shown']

describe('planTopology(): a primary goes away (dataplane 5.1-5.2, F1, F8, F24)', () => {
  itPlans([
    ['is given its grace period', '', ['s-0 silent:1', ...HEIRS], 'wait PrimarySuspected'],
    [
      'is replaced when it stays silent',
      '',
      ['s-0 silent:4', ...HEIRS],
      'intent Failover epoch 2 s-1 from s-0 (PrimarySilent)',
    ],
    [
      'is replaced at once when it is stopped',
      '',
      ['s-0 stopped', ...HEIRS],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'is replaced at once when its pod is gone',
      '',
      ['s-0 gone', ...HEIRS],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'is replaced at once when its port refuses and its links are down',
      '',
      ['s-0 refused', ...HEIRS],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryRefused)',
    ],
    [
      'is not taken for stopped while a replica is linked to it',
      '',
      ['s-0 refused', 's-1 heard', 's-2 cut shown'],
      'wait PrimarySuspected',
    ],
    [
      'is not taken for stopped when the address that refuses is of a pod being deleted',
      '',
      ['s-0 refused leaving', ...HEIRS],
      'wait PrimarySuspected',
    ],
    [
      'loses its label before anything is revealed: an empty server that answers nil logs people out',
      '',
      ['s-0 restarted labelled', 's-1 cut', 's-2 cut'],
      'label off s-0 on nobody',
    ],
    [
      'shows all records once nobody is pointed at it',
      '',
      ['s-0 restarted unlabelled', 's-1 cut', 's-2 cut'],
      'reveal s-0 s-1 s-2',
    ],
    [
      'is replaced when it came back as a new run (F24)',
      '',
      ['s-0 restarted shown unlabelled failed', ...HEIRS],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryRestarted)',
    ],
    [
      'is waited for longer while a replica hears it: perhaps only our own path is broken',
      '',
      ['s-0 silent:14', 's-1 heard', 's-2 heard'],
      'wait PrimarySuspected',
    ],
    [
      'is replaced in the end though a replica hears it',
      '',
      ['s-0 silent:16', 's-1 heard', 's-2 heard'],
      'intent Failover epoch 2 s-1 from s-0 (PrimarySilent)',
    ],
    ['is not judged before it was probed', 'observing:0', ['s-0 unknown', ...HEIRS], 'wait PrimarySuspected'],
    [
      'waits for members that were not probed yet and may hold more',
      'observing:1',
      ['s-0 gone', 's-1 cut shown', 's-2 unknown'],
      'wait WaitingForMembers',
    ],
    [
      'says nothing is blocked before all members were asked',
      'observing:1 n:5 w:1',
      ['s-0 gone', 's-1 cut shown', 's-2 unknown', 's-3 unknown', 's-4 unknown'],
      'wait WaitingForMembers',
    ],
    [
      'prepares members before one is chosen',
      '',
      ['s-0 gone', 's-1 cut shown unprepared', 's-2 cut shown'],
      'prepare s-1',
    ],
    [
      'lets nobody wait for a member that cannot be prepared',
      '',
      ['s-0 gone', 's-1 cut shown unprepared failed', 's-2 cut shown'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'keeps its role under an intent-less restart of the operator',
      'observing:0',
      ['s-0 primary', 's-1 unknown', 's-2 unknown'],
      'none',
    ],
  ])
})

describe('planTopology(): who takes over (dataplane 1)', () => {
  itPlans([
    [
      'the member with the higher seq',
      '',
      ['s-0 gone', 's-1 cut shown', 's-2 cut shown seq:12'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'the member with the higher offset of one lineage',
      '',
      ['s-0 gone', 's-1 cut shown', 's-2 cut shown offset:101'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'seq before offset, also within one lineage',
      '',
      ['s-0 gone', 's-1 cut shown offset:200', 's-2 cut shown seq:12'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'a replica rather than a master that nobody recorded',
      '',
      ['s-0 gone', 's-1 master', 's-2 cut shown'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'a member with the record also when the mark was lost',
      'virgin',
      ['s-0 gone', 's-1 nowhere shown empty', 's-2 cut shown epoch:4 names:s-0'],
      'intent Failover epoch 5 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'no higher offset of another lineage',
      '',
      ['s-0 gone', 's-1 cut shown seq:11', 's-2 cut shown offset:900 lineage:z'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'the newest epoch, whatever the offset of an older one',
      'mark:2/3/1',
      ['s-0 gone', 's-1 cut shown epoch:1 offset:900 seq:90', 's-2 cut shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'nobody without a record',
      '',
      ['s-0 gone', 's-1 nowhere shown empty', 's-2 cut shown'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'nobody of another store',
      '',
      ['s-0 gone', 's-1 cut shown foreign', 's-2 cut shown'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'one that says it is syncing: its data is still there',
      '',
      ['s-0 gone', 's-1 cut shown syncing', 's-2 cut shown'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'those who say so when their primary came back behind its boot guard (F20)',
      '',
      ['s-0 nowhere shown empty labelled', 's-1 cut shown syncing', 's-2 cut shown syncing'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryRestarted)',
    ],
    [
      'nobody who is loading a full copy',
      '',
      ['s-0 gone', 's-1 cut shown loading', 's-2 cut shown'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'a staying member rather than a leaving one',
      '',
      ['s-0 gone', 's-1 cut shown leaving', 's-2 cut shown'],
      'intent Failover epoch 2 s-2 from s-0 (PrimaryStopped)',
    ],
    [
      'a leaving member when it has more',
      '',
      ['s-0 gone', 's-1 cut shown leaving offset:150', 's-2 cut shown'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'the same member in whatever order equals of several lineages are given',
      '',
      [
        's-0 cut shown lineage:a offset:100 names:s-9',
        's-1 cut shown lineage:b offset:500',
        's-2 cut shown lineage:a offset:200',
        's-9 gone',
      ],
      'intent Failover epoch 2 s-2 from s-9 (PrimaryStopped)',
    ],
  ])
})

describe('planTopology(): a silent member may hold more than the best that answers (dataplane 3)', () => {
  itPlans([
    ['is given time', '', ['s-0 gone', 's-1 cut shown age:9', 's-2 silent:9'], 'wait WaitingForMembers'],
    [
      'is not waited for longer than that',
      '',
      ['s-0 gone', 's-1 cut shown age:40', 's-2 silent:31'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'is not waited for when the best heard the primary to its end',
      '',
      ['s-0 gone', 's-1 cut shown age:4', 's-2 silent:9'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'also where that end was a while ago',
      'w:0',
      ['s-0 silent:10', 's-1 cut shown age:14', 's-2 silent:9'],
      'intent Failover epoch 2 s-1 from s-0 (PrimarySilent)',
    ],
    [
      'is not waited for when it is the old primary itself',
      'n:2',
      ['s-0 silent:10', 's-1 cut shown age:20'],
      'intent Failover epoch 2 s-1 from s-0 (PrimarySilent)',
    ],
    [
      'is not waited for when it is too few to hold what the others lack',
      'n:5 w:2',
      ['s-0 gone', 's-1 cut shown age:9', 's-2 silent:9', 's-3 cut shown age:9', 's-4 cut shown age:9'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'is given time when it was the candidate',
      'intent:Failover/2/s-2/s-0/PrimaryStopped',
      ['s-0 gone', 's-1 cut shown age:9', 's-2 silent:9'],
      'wait WaitingForMembers',
    ],
    [
      'is not waited for when the old primary is back with everything',
      'intent:Failover/2/s-2/s-0/PrimaryStopped',
      ['s-0 primary fenced age:9', 's-1 cut shown age:9', 's-2 silent:9'],
      'intent Failover epoch 3 s-0 from s-0 (PrimaryStopped)',
    ],
  ])
})

describe('planTopology(): the members hold less than the mark knows (dataplane 1)', () => {
  itPlans([
    [
      'a primary of an older epoch is no primary',
      'mark:2/3/1 last:s-1',
      ['s-0 master epoch:1 names:s-0', 's-1 silent:4', 's-2 silent:4'],
      'wait WaitingForMembers',
    ],
    [
      'the older epoch is taken when nobody can hold the newer, and is called a loss',
      'mark:2/3/1 last:s-1',
      ['s-0 cut shown epoch:1 names:s-0', 's-1 nowhere shown empty', 's-2 gone'],
      'intent Failover epoch 3 s-0 from s-0 (NewestDataLost)',
    ],
    [
      'a human decides while a silent member may hold the newer',
      'mark:2/3/1 last:s-1',
      ['s-0 cut shown epoch:1 names:s-0', 's-1 silent:40', 's-2 gone'],
      'blocked FailoverBlocked',
    ],
  ])
})

import { itPlans } from '../../../support/topology/table.ts'

/** Servers that were started again, with what their volumes had. */
const BACK = ['s-0 nowhere shown seq:10', 's-1 nowhere shown seq:12', 's-2 nowhere shown seq:11'] as const
const AWAY = 's-2 gone silent:3'

describe('planTopology(): a restart from nothing with volumes (dataplane 3, F3)', () => {
  itPlans([
    ['looks at the records first', 'volumes', ['s-0 nowhere unlabelled', 's-1 nowhere', AWAY], 'reveal s-0 s-1'],
    [
      'elects the newest copy when all are back',
      'volumes',
      BACK,
      'intent Failover epoch 2 s-1 from s-0 (PrimaryRestarted)',
    ],
    [
      'waits for a member whose pod is gone: its volume has data as well',
      'volumes',
      [BACK[0], BACK[1], AWAY],
      'wait WaitingForMembers',
    ],
    [
      'waits for one that reads its data, for as long as it takes',
      'volumes',
      [BACK[0], BACK[1], 's-2 nowhere loading'],
      'wait WaitingForMembers',
    ],
    [
      'goes on without it after a while, as n - w show their data',
      'volumes last:s-2',
      [BACK[0], BACK[1], 's-2 gone silent:31'],
      'intent Failover epoch 2 s-1 from s-2 (PrimaryStopped)',
    ],
    [
      'asks a person where fewer do',
      'volumes last:s-1',
      [BACK[0], 's-1 gone silent:31', 's-2 gone silent:31'],
      'blocked FailoverBlocked',
    ],
    [
      'needs nobody else where the last primary is back: it has all that was acknowledged',
      'volumes last:s-0',
      [BACK[0], 's-1 gone silent:31', 's-2 gone silent:31'],
      'intent Failover epoch 2 s-0 from s-0 (PrimaryRestarted)',
    ],
    [
      'does not count a member that came back without its volume',
      'volumes last:s-1',
      [BACK[0], 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'blocked FailoverBlocked',
    ],
    [
      'begins nothing anew when every volume is gone',
      'volumes',
      ['s-0 nowhere shown empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'blocked FailoverBlocked',
    ],
    [
      'goes on with what there is when a person accepted the loss',
      'volumes accepted:1 last:s-1',
      [BACK[0], 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Failover epoch 2 s-0 from s-1 (PrimaryRestarted)',
    ],
    [
      'begins anew when a person accepted the loss of all',
      'volumes accepted:1',
      ['s-0 nowhere shown empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Bootstrap epoch 2 s-0 (DataLost)',
    ],
    [
      'takes no word that was given at an earlier epoch',
      'volumes accepted:1 mark:2 last:s-1',
      [BACK[0], 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'blocked FailoverBlocked',
    ],
    [
      'asks every member of a store of two',
      'volumes n:2 last:s-1',
      ['s-0 nowhere shown', 's-1 gone silent:31'],
      'blocked FailoverBlocked',
    ],
    [
      'has one member of a store of one',
      'volumes n:1',
      ['s-0 nowhere shown'],
      'intent Failover epoch 2 s-0 from s-0 (PrimaryRestarted)',
    ],
    [
      'does not wait for a pod whose successor shows what it had',
      'volumes',
      ['s-0 nowhere shown age:60', 's-1 nowhere shown age:60', 's-2 nowhere shown age:60', 's-1 ghost:5'],
      'intent Failover epoch 2 s-0 from s-0 (PrimaryRestarted)',
    ],
    [
      'without volumes waits for it',
      '',
      ['s-0 nowhere shown age:60', 's-1 nowhere shown age:60', 's-2 nowhere shown age:60', 's-1 ghost:5'],
      'wait WaitingForMembers',
    ],
    [
      'is no reason to wait in a failover: a replica lived on',
      'volumes',
      ['s-0 gone silent:1', 's-1 cut shown', 's-2 gone silent:1'],
      'intent Failover epoch 2 s-1 from s-0 (PrimaryStopped)',
    ],
    [
      'without volumes is decided by those that answer, as before',
      'last:s-1',
      ['s-0 nowhere shown', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Failover epoch 2 s-0 from s-1 (PrimaryRestarted)',
    ],
    [
      'does not finish an intent whose epoch was lived: others may have gone further in it',
      'volumes mark:2 status:2 intent:Failover/2/s-1/s-0 last:s-1',
      ['s-0 nowhere shown epoch:1', 's-1 nowhere shown seq:11', 's-2 nowhere shown seq:12'],
      'intent Failover epoch 3 s-2 from s-0 (PrimarySilent)',
    ],
    [
      'prefers the last primary among equals: it has what it took after the last heartbeat',
      'volumes last:s-1',
      ['s-0 nowhere shown lineage:a', 's-1 nowhere shown lineage:b', 's-2 nowhere shown lineage:c'],
      'intent Failover epoch 2 s-1 from s-1 (PrimaryRestarted)',
    ],
  ])
})

describe('planTopology(): a failover whose candidate ends as well, with volumes', () => {
  const CHOSEN = 'volumes status:2 intent:Failover/2/s-1/s-0 chosen:run-s-1'
  itPlans([
    [
      'finishes it while the run that was chosen lives',
      CHOSEN,
      ['s-0 gone', 's-1 cut shown', 's-2 gone'],
      'promote s-1 over epoch 1',
    ],
    [
      'chooses again after that run: the last primary is back with more',
      CHOSEN,
      ['s-0 nowhere shown lineage:b', 's-1 nowhere shown run:2', 's-2 nowhere shown'],
      'intent Failover epoch 3 s-0 from s-0 (PrimarySilent)',
    ],
    [
      'waits for the last primary, as in any restart from nothing',
      CHOSEN,
      ['s-0 gone silent:3', 's-1 nowhere shown run:2', 's-2 nowhere shown'],
      'wait WaitingForMembers',
    ],
    [
      'goes on with one that lived on, if there is one',
      CHOSEN,
      ['s-0 gone silent:3', 's-1 nowhere shown run:2 lineage:b', 's-2 cut shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimarySilent)',
    ],
    [
      'prepares everybody who answers before it chooses',
      CHOSEN,
      ['s-0 nowhere shown unprepared', 's-1 gone silent:31', 's-2 nowhere shown'],
      'prepare s-0',
    ],
    [
      'finishes an intent of an operator that did not note the run',
      'volumes status:2 intent:Failover/2/s-1/s-0',
      ['s-0 nowhere shown', 's-1 nowhere shown run:2', 's-2 nowhere shown'],
      'promote s-1 over epoch 1',
    ],
    [
      'without volumes needs no such rule: who ends comes back empty',
      'status:2 intent:Failover/2/s-1/s-0 chosen:run-s-1',
      ['s-0 nowhere shown empty', 's-1 nowhere shown run:2', 's-2 nowhere shown empty'],
      'promote s-1 over epoch 1',
    ],
  ])
})

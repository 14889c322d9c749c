import { expect } from 'chai'
import { planTopology } from '../../../../src/sessionstore/plan/topology.ts'
import { itPlans } from '../../../support/topology/table.ts'
import { tellWhole } from '../../../support/topology/tell.ts'
import { facts } from '../../../support/topology/words.ts'

const EMPTY = ['s-0 nowhere shown empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty']

describe('planTopology(): everything is lost (dataplane 3, F1, F3)', () => {
  itPlans([
    ['begins anew by itself when nobody can hold data', '', EMPTY, 'intent Bootstrap epoch 2 s-0 (DataLost)'],
    [
      'says so in the end',
      'mark:2/3/1 intent:Bootstrap/2/s-0/s-0/DataLost',
      ['s-0 primary', 's-1', 's-2'],
      'clear Bootstrap epoch 2 s-0 from s-0 (DataLost): DataLost',
    ],
    ['waits for enough members', '', ['s-0 nowhere shown empty', 's-1 gone', 's-2 gone'], 'wait WaitingForMembers'],
    [
      'does not need all when the others are gone',
      '',
      [...EMPTY.slice(0, 2), 's-2 gone'],
      'intent Bootstrap epoch 2 s-0 (DataLost)',
    ],
    [
      'waits for a silent member, which may hold the data',
      '',
      [...EMPTY.slice(0, 2), 's-2 silent:29'],
      'wait WaitingForMembers',
    ],
    [
      'leaves it to a human when that stays silent',
      '',
      [...EMPTY.slice(0, 2), 's-2 silent:31'],
      'blocked FailoverBlocked',
    ],
    [
      'gives the members their time after a restart of the operator',
      'observing:5',
      [...EMPTY.slice(0, 2), 's-2 silent:31'],
      'wait WaitingForMembers',
    ],
    ['never passes over a ghost', '', [...EMPTY, 's-1x ghost:40'], 'blocked FailoverBlocked'],
    [
      'leaves keys without a record to a human',
      '',
      ['s-0 nowhere shown empty keys:9', ...EMPTY.slice(1)],
      'blocked FailoverBlocked',
    ],
    [
      'waits for a member that is loading',
      '',
      ['s-0 nowhere loading empty', ...EMPTY.slice(1)],
      'wait WaitingForMembers',
    ],
    [
      'waits for the last holder of data that cannot be prepared, however empty it looks',
      '',
      ['s-0 nowhere shown unprepared failed keys:0', ...EMPTY.slice(1)],
      'wait WaitingForMembers',
    ],
    [
      'turns into a failover when a holder of data comes back',
      'intent:Bootstrap/2/s-0/s-0/DataLost',
      ['s-0 nowhere shown empty', 's-1 nowhere shown', 's-2 nowhere shown empty'],
      'intent Failover epoch 3 s-1 from s-0 (CandidateLost)',
    ],
    [
      'waits for a holder of data that came back and cannot be prepared',
      'intent:Bootstrap/2/s-0/s-0/DataLost',
      ['s-0 nowhere shown empty', 's-1 nowhere shown unprepared failed', 's-2 nowhere shown empty'],
      'wait WaitingForMembers',
    ],
    [
      'and does not choose it again and again',
      'intent:Failover/3/s-0/s-0',
      ['s-0 primary unprepared failed', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'wait WaitingForMembers',
    ],
    [
      'promotes the candidate of a new beginning over no record',
      'intent:Bootstrap/2/s-0/s-0/DataLost',
      EMPTY,
      'promote s-0 over epoch none',
    ],
    [
      'never lives an epoch twice: a first primary that came back empty begins a new one',
      'intent:Bootstrap/1/s-0//FirstPrimary',
      EMPTY,
      'intent Bootstrap epoch 2 s-0 (DataLost)',
    ],
    [
      'does not wait for members that are still to come',
      'refuse n:3 w:1 mark:1/1/0 size:1 intent:Bootstrap/2/s-0//DataLost',
      ['s-0 master empty'],
      'establish s-0 epoch 2 n 1 w 0 replicas nobody',
    ],
    ['does not hurry a store of one member', 'n:1', ['s-0 silent:4'], 'wait WaitingForMembers'],
    [
      'begins anew a store of one member',
      'n:1',
      ['s-0 nowhere shown empty'],
      'intent Bootstrap epoch 2 s-0 (DataLost)',
    ],
    [
      'blocks a bootstrap where every member holds the data of another store',
      'virgin',
      ['s-0 nowhere shown foreign', 's-1 nowhere shown foreign', 's-2 nowhere shown foreign'],
      'blocked FailoverBlocked',
    ],
  ])
})

describe('planTopology(): what a blocked step says', () => {
  const rows: readonly (readonly [string, string, readonly string[], string])[] = [
    [
      'names who may still write, and the way out',
      '',
      ['s-0 silent:4', 's-1 cut shown', 's-2 silent:4'],
      'blocked FailoverBlocked: s-0, s-2 may still accept writes: at most 1 silent members can be fenced by quorum and 2 are silent; bring them back, or delete the Node object of a machine that is gone for good',
    ],
    [
      'names who may hold the data, and the way out',
      '',
      [...EMPTY.slice(0, 2), 's-2 silent:31'],
      'blocked FailoverBlocked: no member that answers holds the newest data, and s-2 may hold it; bring it back, or delete its pod (or its Node object, if the machine is gone for good) to give the data up',
    ],
    [
      'names who holds unknown keys, and the way out',
      '',
      ['s-0 nowhere shown empty keys:9', ...EMPTY.slice(1)],
      'blocked FailoverBlocked: s-0 holds keys but no record of this store, so nobody can tell whether they are its sessions; delete the pod to give them up',
    ],
  ]
  for (const [rule, store, members, want] of rows) {
    it(rule, () => {
      expect(tellWhole(planTopology(facts(store, members)).step)).to.equal(want)
    })
  }
})

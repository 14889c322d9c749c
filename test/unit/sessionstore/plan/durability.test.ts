import { itPlans } from '../../../support/topology/table.ts'

const THREE = ['s-0 primary', 's-1', 's-2']
const FIVE = [...THREE, 's-3', 's-4']

describe('planTopology(): a live change of durability (dataplane 6): what falls is marked first, what rises last', () => {
  itPlans([
    ['to Majority: servers and record first', 'n:5 w:2 mark:1/5/1', FIVE, 'quorum s-0 epoch 1 n 5 w 2'],
    [
      'to Majority: then the mark',
      'n:5 w:2 mark:1/5/1',
      ['s-0 primary says:5/2 gate:2', 's-1', 's-2', 's-3', 's-4'],
      'mark epoch 1 n 5 w 2: QuorumChanged',
    ],
    [
      'to Majority: not above what keeps up, or writes would be refused at once',
      'n:5 w:2 mark:1/5/1',
      ['s-0 primary', 's-1', 's-2 cut:1', 's-3 cut:1', 's-4 cut:1'],
      'none',
    ],
    ['to Async: the mark first', 'n:3 w:0 mark:1/3/1', THREE, 'mark epoch 1 n 3 w 0: QuorumChanged'],
    [
      'to Async: then servers and record',
      'n:3 w:0 mark:1/3/0',
      ['s-0 primary says:3/1 gate:1', 's-1', 's-2'],
      'quorum s-0 epoch 1 n 3 w 0',
    ],
    [
      'to a longer lag: the mark first',
      'lag:4 markLag:2',
      ['s-0 primary lag:2', 's-1', 's-2'],
      'mark epoch 1 n 3 w 1 lag 4: QuorumChanged',
    ],
    [
      'to a longer lag: then the servers',
      'lag:4 markLag:4',
      ['s-0 primary lag:2', 's-1', 's-2'],
      'quorum s-0 epoch 1 n 3 w 1',
    ],
    [
      'to a shorter lag: the servers first',
      'lag:2 markLag:4',
      ['s-0 primary lag:4', 's-1', 's-2'],
      'quorum s-0 epoch 1 n 3 w 1',
    ],
    ['to a shorter lag: then the mark', 'lag:2 markLag:4', THREE, 'mark epoch 1 n 3 w 1: QuorumChanged'],
    [
      'a longer lag beside a lower w: both are marked at once',
      'n:3 w:0 lag:4 mark:1/3/1 markLag:2',
      ['s-0 primary lag:2', 's-1', 's-2'],
      'mark epoch 1 n 3 w 0 lag 4: QuorumChanged',
    ],
    ['a replica that was not told is told', 'lag:2', ['s-0 primary', 's-1 lag:4', 's-2 gate:0'], 'gates s-1 s-2 w 1'],
    ['one that does not follow is told when it is promoted', '', ['s-0 primary', 's-1 gate:0 cut:1', 's-2'], 'none'],
  ])
})

describe('planTopology(): a silent primary may go on for the lag it may have been told of', () => {
  const SILENT = 'heard:s-0/4 intent:Failover/2/s-1/s-0'
  const members = ['s-0 silent:4', 's-1 nowhere shown', 's-2 nowhere shown']
  itPlans([
    ['the goal', SILENT, members, 'promote s-1 over epoch 1'],
    ['a longer one to come', `lag:4 markLag:2 ${SILENT}`, members, 'wait Fencing'],
    ['a longer one of before', `lag:2 markLag:4 ${SILENT}`, members, 'wait Fencing'],
    [
      'from the moment that a member ended whom we did not see: it may have followed it until then',
      'heard:s-0/9 unseen:s-2/2 intent:Failover/2/s-1/s-0',
      ['s-0 silent:9', 's-1 nowhere shown', 's-2 stopped'],
      'wait Fencing',
    ],
    [
      'not from that of a member that is still silent',
      'n:5 w:2 mark:1/5/2 heard:s-0/9 unseen:s-2/0 intent:Failover/2/s-1/s-0',
      ['s-0 silent:9', 's-1 nowhere shown', 's-2 silent:9', 's-3 nowhere shown', 's-4 nowhere shown'],
      'promote s-1 over epoch 1',
    ],
    [
      'is marked before a candidate is told of it',
      `lag:4 markLag:2 heard:s-0/9 intent:Failover/2/s-1/s-0`,
      ['s-0 silent:9', 's-1 master epoch:1', 's-2 of:s-1'],
      'mark epoch 1 n 3 w 1 lag 4: QuorumChanged',
    ],
  ])
})

describe('planTopology(): whenDegraded', () => {
  const lone = ['s-0 primary', 's-1 stopped', 's-2 stopped']
  itPlans([
    ['Relax goes on without replicas', 'degraded:4', lone, 'mark epoch 1 n 3 w 0: Relaxed'],
    ['Refuse keeps refusing', 'refuse degraded:4', lone, 'none'],
    [
      'Refuse changed to Async goes on',
      'refuse w:0 mark:1/3/1 degraded:4',
      lone,
      'mark epoch 1 n 3 w 0: QuorumChanged',
    ],
    [
      'Refuse promotes nobody whom too few follow',
      'refuse mark:1/3/1 intent:Failover/2/s-1/s-0',
      ['s-0 stopped', 's-1 master', 's-2 stopped'],
      'wait WaitingForMembers',
    ],
    [
      'Refuse of a Majority of five bears two lost members',
      'refuse n:5 w:2 mark:1/5/2 degraded:4',
      ['s-0 primary', 's-1', 's-2', 's-3 stopped', 's-4 stopped'],
      'none',
    ],
  ])
})

describe('planTopology(): failover.mode Manual', () => {
  itPlans([
    [
      'waits for the silence like any other',
      'manual',
      ['s-0 silent:1', 's-1 cut shown', 's-2 cut shown'],
      'wait PrimarySuspected',
    ],
    ['promotes nobody', 'manual', ['s-0 silent:9', 's-1 cut shown', 's-2 cut shown'], 'blocked ManualFailover'],
    [
      'promotes nobody for a primary that stopped',
      'manual',
      ['s-0 stopped', 's-1 cut shown', 's-2 cut shown'],
      'blocked ManualFailover',
    ],
    [
      'promotes nobody for a primary that came back empty',
      'manual',
      ['s-0 nowhere shown empty', 's-1 cut shown', 's-2 cut shown'],
      'blocked ManualFailover',
    ],
    [
      'says so where promoting would not be safe either',
      'manual',
      ['s-0 silent:9', 's-1 cut shown', 's-2 silent:9'],
      'blocked FailoverBlocked',
    ],
    [
      'gives the role back to a primary that came back with its data',
      'manual last:s-0',
      ['s-0 nowhere shown', 's-1 cut shown seq:9', 's-2 cut shown seq:9'],
      'intent Failover epoch 2 s-0 from s-0 (PrimaryRestarted)',
    ],
    [
      'still has a first primary',
      'manual virgin',
      ['s-0 nowhere shown empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Bootstrap epoch 1 s-0 (FirstPrimary)',
    ],
    [
      'begins anew when all data is lost',
      'manual last:s-0',
      ['s-0 nowhere shown empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Bootstrap epoch 2 s-0 (DataLost)',
    ],
    [
      'still moves off a leaving pod',
      'manual',
      ['s-0 primary leaving', 's-1', 's-2'],
      'intent Move epoch 2 s-1 from s-0 (PodDeleted)',
    ],
    [
      'finishes a failover that was begun',
      'manual intent:Failover/2/s-1/s-0',
      ['s-0 stopped', 's-1 nowhere shown', 's-2 nowhere shown'],
      'promote s-1 over epoch 1',
    ],
    [
      'makes no failover of a move that broke',
      'manual intent:Move/2/s-1/s-0',
      ['s-0 stopped', 's-1 cut shown', 's-2 cut shown'],
      'blocked ManualFailover',
    ],
  ])
})

import { itPlans } from '../../../support/topology/table.ts'

describe('planTopology(): a pod is noted before it takes part', () => {
  itPlans([
    ['before it joins', '', ['s-0 primary', 's-1', 's-2 nowhere unnoted'], 'note s-0 s-1 s-2'],
    ['then it joins', '', ['s-0 primary', 's-1', 's-2 nowhere'], 'join s-2 to s-0'],
    [
      'all that answer at once, before the first promotion',
      'virgin intent:Bootstrap/1/s-0',
      ['s-0 nowhere shown empty unnoted', 's-1 nowhere shown empty unnoted', 's-2 gone'],
      'note s-0 s-1',
    ],
    [
      'under an operator that finds no notes',
      '',
      ['s-0 primary unnoted', 's-1 unnoted', 's-2 unnoted'],
      'note s-0 s-1 s-2',
    ],
    [
      'not while it is behind its boot guard',
      'virgin',
      ['s-0 nowhere shown empty unnoted', 's-1 gone', 's-2 gone'],
      'wait WaitingForMembers',
    ],
    [
      'those that ended are crossed out when nothing else is to do',
      'stale',
      ['s-0 primary', 's-1', 's-2'],
      'note s-0 s-1 s-2',
    ],
    ['and not before', 'stale', ['s-0 primary', 's-1', 's-2 nowhere'], 'join s-2 to s-0'],
  ])
})

describe('planTopology(): a replica of a pod that was removed by force is pointed away from it', () => {
  const FAILOVER = 'intent:Failover/2/s-1/s-0'
  itPlans([
    [
      'to the candidate',
      FAILOVER,
      ['s-0 nowhere shown empty', 's-1 nowhere shown', 's-2 of:s-0 heard', 's-0x ghost:9'],
      'repoint s-2 to s-1',
    ],
    [
      'to nowhere first where the candidate has the name of that pod',
      'intent:Failover/2/s-1/s-0',
      ['s-0 nowhere shown empty', 's-1 nowhere shown', 's-2 of:s-1 heard', 's-1x ghost:9'],
      'repoint s-2 to nowhere',
    ],
    [
      'not where the candidate itself says that it feeds it',
      'intent:Failover/2/s-1/s-0 heard:s-1x/9',
      ['s-0 nowhere shown empty', 's-1 master feeds:s-2', 's-2 of:s-1', 's-1x ghost:9'],
      'establish s-1 epoch 2 n 3 w 1 replicas s-0+s-2',
    ],
  ])
})

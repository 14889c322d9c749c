import { itPlans } from '../../../support/topology/table.ts'

const HEIR = 's-1 nowhere shown'
const INTENT = 'intent:Failover/2/s-1/s-0'

describe('planTopology(): the fence (dataplane 5.3, F2)', () => {
  itPlans([
    [
      'nothing to fence when the old primary is stopped',
      INTENT,
      ['s-0 stopped', HEIR, 's-2 nowhere shown'],
      'promote s-1 over epoch 1',
    ],
    ['tells a reached primary to refuse writes', INTENT, ['s-0 primary', 's-1', 's-2'], 'fence s-0'],
    ['takes a fenced primary for harmless', INTENT, ['s-0 primary fenced', 's-1', 's-2'], 'promote s-1 over epoch 1'],
    [
      'repoints away all who follow a silent primary, the candidate to nowhere',
      INTENT,
      ['s-0 silent:4', 's-1 cut shown', 's-2 cut shown'],
      'repoint s-1 to nowhere, s-2 to s-1',
    ],
    [
      'repoints also those who hear it',
      INTENT,
      ['s-0 silent:16', 's-1 heard', 's-2 heard'],
      'repoint s-1 to nowhere, s-2 to s-1',
    ],
    [
      'waits for maxLag + 1 s since the last of them heard it',
      `${INTENT} heard:s-0/2`,
      ['s-0 silent:4', HEIR, 's-2 of:s-1 shown'],
      'wait Fencing',
    ],
    [
      'promotes when the right of the silent primary has run out',
      `${INTENT} heard:s-0/3`,
      ['s-0 silent:4', HEIR, 's-2 of:s-1 shown'],
      'promote s-1 over epoch 1',
    ],
    [
      'counts from the silence of a member whom nobody was ever seen to hear',
      'intent:Failover/3/s-1/s-0',
      ['s-0 gone', HEIR, 's-2 silent:2'],
      'wait Fencing',
    ],
    [
      'shuts a candidate that is a master already while another may write',
      'intent:Failover/3/s-0/s-0',
      ['s-0 primary', 's-1 silent:2', 's-2 of:s-1 cut shown'],
      'fence s-0',
    ],
    [
      'and gives it no replica before that',
      'intent:Failover/3/s-0/s-0',
      ['s-0 primary fenced', 's-1 silent:2', 's-2 of:s-1 cut shown'],
      'repoint s-2 to s-0',
    ],
    [
      'does not need the quorum of a stopped member: it cannot follow anybody',
      INTENT,
      ['s-0 silent:4', HEIR, 's-2 gone'],
      'promote s-1 over epoch 1',
    ],
    [
      'is impossible when the silent primary may have gathered w replicas',
      INTENT,
      ['s-0 silent:4', HEIR, 's-2 silent:4'],
      'blocked FailoverBlocked',
    ],
    [
      'allows two silent members where w is 2',
      `n:5 w:2 ${INTENT}`,
      ['s-0 silent:4', HEIR, 's-2 nowhere shown', 's-3 silent:4', 's-4 nowhere shown'],
      'promote s-1 over epoch 1',
    ],
    [
      'but not three',
      `n:5 w:2 ${INTENT}`,
      ['s-0 silent:4', HEIR, 's-2 silent:4', 's-3 silent:4', 's-4 nowhere shown'],
      'blocked FailoverBlocked',
    ],
    [
      'counts with the lower w of the mark',
      `n:5 w:2 mark:1/5/1 ${INTENT}`,
      ['s-0 silent:4', HEIR, 's-2 nowhere shown', 's-3 silent:4', 's-4 nowhere shown'],
      'blocked FailoverBlocked',
    ],
    [
      'counts with the lower w of any record, the mark notwithstanding',
      `n:5 w:2 ${INTENT}`,
      ['s-0 silent:4', 's-1 nowhere shown says:5/1', 's-2 nowhere shown', 's-3 silent:4', 's-4 nowhere shown'],
      'blocked FailoverBlocked',
    ],
    [
      'counts with the larger n: a member that nobody expects any more may still run',
      `n:3 w:1 mark:1/5/1 size:3 ${INTENT}`,
      ['s-0 silent:4', HEIR, 's-2 nowhere shown'],
      'blocked FailoverBlocked',
    ],
    [
      'counts a pod removed by force: its server may live on behind a partition',
      INTENT,
      ['s-0 silent:4', HEIR, 's-2 nowhere shown', 's-2x ghost'],
      'blocked FailoverBlocked',
    ],
    [
      'lets a ghost alone not hold up a failover',
      INTENT,
      ['s-0 nowhere shown empty', HEIR, 's-2 nowhere shown', 's-0x ghost:9 was:master'],
      'promote s-1 over epoch 1',
    ],
    [
      'has no fence by quorum while writes were relaxed to none',
      `mark:1/3/0 ${INTENT}`,
      ['s-0 silent:4', HEIR, 's-2 nowhere shown'],
      'blocked FailoverBlocked',
    ],
    [
      'has one for a silent replica still: only the last primary was told to write alone',
      `mark:1/3/0 ${INTENT}`,
      ['s-0 gone', HEIR, 's-2 silent:9'],
      'promote s-1 over epoch 1',
    ],
    [
      'has none against a silent candidate before it: it may have been promoted, and told to write alone',
      'mark:1/3/0 intent:Failover/2/s-1/s-0 last:s-0',
      ['s-0 gone silent:9', 's-1 silent:9', 's-2 cut shown'],
      'blocked FailoverBlocked',
    ],
    [
      'goes on without that candidate once it has stopped',
      'mark:1/3/0 intent:Failover/2/s-1/s-0 last:s-0',
      ['s-0 gone silent:9', 's-1 stopped', 's-2 cut shown'],
      'intent Failover epoch 3 s-2 from s-0 (PrimarySilent)',
    ],
    [
      'has none against a ghost: it may be the last primary',
      `mark:1/3/0 ${INTENT}`,
      ['s-0 nowhere shown empty', HEIR, 's-2 nowhere shown', 's-0x ghost'],
      'blocked FailoverBlocked',
    ],
    [
      'has none for two: one may be a primary of long ago, the other its replica',
      `n:5 w:2 mark:1/5/0 ${INTENT}`,
      ['s-0 gone', HEIR, 's-2 silent:9', 's-3 silent:9', 's-4 nowhere shown'],
      'blocked FailoverBlocked',
    ],
    [
      'keeps the fence by quorum until an asynchronous goal is in force',
      `w:0 mark:1/3/1 ${INTENT}`,
      ['s-0 silent:4', HEIR, 's-2 silent:4'],
      'blocked FailoverBlocked',
    ],
  ])
})

describe('planTopology(): the fence of an asynchronous store (dataplane 5.3)', () => {
  itPlans([
    ['waits for downAfter', `n:2 ${INTENT}`, ['s-0 silent:2', HEIR], 'wait Fencing'],
    ['promotes after downAfter', `n:2 ${INTENT}`, ['s-0 silent:4', HEIR], 'promote s-1 over epoch 1'],
    ['waits while a replica hears the primary', `n:2 ${INTENT}`, ['s-0 silent:14', 's-1 heard'], 'wait Fencing'],
    [
      'takes away a primary that was heard for long and never answered',
      `n:2 ${INTENT}`,
      ['s-0 silent:16', 's-1 heard'],
      'repoint s-1 to nowhere',
    ],
    ['needs no wait for a stopped primary', `n:2 ${INTENT}`, ['s-0 stopped', HEIR], 'promote s-1 over epoch 1'],
  ])
})

import { itPlans } from '../../../support/topology/table.ts'

describe('planTopology(): zombies and labels (dataplane 5.4, F2, F15, F26)', () => {
  itPlans([
    [
      'fences and demotes a returned primary of an older epoch before anything else',
      'mark:2/3/1 last:s-1',
      ['s-0 master epoch:1 names:s-0 labelled', 's-1 primary unlabelled', 's-2 nowhere'],
      'demote s-0 under s-1',
    ],
    [
      'takes the labelled one of two primaries of one epoch',
      '',
      ['s-0 master names:s-0', 's-1 primary names:s-1', 's-2 of:s-1'],
      'demote s-0 under s-1',
    ],
    ['demotes a master that somebody made by hand', '', ['s-0 primary', 's-1 master', 's-2'], 'demote s-1 under s-0'],
    [
      'takes the label off the demoted one and puts it on the rightful one',
      'mark:2/3/1 last:s-1',
      ['s-0 labelled', 's-1 primary unlabelled', 's-2'],
      'label off s-0 on s-1',
    ],
    [
      'labels the primary again when its label was taken away',
      '',
      ['s-0 primary unlabelled', 's-1', 's-2'],
      'label off nobody on s-0',
    ],
    ['takes off a second label', '', ['s-0 primary', 's-1 labelled', 's-2'], 'label off s-1 on s-0'],
    ['has nothing to label when the pod of the primary is gone', '', ['s-0 primary podless', 's-1', 's-2'], 'none'],
    [
      'lets a demoted member say what it is now',
      '',
      ['s-0 primary', 's-1 unlabelled unreadable unjoined', 's-2'],
      'describe s-1 replica readable joined',
    ],
    ['takes readers off the new primary', '', ['s-0 primary unjoined', 's-1', 's-2'], 'describe s-0 joined'],
  ])
})

describe('planTopology(): a hung primary (dataplane 5, clients; F23)', () => {
  itPlans([
    [
      'is ended after the promotion, so that its clients are cut',
      'mark:2/3/1 last:s-1',
      ['s-0 silent:9 was:master', 's-1 primary', 's-2'],
      'restart s-0: PrimaryHung',
    ],
    [
      'is not ended on a node that does not report',
      'mark:2/3/1 last:s-1',
      ['s-0 silent:9 was:master nodeDown', 's-1 primary', 's-2'],
      'none',
    ],
    [
      'is not ended before its grace period',
      'mark:2/3/1 last:s-1',
      ['s-0 silent:2 was:master', 's-1 primary', 's-2'],
      'none',
    ],
    ['is not ended twice', 'mark:2/3/1 last:s-1', ['s-0 silent:9 was:master leaving', 's-1 primary', 's-2'], 'none'],
    [
      'is not ended when it only refuses',
      'mark:2/3/1 last:s-1',
      ['s-0 refused silent:9 was:master', 's-1 primary', 's-2'],
      'none',
    ],
    ['a silent replica is not taken for one', '', ['s-0 primary', 's-1 silent:9 was:replica', 's-2'], 'none'],
  ])
})

describe('planTopology(): n and w follow the members (dataplane 1, 5)', () => {
  itPlans([
    ['nothing changes while enough keep up', '', ['s-0 primary', 's-1', 's-2 silent:60'], 'none'],
    ['Relax waits for downAfter', 'degraded:2', ['s-0 primary', 's-1 silent:9', 's-2 silent:9'], 'none'],
    [
      'Relax lowers the mark first',
      'degraded:4',
      ['s-0 primary', 's-1 silent:9', 's-2 silent:9'],
      'mark epoch 1 n 3 w 0: Relaxed',
    ],
    [
      'then the server and the record',
      'degraded:4 mark:1/3/0',
      ['s-0 primary gate:1 says:3/1', 's-1 silent:9', 's-2 silent:9'],
      'quorum s-0 epoch 1 n 3 w 0',
    ],
    ['and stays so', 'degraded:4 mark:1/3/0', ['s-0 primary', 's-1 silent:9', 's-2 silent:9'], 'none'],
    ['Refuse never lowers w', 'refuse degraded:60', ['s-0 primary', 's-1 silent:9', 's-2 silent:9'], 'none'],
    [
      'relaxes no further than needed',
      'n:5 w:2 degraded:4',
      ['s-0 primary', 's-1', 's-2 gone', 's-3 gone', 's-4 gone'],
      'mark epoch 1 n 5 w 1: Relaxed',
    ],
    [
      'raises the server first when members are back',
      'mark:1/3/0',
      ['s-0 primary', 's-1', 's-2 silent:9'],
      'quorum s-0 epoch 1 n 3 w 1',
    ],
    [
      'raises the mark last',
      'mark:1/3/0',
      ['s-0 primary gate:1 says:3/1', 's-1 says:3/1', 's-2 silent:9'],
      'mark epoch 1 n 3 w 1: QuorumChanged',
    ],
    ['asserts the gate that a fence left', '', ['s-0 primary fenced', 's-1', 's-2'], 'quorum s-0 epoch 1 n 3 w 1'],
    [
      'follows a new goal down: the mark first',
      'w:0 mark:1/3/1',
      ['s-0 primary', 's-1', 's-2'],
      'mark epoch 1 n 3 w 0: QuorumChanged',
    ],
    [
      'follows a new goal up: the server first',
      'w:2 mark:1/3/1',
      ['s-0 primary', 's-1', 's-2'],
      'quorum s-0 epoch 1 n 3 w 2',
    ],
    ['follows a goal only as far as members keep up', 'w:2 mark:1/3/1', ['s-0 primary', 's-1', 's-2 silent:9'], 'none'],
    [
      'marks only what falls when n falls and w rises',
      'n:3 mark:1/4/0 size:4',
      ['s-0 primary', 's-1', 's-2', 's-3'],
      'mark epoch 1 n 3 w 0: QuorumChanged',
    ],
    [
      'marks only what falls when n rises and w falls',
      'n:4 w:1 mark:1/3/2 size:4',
      ['s-0 primary', 's-1', 's-2', 's-3'],
      'mark epoch 1 n 3 w 1: QuorumChanged',
    ],
    ['never writes the epoch of an abandoned move', 'status:2', ['s-0 primary', 's-1', 's-2'], 'none'],
    [
      'follows the record when its epoch is newer',
      'mark:1/3/1',
      ['s-0 primary epoch:2', 's-1 epoch:2', 's-2 epoch:2'],
      'mark epoch 2 n 3 w 1: NewEpoch',
    ],
    [
      'writes the mark again when it was lost',
      'virgin',
      ['s-0 primary epoch:4', 's-1 epoch:4', 's-2 epoch:4'],
      'mark epoch 4 n 3 w 1: Bootstrapped',
    ],
  ])
})

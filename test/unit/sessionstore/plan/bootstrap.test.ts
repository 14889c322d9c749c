import { itPlans } from '../../../support/topology/table.ts'

const RESTED = ['s-0 nowhere shown empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty']

describe('planTopology(): bootstrap (dataplane 3, F3, F9)', () => {
  itPlans([
    [
      'looks at the records first: members may hold data though the mark is lost',
      'virgin',
      ['s-0 nowhere unlabelled', 's-1 nowhere', 's-2 silent:1'],
      'reveal s-0 s-1',
    ],
    [
      'prepares members before any is chosen',
      'virgin',
      ['s-0 restarted shown', 's-1 restarted shown'],
      'prepare s-0 s-1',
    ],
    [
      'goes on without a member that cannot be prepared',
      'virgin',
      ['s-0 restarted shown failed', ...RESTED.slice(1)],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
    ['chooses the lowest prepared ordinal', 'virgin', RESTED, 'intent Bootstrap epoch 1 s-0 (FirstPrimary)'],
    [
      'needs 1 + w members',
      'virgin',
      ['s-0 nowhere shown empty', 's-1 silent:1', 's-2 silent:1'],
      'wait WaitingForMembers',
    ],
    [
      'does not wait for the last member',
      'virgin',
      ['s-0 silent:1', ...RESTED.slice(1)],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
    [
      'needs one member where w is 0',
      'virgin n:1',
      ['s-0 nowhere shown empty'],
      'intent Bootstrap epoch 1 s-0 (FirstPrimary)',
    ],
    [
      'does not wait for members that are still to come',
      'virgin n:5 w:1 size:1 intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 restarted shown failed'],
      'wait WaitingForMembers',
    ],
    [
      'but for one that can be prepared again',
      'virgin n:5 w:1 size:2 intent:Bootstrap/1/s-1//FirstPrimary',
      ['s-0 nowhere shown empty', 's-1 gone'],
      'intent Bootstrap epoch 2 s-0 (FirstPrimary)',
    ],
    [
      'never chooses a pod that is being deleted',
      'virgin',
      ['s-0 nowhere shown empty leaving', ...RESTED.slice(1)],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
    [
      'never chooses a member with the data of another store',
      'virgin',
      ['s-0 nowhere shown foreign', ...RESTED.slice(1)],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
    [
      'never lets the epoch fall when the mark was lost',
      'virgin status:5',
      RESTED,
      'intent Bootstrap epoch 6 s-0 (FirstPrimary)',
    ],
    [
      'promotes the candidate, which must have no record',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      RESTED,
      'promote s-0 over epoch none',
    ],
    [
      'demotes an unrecorded second master first',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 nowhere shown empty', 's-1 master empty', 's-2 nowhere shown empty'],
      'fence s-1',
    ],
    [
      'never promotes a candidate that was not prepared',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 restarted shown failed', ...RESTED.slice(1)],
      'intent Bootstrap epoch 2 s-1 (FirstPrimary)',
    ],
    [
      'chooses again when the candidate is gone: no write was ever acknowledged',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 gone', ...RESTED.slice(1)],
      'intent Bootstrap epoch 2 s-1 (FirstPrimary)',
    ],
    [
      'chooses again when the candidate stays silent',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 silent:4', ...RESTED.slice(1)],
      'intent Bootstrap epoch 2 s-1 (FirstPrimary)',
    ],
    [
      'is patient with a candidate that is silent for a moment',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 silent:1', ...RESTED.slice(1)],
      'wait ResumingFailover',
    ],
    [
      'gives the first primary its gate and its replicas',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 master empty', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'establish s-0 epoch 1 n 3 w 1 replicas s-1+s-2',
    ],
    [
      'marks the StatefulSet before the Service points at the first primary',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 primary unlabelled epoch:1', 's-1 epoch:1', 's-2 epoch:1'],
      'mark epoch 1 n 3 w 1: Bootstrapped',
    ],
    [
      'labels the first primary',
      'intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 primary unlabelled', 's-1', 's-2'],
      'label off nobody on s-0',
    ],
    [
      'ends when the label is on',
      'intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 primary', 's-1', 's-2'],
      'clear Bootstrap epoch 1 s-0 (FirstPrimary): Bootstrapped',
    ],
    [
      'is a failover when the first primary dies after its record was written',
      'virgin intent:Bootstrap/1/s-0//FirstPrimary',
      ['s-0 gone', 's-1 cut shown epoch:1', 's-2 cut shown epoch:1'],
      'intent Failover epoch 2 s-1 (CandidateLost)',
    ],
  ])
})

describe('planTopology(): join (dataplane 2)', () => {
  itPlans([
    ['does nothing when all is well', '', ['s-0 primary', 's-1', 's-2'], 'none'],
    [
      'takes a restarted member off first',
      '',
      ['s-0 primary', 's-1 restarted', 's-2'],
      'describe s-1 unreadable unjoined',
    ],
    ['prepares a new run of a server', '', ['s-0 primary', 's-1 restarted unreadable unjoined', 's-2'], 'prepare s-1'],
    ['lets a prepared member follow the primary', '', ['s-0 primary', 's-1 nowhere', 's-2'], 'join s-1 to s-0'],
    ['lets two members join at once', '', ['s-0 primary', 's-1 nowhere', 's-2 of:s-1'], 'join s-1 s-2 to s-0'],
    [
      'lets nobody wait for a member that cannot be prepared',
      '',
      ['s-0 primary', 's-1 restarted failed unreadable unjoined', 's-2 nowhere'],
      'join s-2 to s-0',
    ],
    ['lets no loading member join', '', ['s-0 primary', 's-1 nowhere loading', 's-2'], 'none'],
    ['lets no leaving member join', '', ['s-0 primary', 's-1 nowhere leaving', 's-2'], 'none'],
    [
      'says on the pod who joined',
      '',
      ['s-0 primary', 's-1 unlabelled unjoined unreadable', 's-2'],
      'describe s-1 replica readable joined',
    ],
    ['says it of the primary too', '', ['s-0 primary unjoined', 's-1', 's-2'], 'describe s-0 joined'],
    ['takes readers off a lost member', '', ['s-0 primary', 's-1 cut:6', 's-2'], 'describe s-1 unreadable unjoined'],
    ['lets a link drop for a moment', '', ['s-0 primary', 's-1 cut:3', 's-2'], 'none'],
    [
      'asks a member without the primary of nothing but its record',
      '',
      ['s-0 silent:4', 's-1 cut', 's-2 cut'],
      'reveal s-1 s-2',
    ],
  ])
})

import { expect } from 'chai'
import { planTopology } from '../../../../src/sessionstore/plan/topology.ts'
import { tell } from '../../../support/topology/tell.ts'
import { facts } from '../../../support/topology/words.ts'

/** Rule, store, members, step, `.spec.replicas` of the StatefulSet. */
type Row = readonly [rule: string, store: string, members: readonly string[], want: string, replicas: number]

function itScales(rows: readonly Row[]): void {
  for (const [rule, store, members, want, replicas] of rows) {
    it(rule, () => {
      const plan = planTopology(facts(store, members))

      expect(`${tell(plan.step)}; size ${plan.replicas}`).to.equal(`${want}; size ${replicas}`)
    })
  }
}

const THREE = ['s-0 primary', 's-1', 's-2']
const FOUR = [...THREE, 's-3']

describe('planTopology(): scale in (dataplane 6): primary, mark, servers, record, StatefulSet', () => {
  itScales([
    [
      'moves the primary to a low ordinal first',
      'n:3 mark:1/4/1 size:4 last:s-3',
      ['s-0', 's-1', 's-2', 's-3 primary'],
      'intent Move epoch 2 s-0 from s-3 (ScaleIn)',
      4,
    ],
    [
      'moves it to nobody who leaves next, whatever that one has',
      'n:3 mark:1/5/1 size:5 last:s-4',
      ['s-0', 's-1', 's-2', 's-3 offset:900', 's-4 primary'],
      'intent Move epoch 2 s-0 from s-4 (ScaleIn)',
      5,
    ],
    [
      'takes no member away that is the primary, counted or not',
      'n:3 mark:1/3/1 size:4 last:s-3',
      ['s-0', 's-1', 's-2', 's-3 primary'],
      'intent Move epoch 2 s-0 from s-3 (ScaleIn)',
      4,
    ],
    [
      'moves nothing while suspended',
      'suspended n:3 mark:1/4/1 size:4 last:s-3',
      ['s-0', 's-1', 's-2', 's-3 primary'],
      'none',
      4,
    ],
    [
      'lowers nothing while there is nobody low to move to',
      'n:3 mark:1/4/1 size:4 last:s-3',
      ['s-0 cut:1', 's-1 cut:1', 's-2 silent:1', 's-3 primary'],
      'none',
      4,
    ],
    ['marks n and w', 'n:3 w:1 mark:1/4/1 size:4', FOUR, 'mark epoch 1 n 3 w 1: QuorumChanged', 4],
    [
      'tells the servers and writes the record',
      'n:3 mark:1/3/1 size:4',
      ['s-0 primary says:4/1', 's-1', 's-2', 's-3'],
      'quorum s-0 epoch 1 n 3 w 1',
      4,
    ],
    ['then takes the highest member away', 'n:3 mark:1/3/1 size:4', FOUR, 'none', 3],
    [
      'waits until the leaver is gone before the next',
      'n:1 w:0 mark:1/2/0 size:3',
      [...THREE, 's-3 leaving'],
      'none',
      3,
    ],
    ['takes the next one then', 'n:1 w:0 mark:1/2/0 size:3', THREE, 'none', 2],
    [
      'waits while the others could not gather w without the leaver',
      'n:3 mark:1/3/1 size:4',
      ['s-0 primary', 's-1 cut:1', 's-2 silent:9', 's-3'],
      'none',
      4,
    ],
    [
      'changes no size during an intent',
      'n:3 mark:1/3/1 size:4 intent:Move/2/s-1/s-0',
      FOUR,
      'hand over s-0 to s-1',
      4,
    ],
    [
      'changes no size without a primary',
      'n:3 mark:1/3/1 size:4',
      ['s-0 silent:1', 's-1 cut shown', 's-2 cut shown', 's-3 cut shown'],
      'wait PrimarySuspected',
      4,
    ],
    ['changes no size while suspended', 'suspended n:3 mark:1/4/1 size:4', FOUR, 'none', 4],
  ])
})

describe('planTopology(): scale out (dataplane 6): StatefulSet, join, in sync, servers, record, mark', () => {
  itScales([
    [
      'creates all at once',
      'virgin n:3 size:3',
      ['s-0 nowhere shown empty', 's-1 gone', 's-2 gone'],
      'wait WaitingForMembers',
      3,
    ],
    [
      'grows at once before the first primary',
      'virgin n:5 w:1 size:3',
      ['s-0 nowhere shown empty', 's-1 gone', 's-2 gone'],
      'wait WaitingForMembers',
      5,
    ],
    ['adds one member', 'n:5 w:1 mark:1/3/1 size:3', THREE, 'none', 4],
    ['lets it join', 'n:5 w:1 mark:1/3/1 size:4', [...THREE, 's-3 nowhere unlabelled'], 'join s-3 to s-0', 4],
    [
      'waits until it is in sync',
      'n:5 w:1 mark:1/3/1 size:4',
      [...THREE, 's-3 syncing unlabelled unjoined unreadable'],
      'none',
      4,
    ],
    ['tells the servers and writes the record', 'n:5 w:2 mark:1/3/1 size:4', FOUR, 'quorum s-0 epoch 1 n 4 w 1', 4],
    [
      'marks last',
      'n:5 w:2 mark:1/3/1 size:4',
      ['s-0 primary says:4/1', 's-1', 's-2', 's-3'],
      'mark epoch 1 n 4 w 1: QuorumChanged',
      4,
    ],
    ['adds the next one then', 'n:5 w:2 mark:1/4/1 size:4', FOUR, 'none', 5],
    [
      'raises w to its goal at full size',
      'n:5 w:2 mark:1/4/1 size:5',
      [...FOUR, 's-4'],
      'quorum s-0 epoch 1 n 5 w 2',
      5,
    ],
    [
      'raises no w that one lost member could not bear',
      'n:3 w:1 mark:1/1/0 size:2',
      ['s-0 primary', 's-1'],
      'quorum s-0 epoch 1 n 2 w 0',
      2,
    ],
    ['adds nobody while suspended', 'suspended n:5 w:1 mark:1/3/1 size:3', THREE, 'none', 3],
    [
      'adds nobody without a primary',
      'n:5 w:1 mark:1/3/1 size:3',
      ['s-0 silent:1', 's-1 cut shown', 's-2 cut shown'],
      'wait PrimarySuspected',
      3,
    ],
    ['raises w again after one member', 'n:3 w:1 mark:1/1/0 size:1', ['s-0 primary'], 'none', 2],
  ])
})

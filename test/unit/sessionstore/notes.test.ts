import { expect } from 'chai'
import { noteOfOutcome, noteOfStep } from '../../../src/sessionstore/notes.ts'
import type { Intent, Outcome, TopologyStep } from '../../../src/sessionstore/plan/facts.ts'

const mark = { bootstrapped: 'uid', epoch: 2, n: 3, w: 0, maxLagMs: 2000 }

describe('noteOfStep()', () => {
  const rows: readonly [step: TopologyStep, want: string | undefined][] = [
    [{ kind: 'none' }, undefined],
    [{ kind: 'wait', reason: 'Fencing', message: 'm', requeueAfterMs: 1 }, undefined],
    [{ kind: 'blocked', reason: 'FailoverBlocked', message: 'why' }, 'Warning FailoverBlocked: why'],
    [
      { kind: 'mark', mark, reason: 'Relaxed' },
      'Warning Relaxed: writes go on with 0 replicas in sync, as the others are away',
    ],
    [{ kind: 'mark', mark, reason: 'NewEpoch' }, undefined],
    [
      { kind: 'restart', pod: 's-1', uid: 'u', reason: 'PodBroken' },
      'Normal PodRestarted: pod s-1 is replaced (PodBroken)',
    ],
    [
      { kind: 'demote', member: 's-0', primary: 's-1' },
      'Warning ZombieDemoted: s-0 came back as a primary of an older epoch; it follows s-1 now',
    ],
  ]
  for (const [step, want] of rows) {
    it(`says ${want ?? 'nothing'} of ${JSON.stringify(step)}`, () => {
      const note = noteOfStep(step)

      expect(note && `${note.type} ${note.reason}: ${note.note}`).to.equal(want)
    })
  }
})

describe('noteOfOutcome()', () => {
  const intent: Intent = {
    kind: 'Failover',
    epoch: 2,
    candidate: 's-1',
    from: 's-0',
    reason: 'PrimaryStopped',
    startedAtMs: 0,
  }
  const rows: readonly [outcome: Outcome, downtime: string | undefined, want: string][] = [
    ['Bootstrapped', undefined, 'Normal PrimaryElected: s-1 is the first primary'],
    ['FailedOver', '1500ms', 'Warning FailedOver: s-1 replaced s-0 (PrimaryStopped), 1500ms after it was missed'],
    ['FailedOver', undefined, 'Warning FailedOver: s-1 replaced s-0 (PrimaryStopped)'],
    ['Moved', undefined, 'Normal PrimaryMoved: s-1 took over from s-0 as planned (PrimaryStopped)'],
    ['MoveAbandoned', undefined, 'Warning MoveAbandoned: s-0 did not hand over to s-1 in time (PrimaryStopped)'],
  ]
  for (const [outcome, downtime, want] of rows) {
    it(`says ${want}`, () => {
      const { type, reason, note } = noteOfOutcome(intent, outcome, downtime)

      expect(`${type} ${reason}: ${note}`).to.equal(want)
    })
  }

  it('tells a loss of all data as what it is', () => {
    expect(noteOfOutcome(intent, 'DataLost')).to.include({ type: 'Warning', reason: 'DataLost' })
  })
})

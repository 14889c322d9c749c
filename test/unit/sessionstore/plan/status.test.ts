import { expect } from 'chai'
import { SESSION_STORE_CONDITIONS } from '../../../../src/api/v1alpha1/conditions.ts'
import { effectiveSpec } from '../../../../src/api/v1alpha1/effective.ts'
import type { SessionStore } from '../../../../src/api/v1alpha1/sessionstore.ts'
import { sizeStore } from '../../../../src/resources/sizing.ts'
import type { ConditionInputs } from '../../../../src/sessionstore/plan/conditions/inputs.ts'
import { planConditions } from '../../../../src/sessionstore/plan/conditions.ts'
import { planStatus, toOperation } from '../../../../src/sessionstore/plan/status.ts'
import { planTopology } from '../../../../src/sessionstore/plan/topology.ts'
import { deepFreeze } from '../../../support/topology/freeze.ts'
import { facts } from '../../../support/topology/words.ts'

type More = Partial<Omit<ConditionInputs, 'spec' | 'facts' | 'plan'>> & Readonly<{ spec?: SessionStore['spec'] }>

const WHOLE = ['s-0 primary', 's-1', 's-2']

function inputs(store: string, members: readonly string[], { spec = {}, ...more }: More = {}): ConditionInputs {
  const observed = facts(store, members)
  return deepFreeze({
    spec: effectiveSpec(spec),
    facts: observed,
    plan: planTopology(observed),
    write: { kind: 'succeeded' },
    tls: { kind: 'Served' },
    areNodesWatched: true,
    troubles: [],
    nowMs: observed.nowMs,
    fullSyncLoops: [],
    previous: undefined,
    ...more,
  })
}

function tellCondition(given: ConditionInputs, type: string): string {
  const condition = planConditions(given).find((each) => each.type === type)
  return `${condition?.status} ${condition?.reason}`
}

describe('planConditions() and the spec', () => {
  type Row = readonly [type: string, want: string, store: string, members: readonly string[], more: More]
  const rows: readonly Row[] = [
    ['Ready', 'False MembersNotReady', '', WHOLE, { spec: { replicas: 5 } }],
    ['Ready', 'True WriteSucceeded', 'suspended', WHOLE, { spec: { replicas: 5, suspend: true } }],
    ['Reconciling', 'False Suspended', 'suspended', WHOLE, { spec: { suspend: true } }],
    ['Reconciling', 'True ScalingOut', 'n:5 mark:1/3/1', WHOLE, { spec: { replicas: 5 } }],
    ['Reconciling', 'True ScalingIn', 'n:1 size:3 mark:1/3/1', WHOLE, { spec: { replicas: 1 } }],
    ['Stalled', 'True InvalidConfig', '', WHOLE, { obstacle: { reason: 'InvalidConfig', message: 'm' } }],
    ['NodesObserved', 'True NodesWatched', '', WHOLE, {}],
    ['NodesObserved', 'False NodesNotReadable', '', WHOLE, { areNodesWatched: false }],
    ['TLSReady', 'False CertificateNotServed', '', WHOLE, { tls: { kind: 'NotServed', members: ['s-1'] } }],
  ]
  for (const [type, want, store, members, more] of rows) {
    it(`${type} is ${want} for "${store}" ${JSON.stringify(more)}`, () => {
      expect(tellCondition(inputs(store, members, more), type)).to.equal(want)
    })
  }

  it('says of a suspended store that never was that it is suspended', () => {
    const given = inputs('virgin', [], { spec: { suspend: true } })
    const { statefulSetReplicas: _, ...bare } = given.facts

    expect(tellCondition({ ...given, facts: bare, plan: planTopology(bare) }, 'Reconciling')).to.equal(
      'False Suspended',
    )
  })

  it('does not keep Ready of the process before over a change of the size', () => {
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'WriteSucceeded',
      message: 'm',
      lastTransitionTime: 't',
    } as const
    const previous = { primary: 's-0', epoch: 1, conditions: [ready] }
    const write = { kind: 'unknown' } as const

    expect(tellCondition(inputs('', WHOLE, { write, previous }), 'Ready')).to.equal('True WriteSucceeded')
    const grown = inputs('', WHOLE, { write, previous, spec: { replicas: 5 } })
    expect(tellCondition(grown, 'Ready')).to.equal('False MembersNotReady')
  })
})

describe('planStatus()', () => {
  const identity = { name: 's', namespace: 'apps', uid: 'uid-1', apiVersion: 'sessionstore.dev/v1alpha1' }

  function statusOf(given: ConditionInputs, nowIso: string) {
    return planStatus({
      ...given,
      bindings: { hasDefault: true },
      identity,
      sizing: sizeStore(given.spec, 3),
      config: {},
      generation: 4,
      nowIso,
    })
  }

  const states: readonly [store: string, members: readonly string[]][] = [
    ['', WHOLE],
    ['', ['s-0 primary', 's-1 cut', 's-2 gone']],
    ['virgin', ['s-0 nowhere', 's-1 nowhere', 's-2 nowhere']],
  ]
  for (const [store, members] of states) {
    it(`is the same again a minute later for "${store}" ${members.join(', ')}`, () => {
      const first = statusOf(inputs(store, members), '2026-01-01T00:00:00Z')
      const second = statusOf(inputs(store, members, { previous: first }), '2026-01-01T00:01:00Z')

      expect(second).to.deep.equal(first)
    })
  }

  it('carries every condition from the first write, with the generation', () => {
    const { conditions = [], observedGeneration } = statusOf(inputs('', WHOLE), '2026-01-01T00:00:00Z')

    expect(conditions.map(({ type }) => type)).to.have.members([...SESSION_STORE_CONDITIONS])
    expect(conditions.every((condition) => condition.observedGeneration === 4)).to.equal(true)
    expect(observedGeneration).to.equal(4)
  })

  it('names roles as the servers do', () => {
    expect(statusOf(inputs('', ['s-0 primary', 's-1 nowhere', 's-2 silent:3']), 't').members).to.deep.equal([
      { name: 's-0', role: 'Primary', ready: true },
      { name: 's-1', role: 'Unjoined', ready: false },
      { name: 's-2', role: 'Unknown', ready: false },
    ])
  })

  it('keeps the primary that does not answer by its label', () => {
    expect(statusOf(inputs('', ['s-0 silent:1 labelled', 's-1', 's-2']), 't')).to.include({ primary: 's-0', epoch: 1 })
  })

  it('keeps what the last failover cost', () => {
    const lastFailover = { time: 't', reason: 'PrimaryStopped', to: 's-0', lostBytes: 12 }

    expect(statusOf(inputs('', WHOLE, { previous: { lastFailover } }), 't').lastFailover).to.deep.equal(lastFailover)
  })
})

describe('toOperation()', () => {
  it('leaves out what is not there', () => {
    const intent = { kind: 'Bootstrap', epoch: 1, candidate: 's-0', reason: 'FirstPrimary', startedAtMs: 0 } as const

    expect(toOperation(intent, 't')).to.not.have.property('from')
    expect(toOperation(intent, 't')).to.include({ kind: 'Bootstrap', startedAt: 't' })
  })
})

import { expect } from 'chai'
import { effectiveSpec } from '../../../../src/api/v1alpha1/effective.ts'
import type { ServerFacts } from '../../../../src/redis/types.ts'
import { findObstacle, type ObstacleInputs } from '../../../../src/sessionstore/plan/obstacles.ts'
import type { VolumeFacts } from '../../../../src/sessionstore/plan/volumes.ts'
import { facts } from '../../../support/topology/words.ts'

const refused = { reason: 'NameConflict', message: 'Service "s" is of somebody else' } as const
const restricted = effectiveSpec({ networkPolicy: { mode: 'Restricted' } })
const well: ObstacleInputs = {
  facts: { members: [] },
  spec: effectiveSpec({}),
  config: { refusals: new Map() },
  operatorNamespace: 'system',
  tls: { kind: 'Served' },
}
const { operatorNamespace: _, ...outside } = well

const wrong = { value: '-1', member: 's-2', message: 'argument must be between 1 and 500 inclusive', image: 'i' }

const rows: readonly [rule: string, inputs: ObstacleInputs, want: string | undefined][] = [
  ['finds none in a store that is well', well, undefined],
  ['tells what could not be written', { ...well, refused }, 'NameConflict: Service "s" is of somebody else'],
  [
    'tells of a certificate that cannot be used',
    { ...well, tls: { kind: 'Refused', reason: 'SecretMissing', message: 'there is no Secret "c"', isServed: true } },
    'SecretMissing: there is no Secret "c"',
  ],
  ['finds none in a policy that admits the operator', { ...well, spec: restricted }, undefined],
  ['finds none outside the cluster without a policy', outside, undefined],
  [
    'names a parameter that a server refused, and who, in its own words',
    { ...well, config: { refusals: new Map([['hz', wrong]]) } },
    'InvalidConfig: spec.config.hz is "-1", which s-2 does not take: argument must be between 1 and 500 inclusive; what was in force before stays, correct or remove it',
  ],
  [
    'names the others, too',
    { ...well, config: { refusals: new Map(['hz', 'nosuch', 'other'].map((name) => [name, wrong])) } },
    'InvalidConfig: spec.config.hz is "-1", which s-2 does not take: argument must be between 1 and 500 inclusive; what was in force before stays, correct or remove it; refused, too: nosuch, other',
  ],
  [
    'does not let an operator outside the cluster shut itself out',
    { ...outside, spec: restricted },
    'InvalidConfig: networkPolicy.mode Restricted is not applied: the operator runs outside the cluster and would shut itself out; run it in the cluster, or set networkPolicy.mode to None',
  ],
]

const volumeFacts: VolumeFacts = {
  storeUid: 'own',
  wantedBytes: 1024 ** 3,
  defaultBytes: 1024 ** 3,
  memoryBytes: 1024 ** 2,
  adoptVolumes: false,
  claims: [],
  classes: 'unknown',
}

/** The members of a store, with what the server of the first could not write. */
function withFailures(failedWrites: ServerFacts['failedWrites']): ObstacleInputs {
  const [first = expect.fail('no member'), ...rest] = facts('', ['s-0 primary', 's-1']).members
  const failing = { ...first, probe: { ...first.probe, failedWrites } } as typeof first
  return { ...well, facts: { members: [failing, ...rest] } }
}

describe('VolumeFull', () => {
  it('is said of the members that cannot write, with the next act', () => {
    const found = findObstacle({ ...withFailures(['log']), volumeFacts })

    expect(found?.reason).to.equal('VolumeFull')
    expect(found?.message).to.include('s-0 (log)').and.include('size to more than 1Gi').and.not.include('s-1')
  })

  it('is not said where all can write, nor of a store without volumes', () => {
    expect(findObstacle({ ...withFailures([]), volumeFacts })).to.equal(undefined)
    expect(findObstacle(withFailures(['snapshot']))).to.equal(undefined)
  })
})

describe('findObstacle()', () => {
  for (const [rule, inputs, want] of rows) {
    it(rule, () => {
      const found = findObstacle(inputs)

      expect(found && `${found.reason}: ${found.message}`).to.equal(want)
    })
  }
})

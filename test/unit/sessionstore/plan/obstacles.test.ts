import { expect } from 'chai'
import { effectiveSpec } from '../../../../src/api/v1alpha1/effective.ts'
import { findObstacle, type ObstacleInputs } from '../../../../src/sessionstore/plan/obstacles.ts'

const refused = { reason: 'NameConflict', message: 'Service "s" is of somebody else' } as const
const restricted = effectiveSpec({ networkPolicy: { mode: 'Restricted' } })
const well: ObstacleInputs = { spec: effectiveSpec({}), operatorNamespace: 'system' }
const { operatorNamespace: _, ...outside } = well

const rows: readonly [rule: string, inputs: ObstacleInputs, want: string | undefined][] = [
  ['finds none in a store that is well', well, undefined],
  ['tells what could not be written', { ...well, refused }, 'NameConflict: Service "s" is of somebody else'],
  ['finds none in a policy that admits the operator', { ...well, spec: restricted }, undefined],
  ['finds none outside the cluster without a policy', outside, undefined],
  [
    'does not let an operator outside the cluster shut itself out',
    { ...outside, spec: restricted },
    'InvalidConfig: networkPolicy.mode Restricted is not applied: the operator runs outside the cluster and would shut itself out; run it in the cluster, or set networkPolicy.mode to None',
  ],
]

describe('findObstacle()', () => {
  for (const [rule, inputs, want] of rows) {
    it(rule, () => {
      const found = findObstacle(inputs)

      expect(found && `${found.reason}: ${found.message}`).to.equal(want)
    })
  }
})

import { expect } from 'chai'
import { type BindingObstacles, findBindingObstacle } from '../../../../src/sessionstore/plan/bindingobstacles.ts'

const none: BindingObstacles = { usedBy: [], isBlind: false, isNameTaken: false }

describe('findBindingObstacle()', () => {
  const rows: readonly [facts: Partial<BindingObstacles>, reason: string | undefined, part: string][] = [
    [{}, undefined, ''],
    [{ isBlind: true }, 'NamespacesForbidden', 'grant it list and watch on namespaces'],
    [{ usedBy: ['a', 'b'] }, 'TenancyInUse', 'use the store (a, b); delete those bindings'],
    [{ usedBy: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }, 'TenancyInUse', '(a, b, c, d, e and 2 more)'],
    [{ usedBy: ['a'], isBlind: true }, 'TenancyInUse', '(a)'],
    [{ isNameTaken: true, usedBy: ['a'] }, 'NameConflict', 'spec.bindings.default to false'],
  ]
  for (const [facts, reason, part] of rows) {
    it(`is ${reason} for ${JSON.stringify(facts)}`, () => {
      const obstacle = findBindingObstacle({ ...none, ...facts })

      expect(obstacle?.reason).to.equal(reason)
      expect(obstacle?.message ?? '').to.contain(part)
    })
  }
})

import { expect } from 'chai'
import { effectiveSpec } from '../../../../src/api/v1alpha1/effective.ts'
import { sizeStore } from '../../../../src/resources/sizing.ts'
import { memoryInForce, serverConfigInput } from '../../../../src/sessionstore/plan/server.ts'

describe('memoryInForce()', () => {
  type Row = readonly [rule: string, goal: number, members: readonly string[], limits: readonly number[], want: number]
  // A member is `maxmemory/used`; containers of 150 are large enough for a goal of 100.
  const rows: readonly Row[] = [
    ['is the goal where nobody answers', 100, [], [], 100],
    ['is the goal where it is in force', 100, ['100/50', '100/50'], [150], 100],
    ['is the goal where it is in force, whatever the containers are', 100, ['100/50'], [10], 100],
    ['grows when every container has grown', 100, ['80/70', '80/70'], [150, 150], 100],
    ['stays while one container is small', 100, ['80/70', '80/70'], [150, 149], 80],
    ['goes back on a member that started with a goal that others cannot have', 100, ['80/70', '100/0'], [150, 90], 80],
    ['shrinks when the data fits', 100, ['200/99', '200/99'], [300], 100],
    ['stays while the data does not fit', 100, ['200/100', '200/100'], [300], 200],
    ['stays when one member has more data', 100, ['200/10', '200/150'], [300], 200],
    ['stays when a restarted member has the lower goal already', 100, ['200/150', '100/0'], [300, 150], 200],
    ['shrinks on a restarted member too once the data fits', 100, ['200/90', '100/0'], [300, 150], 100],
    ['takes no limit for not yet asserted', 100, ['0/10', '80/70'], [150, 90], 80],
    ['is the goal where nothing was asserted', 100, ['0/10'], [90], 100],
  ]
  for (const [rule, goalBytes, members, limitsBytes, want] of rows) {
    it(rule, () => {
      const read = members.map((text) => {
        const [maxMemoryBytes = 0, usedMemoryBytes = 0] = text.split('/').map(Number)
        return { maxMemoryBytes, usedMemoryBytes }
      })

      expect(memoryInForce({ goalBytes, goalLimitBytes: 150, members: read, limitsBytes })).to.equal(want)
    })
  }
})

describe('serverConfigInput()', () => {
  it('has TLS only where the store has it', () => {
    const [required, disabled] = [{}, { tls: { mode: 'Disabled' } } as const].map((spec) => {
      const effective = effectiveSpec(spec)
      return serverConfigInput(effective, sizeStore(effective, 3))
    })

    expect(required).to.include({
      port: 6379,
      maxMemoryPolicy: 'volatile-ttl',
      minReplicasToWrite: 1,
      maxLagSeconds: 2,
    })
    expect(required).to.have.property('tls')
    expect(disabled).to.not.have.property('tls')
  })
})

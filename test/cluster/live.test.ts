import { expect } from 'chai'
import { SESSION_STORES } from '../../src/api/v1alpha1/sessionstore.ts'
import { mergePatch } from '../support/cluster/api.ts'
import { askMembers } from '../support/cluster/members.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { conditionOf, podRuns, readStore, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

describe('changing a running store', function () {
  this.timeout(300_000)
  const store = useSharedStore()

  async function patchSpec(spec: Readonly<Record<string, unknown>>): Promise<void> {
    await mergePatch(SESSION_STORES, store().ref, { body: { spec } })
  }
  /** Waits until every server has the value, and gives the values last seen when the time is up. */
  async function untilServersHave(field: 'eviction' | 'maxMemoryBytes', value: string | number): Promise<void> {
    const { ref, client } = store()
    await until(
      async (see) => {
        const members = Object.values(await askMembers(client, ref))
        see(members.map((member) => (member.error === undefined ? member[field] : member.error)))
        return members.every((member) => member.error === undefined && member[field] === value)
      },
      { what: `${field} ${value} on every server`, deadlineMs: 60_000 },
    )
  }

  it('sets the eviction policy on every member without a restart', async () => {
    const { ref } = store()
    const before = await podRuns(ref)

    await patchSpec({ eviction: 'allkeys-lru' })
    await untilServersHave('eviction', 'allkeys-lru')
    await untilSettled(ref)

    await patchSpec({ eviction: null })
    await untilServersHave('eviction', 'volatile-ttl')
    await untilSettled(ref)
    expect(await podRuns(ref)).to.deep.equal(before)
  })

  it('keeps a change back while the store is suspended', async () => {
    const { ref, client } = store()
    await patchSpec({ suspend: true })
    await patchSpec({ eviction: 'noeviction' })
    await until(
      async (see) => {
        const current = await readStore(ref)
        see(current.status?.conditions)
        return (
          conditionOf(current, 'Reconciling') !== undefined &&
          current.status?.observedGeneration === current.metadata.generation
        )
      },
      { what: 'the suspended change to be seen', deadlineMs: 30_000 },
    )

    const suspended = await askMembers(client, ref)
    await patchSpec({ suspend: null })
    await untilServersHave('eviction', 'noeviction')

    await patchSpec({ eviction: null })
    await untilServersHave('eviction', 'volatile-ttl')
    for (const member of Object.values(suspended)) expect(member).to.have.property('eviction', 'volatile-ttl')
  })

  it('raises the memory of every member and loses nothing', async () => {
    await patchSpec({ capacity: { maxMemory: '160Mi' } })
    await untilServersHave('maxMemoryBytes', 160 * 1024 * 1024)
    await untilSettled(store().ref)

    await patchSpec({ capacity: null })
    await untilServersHave('maxMemoryBytes', 128 * 1024 * 1024)
    await untilSettled(store().ref)
  })
})

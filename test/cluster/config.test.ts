import { expect } from 'chai'
import { SESSION_STORES } from '../../src/api/v1alpha1/sessionstore.ts'
import { mergePatch } from '../support/cluster/api.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { askMembers } from '../support/cluster/members.ts'
import { type TestStore, useOwnStores } from '../support/cluster/shared.ts'
import { conditionOf, isSettled, podRuns, readStore, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

describe('parameters of a store', function () {
  this.timeout(300_000)
  const newStore = useOwnStores('config')
  let store: TestStore

  before(async () => {
    store = await newStore('tuned')
  })

  async function setConfig(config: Readonly<Record<string, string | null>>): Promise<void> {
    await mergePatch(SESSION_STORES, store.ref, { body: { spec: { config } } })
  }

  async function untilMembersShow(name: string, value: string): Promise<void> {
    await until(
      async (see) => {
        const members = Object.values(await askMembers(store.client, store.ref, [name]))
        see(members)
        return members.every((member) => member.error === undefined && member.config[name] === value)
      },
      { what: `${name} ${value} on every member`, deadlineMs: 60_000 },
    )
  }

  /** Waits for Stalled to be as told for the spec of now, and gives its message. */
  async function untilStalled(is: 'True' | 'False'): Promise<string> {
    const found = await until(
      async (see) => {
        const current = await readStore(store.ref)
        see(current.status?.conditions)
        return conditionOf(current, 'Stalled') === is && current
      },
      { what: `Stalled ${is}`, deadlineMs: 120_000 },
    )
    const { reason, message } = found.status?.conditions?.find(({ type }) => type === 'Stalled') ?? {}
    return `${reason}: ${message}`
  }

  it('that can be set live are on every member, and no pod is restarted', async () => {
    const before = await podRuns(store.ref)

    await setConfig({ hz: '50' })
    await untilMembersShow('hz', '50')

    const { status } = await untilSettled(store.ref)
    expect(status?.effective?.config).to.deep.equal({ hz: '50' })
    expect(await podRuns(store.ref)).to.deep.equal(before)
  })

  it('that the server refuses are on no member, in its own words, and heal', async () => {
    const before = await podRuns(store.ref)

    await setConfig({ hz: 'many' })
    const message = await untilStalled('True')

    expect(message).to.match(
      /^InvalidConfig: spec\.config\.hz is "many", which tuned-\d does not take: argument couldn't be parsed into an integer;/,
    )
    await untilMembersShow('hz', '50')
    await setConfig({ hz: '60' })
    await untilMembersShow('hz', '60')
    await untilStalled('False')
    expect(await podRuns(store.ref)).to.deep.equal(before)
  })

  it('that are removed return to the default', async () => {
    await setConfig({ hz: null })

    await untilMembersShow('hz', '10')
    expect((await untilSettled(store.ref)).status?.effective?.config).to.equal(undefined)
  })

  it('that need a restart roll one pod at a time and lose no acknowledged write', async () => {
    const before = await podRuns(store.ref)

    const { verified, summary } = await disturb(store.client, store.ref, {
      title: 'config tcp-backlog 256',
      act: () => setConfig({ 'tcp-backlog': '256' }),
      isOver: async (current) => {
        const after = await podRuns(store.ref)
        const isRolled = Object.keys(before).every((name) => after[name] !== undefined && after[name] !== before[name])
        return isRolled && isSettled(current)
      },
      deadlineMs: 200_000,
    })

    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(summary.acknowledged).to.be.above(0)
    await untilMembersShow('tcp-backlog', '256')
    await untilSettled(store.ref)
  })

  it('that keep a server from starting reach one pod, which comes back; the store serves on', async () => {
    const before = await podRuns(store.ref)

    const { verified } = await disturb(store.client, store.ref, {
      title: 'config tcp-backlog none',
      act: () => setConfig({ 'tcp-backlog': 'none' }),
      isOver: (current) =>
        conditionOf(current, 'Stalled') === 'True' && current.status?.members?.every(({ ready }) => ready) === true,
      deadlineMs: 150_000,
    })

    expect(verified.lost).to.equal(0)
    expect(await untilStalled('True')).to.match(
      /^InvalidConfig: spec\.config\.tcp-backlog is "none", which tuned-\d does not take: argument couldn't be parsed into an integer;/,
    )
    await setConfig({ 'tcp-backlog': '256' })
    await untilStalled('False')
    await untilSettled(store.ref)
    await untilMembersShow('tcp-backlog', '256')
    const after = await podRuns(store.ref)
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).to.have.length(1)
  })
})

import { expect } from 'chai'
import { SESSION_STORES, type SessionStore, type SessionStoreSpec } from '../../src/api/v1alpha1/sessionstore.ts'
import { mergePatch } from '../support/cluster/api.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { type TestStore, useOwnStores } from '../support/cluster/shared.ts'
import { isSettled, podRuns, serverPods, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

describe('podTemplate of a store', function () {
  this.timeout(300_000)
  const newStore = useOwnStores('podtemplate')
  let store: TestStore

  before(async () => {
    store = await newStore('placed')
  })

  async function change(podTemplate: SessionStoreSpec['podTemplate'] | null): Promise<void> {
    await mergePatch(SESSION_STORES, store.ref, { body: { spec: { podTemplate } } })
  }

  it('labels and gives CPU to running pods without a restart', async () => {
    const before = await podRuns(store.ref)

    await change({ metadata: { labels: { team: 'web' } }, spec: { cpu: { request: '60m' } } })
    await until(
      async (see) => {
        const pods = await serverPods(store.ref)
        const seen = pods.map(({ metadata, status }) => [
          metadata.labels?.['team'],
          status?.containerStatuses?.[0]?.resources?.requests?.['cpu'],
        ])
        see(seen)
        return seen.length === 3 && seen.every(([team, cpu]) => team === 'web' && cpu === '60m')
      },
      { what: 'label and CPU on every pod', deadlineMs: 60_000 },
    )

    await untilSettled(store.ref)
    expect(await podRuns(store.ref)).to.deep.equal(before)
  })

  it('places pods elsewhere one at a time and loses no acknowledged write', async () => {
    const before = await podRuns(store.ref)
    const isRolled = async (current: SessionStore): Promise<boolean> => {
      const after = await podRuns(store.ref)
      return (
        isSettled(current) &&
        Object.keys(before).every((name) => after[name] !== undefined && after[name] !== before[name])
      )
    }

    const { verified } = await disturb(store.client, store.ref, {
      title: 'podTemplate: nodeSelector, tolerations, priorityClassName, securityContext',
      act: () =>
        change({
          spec: {
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            tolerations: [{ key: 'dedicated', operator: 'Exists' }],
            priorityClassName: 'system-cluster-critical',
            securityContext: { runAsUser: 1999, runAsGroup: 1999, fsGroup: 1999 },
          },
        }),
      isOver: isRolled,
      deadlineMs: 200_000,
    })

    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    for (const { spec } of await serverPods(store.ref)) {
      expect(spec).to.include({ priorityClassName: 'system-cluster-critical' })
      expect(spec?.securityContext).to.include({ runAsUser: 1999 })
    }
  })

  it('stops at the first pod that no node takes, serves on, and heals', async () => {
    const before = await podRuns(store.ref)
    await change({ spec: { nodeSelector: { 'example.com/none': 'such' } } })
    await until(
      async (see) => {
        const pods = await serverPods(store.ref)
        see(pods.map(({ status }) => status?.conditions))
        return pods.some(({ status }) => status?.conditions?.some(({ reason }) => reason === 'Unschedulable'))
      },
      { what: 'a pod that cannot be scheduled', deadlineMs: 90_000 },
    )

    const during = await podRuns(store.ref)
    await change({ spec: { nodeSelector: { 'example.com/none': null as unknown as string } } })
    await untilSettled(store.ref)

    expect(Object.keys(during).filter((name) => during[name] !== before[name])).to.have.length(1)
    const after = await podRuns(store.ref)
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).to.have.length(1)
  })
})

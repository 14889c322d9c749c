import { expect } from 'chai'
import { SESSION_STORES, type SessionStoreSpec } from '../../src/api/v1alpha1/sessionstore.ts'
import { mergePatch } from '../support/cluster/api.ts'
import { deletePod, signalServer } from '../support/cluster/faults.ts'
import { askMembers, untilAgreed } from '../support/cluster/members.ts'
import { report } from '../support/cluster/report.ts'
import { type TestStore, useOwnStores, useSharedStore } from '../support/cluster/shared.ts'
import {
  podRuns,
  primaryPod,
  readStore,
  type StoreRef,
  serverPods,
  untilAnotherPrimary,
  untilSettled,
} from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

const SMALL = { capacity: { maxMemory: '64Mi', connections: 100 } } as const

function patchSpec(ref: StoreRef, spec: Readonly<Record<string, unknown>>): Promise<unknown> {
  return mergePatch(SESSION_STORES, ref, { body: { spec } })
}

/** Waits for a condition to have the reason, and gives its message. */
function untilReason(ref: StoreRef, type: string, reason: string): Promise<string> {
  return until(
    async (see) => {
      const { status } = await readStore(ref)
      see(status?.conditions)
      const condition = status?.conditions?.find((each) => each.type === type)
      return condition?.reason === reason ? condition.message : undefined
    },
    { what: `${type} to say ${reason}`, deadlineMs: 60_000 },
  )
}

describe('durability', function () {
  this.timeout(300_000)
  const store = useSharedStore()

  /** Waits until the gate of every server is the one asked for, by the servers' own word. */
  async function untilGated(ref: StoreRef, w: number, maxLagSeconds: number): Promise<void> {
    await untilSettled(ref)
    await until(
      async (see) => {
        const members = Object.values(await askMembers(store().client, ref))
        see(members)
        const isSaid = (await readStore(ref)).status?.quorum?.w === w
        return isSaid && members.every((each) => each.error === undefined && each.gate === `${w} ${maxLagSeconds}`)
      },
      { what: `w ${w} and a lag of ${maxLagSeconds} s on every server`, deadlineMs: 60_000 },
    )
  }

  it('changes live on every member, without a restart and without a lost write', async () => {
    const { ref, client } = store()
    const before = await podRuns(ref)
    const writer = await startWriter(client, { binding: ref.name })
    await writer.untilFlowing(50)
    const steps: readonly [SessionStoreSpec, w: number, lag: number][] = [
      [{ durability: { mode: 'Majority', maxLag: '4s' }, failover: { downAfter: '5s' } }, 1, 4],
      [{ durability: { mode: 'Async' } }, 0, 4],
      [{ durability: { mode: 'Bounded' } }, 1, 4],
    ]

    for (const [spec, w, lag] of steps) {
      await patchSpec(ref, spec)
      await untilGated(ref, w, lag)
    }
    await patchSpec(ref, { durability: null, failover: null })
    await untilGated(ref, 1, 2)

    await writer.untilFlowing(50)
    const summary = await writer.stop()
    const verified = await writer.verify()
    report('durability Bounded → Majority → Async → Bounded', {
      acknowledged: verified.checked,
      lost: verified.lost,
      failed: summary.failed,
    })
    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(summary.failed, 'failed writes').to.equal(0)
    expect(await podRuns(ref)).to.deep.equal(before)
  })
})

describe('durability.mode Majority of five', function () {
  this.timeout(300_000)
  const makeStore = useOwnStores('majority')

  it('bears two lost members, refuses writes without a third, and takes them again', async () => {
    const { ref, client } = await makeStore('five', { ...SMALL, replicas: 5, durability: { mode: 'Majority' } })
    const primary = (await primaryPod(ref)).metadata.name
    const others = (await serverPods(ref)).filter((pod) => pod.metadata.name !== primary)
    const [first, second, third] = others
    if (!first || !second || !third) throw new Error('Cannot freeze three members: there are fewer')
    const writer = await startWriter(client, { binding: ref.name })
    await writer.untilFlowing(50)

    await signalServer(first, 'STOP')
    await signalServer(second, 'STOP')
    await untilReason(ref, 'ReplicationHealthy', 'MembersMissing')
    await writer.untilFlowing(500)
    await signalServer(third, 'STOP')
    const message = await untilReason(ref, 'Available', 'WritesRefused')
    const refused = (await readStore(ref)).status

    for (const pod of [first, second, third]) await signalServer(pod, 'CONT')
    await writer.untilFlowing(50, 120_000)
    await untilAgreed(client, ref)
    await writer.stop()
    const verified = await writer.verify()

    expect(message).to.match(/needed for a write; bring the missing members back, or set spec\.durability/)
    expect(refused).to.deep.include({ primary, quorum: { n: 5, w: 2 } })
    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
  })
})

describe('failover.mode Manual', function () {
  this.timeout(300_000)
  const makeStore = useOwnStores('manual')
  let store: TestStore
  before(async () => {
    store = await makeStore('manual', { ...SMALL, failover: { mode: 'Manual' } })
  })

  it('still moves the primary off a pod that is deleted, and loses nothing', async () => {
    const { ref, client } = store
    const primary = await primaryPod(ref)
    const writer = await startWriter(client, { binding: ref.name, retries: true })
    await writer.untilFlowing(50)

    await deletePod(primary)
    await untilAnotherPrimary(ref, primary)
    await untilAgreed(client, ref)

    await writer.untilFlowing(50)
    await writer.stop()
    expect((await writer.verify()).lost, 'acknowledged writes lost').to.equal(0)
  })

  it('promotes nobody while the primary hangs, and goes on with it', async () => {
    const { ref, client } = store
    const primary = await primaryPod(ref)
    const { epoch } = (await readStore(ref)).status ?? {}

    await signalServer(primary, 'STOP')
    const message = await untilReason(ref, 'Stalled', 'ManualFailover')
    await signalServer(primary, 'CONT')
    await untilAgreed(client, ref)

    expect(message).to.include('set spec.failover.mode to Operator')
    expect((await readStore(ref)).status).to.include({ primary: primary.metadata.name, epoch })
  })

  it('promotes once the mode is Operator', async () => {
    const { ref, client } = store
    const primary = await primaryPod(ref)
    const { epoch } = (await readStore(ref)).status ?? {}

    await signalServer(primary, 'KILL')
    await untilReason(ref, 'Stalled', 'ManualFailover')
    await patchSpec(ref, { failover: { mode: 'Operator' } })
    await untilAgreed(client, ref, { afterEpoch: epoch ?? 0 })

    expect((await readStore(ref)).status?.primary).to.not.equal(primary.metadata.name)
  })
})

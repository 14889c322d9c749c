import { expect } from 'chai'
import { SESSION_STORES, type SessionStore, type SessionStoreSpec } from '../../src/api/v1alpha1/sessionstore.ts'
import type { Condition } from '../../src/kube/types.ts'
import { mergePatch } from '../support/cluster/api.ts'
import { type ClientPod, execJson, startClientPod } from '../support/cluster/client.ts'
import { askMembers, type Member } from '../support/cluster/members.ts'
import { savingOnError, useNamespace } from '../support/cluster/namespace.ts'
import { report } from '../support/cluster/report.ts'
import { applyStore, podRuns, readStore, type StoreRef, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

const MI = 1024 ** 2

/** What a fill came to (test/cluster/client/fill.mjs). */
type Filled = Readonly<{
  /** Sessions that were there before the first eviction, or the first refused write. */
  fit: number
  written: number
  refused: Readonly<Record<string, number>>
  evicted: number
  usedBytes: number
  rssBytes: number
  maxMemoryBytes: number
  connections: number
  failedConnections: number
}>

type Case = Readonly<{ sessions: number; connections: number; spec?: SessionStoreSpec }>

const CASES = {
  'valkey-100': { sessions: 100, connections: 300 },
  'valkey-1000': { sessions: 1000, connections: 1000 },
  'valkey-50000': { sessions: 50_000, connections: 300 },
  'redis-8': { sessions: 1000, connections: 300, spec: { engine: 'Redis', version: '8.0' } },
  'redis-7': { sessions: 1000, connections: 300, spec: { engine: 'Redis', version: '7.0' } },
} as const satisfies Readonly<Record<string, Case>>

function fill(client: ClientPod, name: string, options: object): Promise<Filled> {
  return execJson(client, ['node', '/client/fill.mjs', name, JSON.stringify({ averageSize: 1024, ...options })])
}

function conditionsOf({ status }: SessionStore): readonly Condition[] {
  return (status?.conditions ?? []) as readonly Condition[]
}

function messageOf(store: SessionStore, type: string): string | undefined {
  return conditionsOf(store).find((condition) => condition.type === type)?.message
}

async function untilSays(ref: StoreRef, ...wanted: readonly string[]): Promise<SessionStore> {
  return until(
    async (see) => {
      const store = await readStore(ref)
      see(store.status)
      const said = new Set(conditionsOf(store).map(({ type, status, reason }) => `${type} ${status} ${reason}`))
      return wanted.every((each) => said.has(each)) && store
    },
    { what: `${ref.name} to say ${wanted.join(', ')}`, deadlineMs: 90_000 },
  )
}

/** Resident memory of each member, in percent of its limit. */
function residentPercent(store: SessionStore, members: Readonly<Record<string, Member>>): number {
  const limitMi = Number(/^(\d+)Mi$/.exec(String(store.status?.capacity?.limit))?.[1])
  const resident = Object.values(members).map((member) => (member.error === undefined ? member.rssBytes : Number.NaN))
  return Math.round((100 * Math.max(...resident)) / (limitMi * MI))
}

describe('a store that is filled beyond what it was made for', function () {
  this.timeout(360_000)
  const namespace = useNamespace('capacity')
  const names = Object.keys(CASES) as (keyof typeof CASES)[]
  let client: ClientPod

  before(async () => {
    await savingOnError('stores to fill', namespace, async () => {
      await Promise.all(
        names.map((name) => {
          const { sessions, connections, spec = {} }: Case = CASES[name]
          const capacity = { sessions, averageSize: '1Ki', connections }
          return applyStore({ namespace, name }, { ...spec, capacity, replicas: name.startsWith('redis') ? 1 : 3 })
        }),
      )
      await Promise.all(names.map((name) => untilSettled({ namespace, name })))
      client = await startClientPod({ namespace, bindings: names })
    })
  })

  for (const name of names) {
    it(`${name} holds what it was made for, then evicts, and refuses nobody and ends never`, async () => {
      const ref = { namespace, name }
      const { sessions, connections } = CASES[name]
      const before = await podRuns(ref)

      const filled = await fill(client, name, { connections, until: 'evicted', keep: true })
      const store = await untilSays(ref, 'NearCapacity True Evicting', 'Ready True WriteSucceeded')
      const members = await askMembers(client, ref)

      const percent = residentPercent(store, members)
      const { fit, written, evicted, usedBytes, maxMemoryBytes } = filled
      report(`fill ${name}`, {
        declared: sessions,
        fit,
        written,
        evicted,
        connections: filled.connections,
        maxMemoryMi: Math.round(maxMemoryBytes / MI),
        usedMi: Math.round(usedBytes / MI),
        limit: String(store.status?.capacity?.limit),
        residentPercentOfLimit: percent,
      })
      expect(filled).to.include({ connections, failedConnections: 0 })
      expect(fit).to.be.at.least(sessions)
      expect(evicted).to.be.above(0)
      expect(filled.refused).to.deep.equal({})
      expect(percent).to.be.below(100)
      expect(await podRuns(ref)).to.deep.equal(before)
    })
  }
})

describe('a store that evicts nothing', function () {
  this.timeout(300_000)
  const namespace = useNamespace('capacity-full')
  const ref = { namespace, name: 'shop' }
  let client: ClientPod

  before(async () => {
    await savingOnError('a store to fill', namespace, async () => {
      const capacity = { sessions: 1000, averageSize: '1Ki', connections: 100 }
      await applyStore(ref, { replicas: 1, eviction: 'noeviction', capacity })
      await untilSettled(ref)
      client = await startClientPod({ namespace, bindings: [ref.name] })
    })
  })

  async function patchCapacity(capacity: object): Promise<void> {
    await mergePatch(SESSION_STORES, ref, { body: { spec: { capacity } } })
  }

  it('refuses writes by name when it is full, says so, and takes them again when it has grown', async () => {
    const before = await podRuns(ref)
    const [filled, full] = await Promise.all([
      fill(client, ref.name, { until: 'refused', keep: true, holdMs: 30_000 }),
      untilSays(ref, 'NearCapacity True Full', 'Available False WritesRefused', 'Ready False WriteFailed'),
    ])

    await patchCapacity({ sessions: null, averageSize: null, maxMemory: '128Mi' })
    await untilSays(ref, 'NearCapacity False Enough', 'Available True PrimaryServing')
    await untilSettled(ref)

    expect(filled.fit).to.be.at.least(1000)
    expect(Object.keys(filled.refused)).to.deep.equal(['OOM'])
    expect(messageOf(full, 'Available')).to.contain('noeviction').and.contain('raise spec.capacity')
    expect(await podRuns(ref)).to.deep.equal(before)
  })

  it('shrinks only when what it holds fits, says so, and takes nothing away for it', async () => {
    const keys = async (): Promise<number> => {
      const [member] = Object.values(await askMembers(client, ref))
      return member?.error === undefined ? (member?.keys ?? 0) : 0
    }
    await fill(client, ref.name, { until: 'refused', most: 20_000, keep: true })
    const before = await keys()
    await patchCapacity({ maxMemory: '64Mi' })
    const waiting = await untilSays(ref, 'Reconciling True Applying')
    const during = await keys()
    const [member] = Object.values(await askMembers(client, ref))

    await patchCapacity({ maxMemory: '128Mi' })
    await untilSettled(ref)

    expect(during).to.equal(before)
    expect(member).to.include({ maxMemoryBytes: 128 * MI, evictedKeys: 0 })
    expect(messageOf(waiting, 'Reconciling')).to.contain('more is stored')
  })
})

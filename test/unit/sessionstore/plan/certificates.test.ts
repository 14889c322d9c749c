import { expect } from 'chai'
import fc from 'fast-check'
import type { ClientAuth } from '../../../../src/api/v1alpha1/defaults.ts'
import {
  type CertificateInputs,
  type CertificateStep,
  type CertificateWrite,
  type HeldFacts,
  planCertificates,
  SPREAD_MS,
} from '../../../../src/sessionstore/plan/certificates.ts'

const NOW_MS = 1_000_000_000
const DAY_MS = 86_400_000

const held: HeldFacts = {
  leafId: 'leaf',
  leafRootId: 'own',
  leafNotAfterMs: NOW_MS + 60 * DAY_MS,
  isLeafDue: false,
  clientRootId: 'own',
  isClientDue: false,
  trustIds: ['own'],
  clientAuth: 'None',
}
const well: CertificateInputs = {
  nowMs: NOW_MS,
  ownId: 'own',
  held,
  knownIds: [],
  source: { kind: 'Own' },
  clientAuth: 'None',
  isSpread: true,
}
const kept: CertificateWrite = {
  kind: 'write',
  leaf: 'held',
  client: 'held',
  trustIds: ['own'],
  since: 'none',
  clientAuth: 'None',
}
const company = { kind: 'Given', leafId: 'c-leaf', rootId: 'c-root', anchorIds: ['c-root'] } as const
const both = ['own', 'c-root']
const spreading = { ...held, sinceMs: NOW_MS, trustIds: both }
const wait = { kind: 'wait', dueMs: NOW_MS + SPREAD_MS } as const
const { held: _, ...fresh } = well

function of(change: Partial<CertificateInputs>, heldChange: Partial<HeldFacts> = {}): CertificateInputs {
  return { ...well, held: { ...held, ...heldChange }, ...change }
}

const rows: readonly [what: string, inputs: CertificateInputs, want: CertificateStep][] = [
  ['does nothing in a store that is well', well, { kind: 'none' }],
  ['makes everything at once for a new store', fresh, { ...kept, leaf: 'issue', client: 'issue' }],
  [
    'asks for certificates from the first moment of a new store',
    { ...fresh, clientAuth: 'Require' },
    { ...kept, leaf: 'issue', client: 'issue', clientAuth: 'Require' },
  ],
  [
    'presents a given certificate in a new store, and trusts its root',
    { ...fresh, source: company },
    { ...kept, leaf: 'given', client: 'issue', trustIds: both },
  ],
  ['waits with a new store for a certificate to come', { ...fresh, source: { kind: 'Absent' } }, { kind: 'none' }],
  [
    'keeps trusting what applications trust when its Secret is lost',
    { ...fresh, knownIds: ['old', 'own'] },
    { ...kept, leaf: 'issue', client: 'issue', trustIds: ['own', 'old'], since: 'now' },
  ],
  ['renews at once what is due', of({}, { isLeafDue: true }), { ...kept, leaf: 'issue' }],
  [
    'renews at once also while a member is away',
    of({ isSpread: false }, { isLeafDue: true }),
    { ...kept, leaf: 'issue' },
  ],
  ['renews its client certificate', of({}, { isClientDue: true }), { ...kept, client: 'issue' }],
  [
    'adds the client certificate that older operators did not make',
    of({}, { clientRootId: undefined as never }),
    { ...kept, client: 'issue' },
  ],
  [
    'first trusts the authority of a certificate to come',
    of({ source: company }),
    { ...kept, trustIds: both, since: 'now' },
  ],
  [
    'waits until that is spread',
    { ...of({ source: company, isSpread: false }), held: { ...spreading, sinceMs: 0 } },
    { kind: 'wait', dueMs: SPREAD_MS },
  ],
  ['waits for applications to read it', { ...of({ source: company }), held: spreading }, wait],
  [
    'then presents it',
    { ...of({ source: company, nowMs: wait.dueMs }), held: spreading },
    { ...kept, leaf: 'given', trustIds: both, since: 'now' },
  ],
  [
    'does not wait when what is presented has a day left',
    { ...of({ source: company }), held: { ...spreading, leafNotAfterMs: NOW_MS + DAY_MS - 1 } },
    { ...kept, leaf: 'given', trustIds: both, since: 'now' },
  ],
  [
    'presents a renewed one of the same authority at once',
    of({ source: company }, { leafId: 'before', leafRootId: 'c-root', trustIds: both }),
    { ...kept, leaf: 'given', trustIds: both },
  ],
  [
    'keeps the last good one while there is none',
    of({ source: { kind: 'Absent' } }, { leafId: 'c', leafRootId: 'c-root', trustIds: both, isLeafDue: true }),
    { kind: 'none' },
  ],
  [
    'goes back to its own certificate, and trusts the other one until that is spread',
    of({}, { leafId: 'c', leafRootId: 'c-root', trustIds: both }),
    { ...kept, leaf: 'issue', trustIds: both, since: 'now' },
  ],
  ['then no longer trusts it', { ...of({ nowMs: wait.dueMs }), held: spreading }, kept],
  [
    'introduces a new authority before it signs',
    of({ ownId: 'new' }),
    { ...kept, trustIds: ['own', 'new'], since: 'now' },
  ],
  [
    'takes client certificates without demanding them at first',
    of({ clientAuth: 'Require' }),
    { ...kept, since: 'now', clientAuth: 'Optional' },
  ],
  [
    'demands them when every binding had the time to read its own',
    of({ clientAuth: 'Require', nowMs: wait.dueMs }, { clientAuth: 'Optional', sinceMs: NOW_MS }),
    { ...kept, clientAuth: 'Require' },
  ],
  [
    'gives a demand its own time in the middle of another change',
    { ...of({ clientAuth: 'Require' }), held: spreading },
    { ...kept, trustIds: both, since: 'now', clientAuth: 'Optional' },
  ],
  ['takes a demand back at once', of({ isSpread: false }, { clientAuth: 'Require' }), kept],
  [
    'takes a demand back in the middle of another change',
    { ...of({ isSpread: false }), held: { ...spreading, clientAuth: 'Optional' } },
    { ...kept, trustIds: both, since: 'keep' },
  ],
]

type Goal = Omit<CertificateInputs, 'nowMs' | 'held' | 'isSpread' | 'knownIds'>

const SERVERS = [0, 1, 2]

/** A store between its Secret, the servers and the applications, each of which may lag behind. */
class World {
  held: HeldFacts | undefined
  nowMs = NOW_MS
  steps = 0
  /** What a server presents and trusts; another one may have it newer. */
  readonly servers: { rootId: string; trustIds: readonly string[] }[] = []
  application: readonly string[] = []

  get isSpread(): boolean {
    const { held: now } = this
    return this.servers.every(({ rootId, trustIds }) => rootId === now?.leafRootId && trustIds === now.trustIds)
  }

  plan(goal: Goal): CertificateStep {
    const facts = { ...goal, nowMs: this.nowMs, knownIds: [], isSpread: this.isSpread }
    return planCertificates(this.held ? { ...facts, held: this.held } : facts)
  }

  write(step: CertificateWrite, goal: Goal): void {
    const given = goal.source.kind === 'Given' ? goal.source : { leafId: 'own-leaf', rootId: goal.ownId }
    const fresh = {
      leafId: step.leaf === 'given' ? given.leafId : `of ${goal.ownId}`,
      leafRootId: step.leaf === 'given' ? given.rootId : goal.ownId,
    }
    const before = this.held
    const leaf = step.leaf === 'held' && before ? before : fresh
    const sinceMs = { now: this.nowMs, keep: before?.sinceMs, none: undefined }[step.since]
    this.held = {
      ...held,
      leafId: leaf.leafId,
      leafRootId: leaf.leafRootId,
      ...(step.client === 'issue'
        ? { clientRootId: goal.ownId }
        : before?.clientRootId && { clientRootId: before.clientRootId }),
      leafNotAfterMs: Number.MAX_SAFE_INTEGER,
      trustIds: step.trustIds,
      ...(sinceMs !== undefined && { sinceMs }),
      clientAuth: step.clientAuth,
    }
  }

  read(): void {
    this.application = this.held?.trustIds ?? []
  }

  /** Who meets an authority that they do not trust. */
  strangers(): string | undefined {
    for (const { rootId } of this.servers) {
      if (this.servers.some(({ trustIds }) => !trustIds.includes(rootId))) return `a replica meets ${rootId}`
      if (this.application.length > 0 && !this.application.includes(rootId)) return `an application meets ${rootId}`
    }
    return undefined
  }

  /** The kubelet and the operator bring what is written to one server. */
  load(index: number): void {
    if (this.held) this.servers[index] = { rootId: this.held.leafRootId, trustIds: this.held.trustIds }
  }
}

describe('planCertificates()', () => {
  for (const [what, inputs, want] of rows) {
    it(what, () => {
      expect(planCertificates(inputs)).to.deep.equal(want)
    })
  }

  it('gets from anywhere to anywhere, and nobody ever meets an authority that they were not told of', () => {
    const source = fc.constantFrom({ kind: 'Own' } as const, company, {
      ...company,
      leafId: 'd',
      rootId: 'd-root',
      anchorIds: ['d-root', 'd-2'],
    })
    const goal = fc.record({
      ownId: fc.constantFrom('own', 'new'),
      source,
      clientAuth: fc.constantFrom<ClientAuth>('None', 'Optional', 'Require'),
    })
    const order = fc.array(fc.nat({ max: 3 }), { maxLength: 30 })
    fc.assert(
      fc.property(goal, goal, goal, order, order, (first, second, third, early, late) => {
        const world = new World()
        // Goals change at any moment; the process that goes on knows nothing but the Secret.
        const met = run(world, first, early) ?? run(world, second, late) ?? run(world, third, TO_THE_END)

        expect(met).to.equal(undefined)
        const { held: end } = world
        const trusted = third.source.kind === 'Given' ? [third.ownId, ...third.source.anchorIds] : [third.ownId]
        expect(new Set(end?.trustIds)).to.deep.equal(new Set(trusted))
        expect(end?.leafRootId).to.equal(third.source.kind === 'Given' ? third.source.rootId : third.ownId)
        expect(end?.clientRootId).to.equal(third.ownId)
        expect(end?.clientAuth).to.equal(third.clientAuth)
        expect(end?.sinceMs).to.equal(undefined)
      }),
      { numRuns: 200 },
    )
  })
})

/** One move of the world: the operator, a server, time, an application. */
const MOVES: readonly ((world: World, goal: Goal) => void)[] = [
  (world, goal) => {
    const step = world.plan(goal)
    if (step.kind === 'write') world.write(step, goal)
    if (world.servers.length === 0) for (const index of SERVERS) world.load(index)
  },
  (world) => {
    world.steps += 1
    world.load(world.steps % SERVERS.length)
  },
  (world) => {
    world.nowMs += SPREAD_MS / 2
  },
  (world) => world.read(),
]
const TO_THE_END = Array.from({ length: 60 }, () => [0, 1, 1, 1, 2, 3]).flat()

/** What goes wrong on the way; undefined when nothing does. */
function run(world: World, goal: Goal, order: readonly number[]): string | undefined {
  for (const move of order) {
    MOVES[move]?.(world, goal)
    // An application reads its Secret within the time it has.
    if (world.nowMs - (world.held?.sinceMs ?? 0) >= SPREAD_MS) world.read()
    const strangers = world.strangers()
    if (strangers) return strangers
  }
  return undefined
}

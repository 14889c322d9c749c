import { inspect } from 'node:util'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { SESSION_BINDINGS } from '../../../src/api/v1alpha1/sessionbinding.ts'
import {
  SESSION_STORES,
  type SessionStore,
  type SessionStoreSpec,
  sessionStoreKind,
} from '../../../src/api/v1alpha1/sessionstore.ts'
import * as builtIn from '../../../src/kube/resources.ts'
import type { Resource } from '../../../src/kube/types.ts'
import { usedHeapBytes } from '../../support/heap.ts'
import { adminAccess, deleteAll, TEST_MANAGER } from '../../support/kube.ts'
import { storeExamples } from '../../support/random/examples.ts'
import { judgeOutcome } from '../../support/random/judge.ts'
import { type Corpus, readCorpus } from '../../support/schema/corpus.ts'
import { randomSpec, updatedSpec } from '../../support/schema/specs.ts'
import { releaseClaims } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { StandIn } from '../../support/sessionstore/standin.ts'
import { createClass, dropClasses } from '../../support/sessionstore/volumes.ts'
import { type Random, randomOf } from '../../support/topology/world/random.ts'
import { until } from '../../support/until.ts'
import { outcomeOf } from '../api/cluster.ts'

/** `RANDOM_STORES=2000` for a long run, `RANDOM_FROM` for other seeds. */
const COUNT = Number(process.env['RANDOM_STORES'] ?? 500)
const SEED = Number(process.env['RANDOM_FROM'] ?? 1)
const HUNDRED = 100
/** Stores that are there at the same time. */
const BATCH = 25
/** More than the operator needs for the costliest of them, and far less than a loop makes in the time of a batch. */
const MOST_REQUESTS_OF_A_STORE = 150
const MOST_RECONCILES_OF_A_STORE = 80
const MOST_RECONCILES_AT_REST = 5
const HEAP_GROWTH_BYTES = 24 * 1024 ** 2

type Spec = Readonly<Record<string, unknown>>
/** `before`: the spec that was changed into this one. */
type Case = Readonly<{ name: string; seed: number; spec: Spec; before?: Spec; random: Random }>

/** Fails with the seed and the spec to try again by hand. */
function failWith({ name, seed, spec, before }: Case, why: string): never {
  const metadata = { name }
  const { apiVersion, kind } = SESSION_STORES
  const steps = [...(before ? [before] : []), spec].map((each) => stringify({ apiVersion, kind, metadata, spec: each }))
  throw new Error(`seed ${seed}: ${why}\n${steps.join('--- # and then\n')}`)
}

/** Where the operator has brought a store; undefined while it is on its way. */
function endOf(store: SessionStore): string | undefined {
  const { status, metadata } = store
  if (status?.observedGeneration !== metadata.generation) return undefined
  const [stalled, reconciling, ready] = ['Stalled', 'Reconciling', 'Ready'].map((type) => conditionOf(store, type))
  if (stalled?.status === 'True') return `Stalled ${stalled.reason}`
  // Two minutes are given to applications: all that servers need has been done.
  if (reconciling?.message.includes('applications have until')) return 'Waiting for applications'
  if (reconciling?.status !== 'False') return undefined
  if (reconciling.reason === 'Suspended') return 'Suspended'
  return ready?.status === 'True' ? 'Ready' : undefined
}

describe(`${COUNT} random SessionStores from seed ${SEED}`, function () {
  this.timeout(300_000)
  let stage: Stage
  let standIn: StandIn
  let corpus: Corpus
  const admitted: Case[] = []
  const updates = { accepted: 0, refused: 0 }
  const ends: Record<string, number> = {}
  const handedOn = new Set<string>()
  const heapBytes: number[] = []
  const requestsOfBatches: number[] = []
  const reconcilesOfBatches: number[] = []

  before(async () => {
    corpus = readCorpus('spec', sessionStoreKind.spec, await storeExamples())
    stage = await Stage.open()
    const { client, servers } = stage
    await dropClasses(client)
    await createClass(client, 'standard', { isDefault: true, canExpand: true })
    standIn = new StandIn({ client, servers, caches: () => stage.rig.caches })
  })

  after(async () => {
    await standIn.stop()
    await dropClasses(stage.client)
    await stage.close()
  })

  function caseOf(seed: number): Case {
    const random = randomOf(seed)
    return { name: `random-${seed}`, seed, spec: randomSpec(sessionStoreKind.spec, { random, corpus }), random }
  }

  async function isAdmitted(each: Case): Promise<boolean> {
    const outcome = await outcomeOf(stage.createStore(each.name, each.spec as SessionStoreSpec))
    const wrong = judgeOutcome(sessionStoreKind, each.spec, outcome)
    return wrong ? failWith(each, wrong) : outcome === 'accepted'
  }

  /** The spec of now changed a bit, or another one altogether. */
  async function update(each: Case): Promise<Case> {
    const spec = updatedSpec(sessionStoreKind.spec, each.spec, { random: each.random, corpus })
    const body = [{ op: 'replace', path: '/spec', value: spec }]
    const change = { kind: 'json', body, fieldManager: TEST_MANAGER } as const
    const outcome = await outcomeOf(stage.client.patch(SESSION_STORES, stage.ref(each.name), change))
    const wrong = judgeOutcome(sessionStoreKind, spec, outcome)
    const updated = { ...each, spec, before: each.spec }
    if (wrong) failWith(updated, wrong)
    updates[outcome === 'accepted' ? 'accepted' : 'refused'] += 1
    return outcome === 'accepted' ? updated : each
  }

  /** What is handed on as it is (a selector of a pod, say) is judged by the API server; the condition says where it is wrong. */
  function handOn(each: Case, message: string): void {
    if (!/\bspec\.[\w.[\]-]+(: | is )/.test(message)) failWith(each, `InvalidConfig names no field: ${message}`)
    handedOn.add(each.name)
  }

  async function awaitEnd(each: Case): Promise<string> {
    try {
      const store = await until(
        async (see) => {
          const now = await stage.store(each.name)
          see(now.status)
          return endOf(now) !== undefined && now
        },
        { what: 'an end of the reconciles', deadlineMs: 90_000, everyMs: 100 },
      )
      const stalled = conditionOf(store, 'Stalled')
      if (stalled?.reason === 'InvalidConfig') handOn(each, stalled.message)
      // A change of the spec never costs a store its primary; but servers of the stand-in come back empty, on volumes too.
      const { mode = 'None' } = (each.spec['persistence'] ?? {}) as { mode?: string }
      if (stalled?.reason === 'FailoverBlocked' && mode === 'None') failWith(each, stalled.message)
      return endOf(store) ?? ''
    } catch (error) {
      return failWith(each, String(error))
    }
  }

  /** What waits for a person looks for what has changed; the others ask for nothing. */
  async function checkRest(cases: readonly Case[], stalled: readonly string[]): Promise<void> {
    await stage.rig.settle()
    stage.takeRequests()
    const before = stage.reconciles
    for (const { name } of cases) stage.rig.wake(`${stage.namespace}/${name}`)
    await stage.rig.settle()
    const isAbout = (names: Iterable<string>, request: string): boolean =>
      [...names].some((name) => new RegExp(`\\b${name}\\b`).test(request))
    // A look for what a store waits for; what the API server refused is tried again when the store is woken.
    const isLook = (request: string): boolean =>
      (request.startsWith('get ') && isAbout(stalled, request)) || isAbout(handedOn, request)
    expect(
      stage.takeRequests().filter((request) => !isLook(request)),
      'requests at rest',
    ).to.deep.equal([])
    expect((stage.reconciles - before) / cases.length, 'reconciles of a store at rest').to.be.at.most(
      MOST_RECONCILES_AT_REST,
    )
  }

  /** What a batch cost, and that it left no error. */
  function account(cases: readonly Case[], reconciles: number): void {
    const requests = stage.takeRequests().length / cases.length
    requestsOfBatches.push(requests)
    reconcilesOfBatches.push(reconciles / cases.length)
    expect(requests, 'requests of a store').to.be.at.most(MOST_REQUESTS_OF_A_STORE)
    expect(reconciles / cases.length, 'reconciles of a store').to.be.at.most(MOST_RECONCILES_OF_A_STORE)
    const errors = stage.rig.log.lines.splice(0).filter(({ level }) => level === 'error')
    const isOf = (name: string, line: object): boolean => inspect(line, { depth: 4 }).includes(`/${name}'`)
    const unexpected = errors.filter((line) => ![...handedOn].some((name) => isOf(name, line)))
    for (const each of cases) {
      const own = unexpected.find((line) => isOf(each.name, line))
      if (own) failWith(each, `${own.message}: ${inspect(own.fields)}`)
    }
    expect(unexpected, 'errors in the log').to.deep.equal([])
  }

  async function clear(): Promise<void> {
    const kinds = Object.values(builtIn).filter((each) => typeof each === 'object' && each.namespaced) as Resource[]
    const access = await adminAccess()
    await deleteAll(access, stage.namespace, [SESSION_STORES, SESSION_BINDINGS])
    await until(() => stage.rig.caches.stores.size === 0, { what: 'no stores', deadlineMs: 10_000 })
    await releaseClaims(stage.client, stage.namespace)
    await deleteAll(access, stage.namespace, kinds)
    await stage.rig.settle()
    stage.servers.endAll()
    stage.rig.events.splice(0)
    stage.takeRequests()
  }

  async function runBatch(seeds: readonly number[]): Promise<void> {
    const before = stage.reconciles
    const cases: Case[] = []
    for (const each of seeds.map(caseOf)) if (await isAdmitted(each)) cases.push(each)
    admitted.push(...cases)
    await Promise.all(cases.map(awaitEnd))
    const updated = await Promise.all(cases.map(update))
    const reached = await Promise.all(updated.map(awaitEnd))
    for (const end of reached) ends[end] = (ends[end] ?? 0) + 1
    account(updated, stage.reconciles - before)
    const stalled = updated.filter((_, index) => reached[index]?.startsWith('Stalled')).map(({ name }) => name)
    await checkRest(updated, stalled)
    await clear()
  }

  for (let first = 0; first < COUNT; first += HUNDRED) {
    const seeds = Array.from({ length: Math.min(HUNDRED, COUNT - first) }, (_, index) => SEED + first + index)

    it(`${first + 1} to ${first + seeds.length}: refused by name or brought to an end, at rest, without a leak`, async () => {
      for (let at = 0; at < seeds.length; at += BATCH) await runBatch(seeds.slice(at, at + BATCH))

      heapBytes.push(usedHeapBytes())
      expect((heapBytes.at(-1) ?? 0) - (heapBytes[0] ?? 0), 'growth of the heap').to.be.at.most(HEAP_GROWTH_BYTES)
    })
  }

  it('are admitted and changed often enough to mean something', () => {
    console.log(
      `      ${admitted.length} of ${COUNT} admitted; updates ${JSON.stringify(updates)}; ends ${JSON.stringify(ends)}`,
    )
    const most = (list: readonly number[]): number => Math.round(Math.max(...list))
    console.log(
      `      at most ${most(requestsOfBatches)} requests and ${most(reconcilesOfBatches)} reconciles of a store; heap ${heapBytes.map((bytes) => Math.round(bytes / 1024 ** 2))} MiB`,
    )
    expect(admitted.length).to.be.at.least(COUNT / 4)
    expect(updates.accepted).to.be.at.least(admitted.length / 4)
    expect(handedOn.size, 'refused only by the API server').to.be.at.most(admitted.length / 10)
    expect(ends['Ready']).to.be.at.least(admitted.length / 2)
  })
})

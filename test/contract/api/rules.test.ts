import { expect } from 'chai'
import type { KindSchema } from '../../../src/api/kind.ts'
import { SESSION_BINDINGS, sessionBindingKind } from '../../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES, sessionStoreKind } from '../../../src/api/v1alpha1/sessionstore.ts'
import { rulesOf } from '../../../src/api/walk.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { KubeObject, Resource } from '../../../src/kube/types.ts'
import { contractClient, endNamespace, FIELD_MANAGER, installKind, newNamespace, outcomeOf } from './cluster.ts'
import { SESSION_BINDING_ROWS } from './rows/binding.ts'
import { ACTS, type Act, type Attempt, type RowsOfRule } from './rows/row.ts'
import { SESSION_STORE_ROWS } from './rows.ts'

type Suite = Readonly<{ kind: KindSchema; resource: Resource; rows: Readonly<Record<string, RowsOfRule>> }>

const suites: readonly Suite[] = [
  { kind: sessionStoreKind, resource: SESSION_STORES, rows: SESSION_STORE_ROWS },
  { kind: sessionBindingKind, resource: SESSION_BINDINGS, rows: SESSION_BINDING_ROWS },
]

let client: KubeClient
let namespace: string
let count = 0

async function create(resource: Resource, name: string, spec: unknown): Promise<KubeObject> {
  const { apiVersion, kind } = resource
  const object = { apiVersion, kind, metadata: { namespace, name }, spec }
  return await client.create(resource, object as KubeObject, { fieldManager: FIELD_MANAGER })
}

/** Replaces the whole spec, so that what `to` does not name is removed. */
async function replaceSpec(resource: Resource, name: string, spec: unknown): Promise<void> {
  const body = [{ op: 'replace', path: '/spec', value: spec }]
  await client.patch(resource, { namespace, name }, { kind: 'json', body, fieldManager: FIELD_MANAGER })
}

async function scale(resource: Resource, name: string, replicas: number): Promise<void> {
  const body = { spec: { replicas } }
  const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, subresource: 'scale' } as const
  await client.patch(resource, { namespace, name }, options)
}

/** Says in the status what size the volumes of a store have. */
async function report(resource: Resource, name: string, size: string): Promise<void> {
  const body = { status: { effective: { persistence: { mode: 'AOF', size } } } }
  const options = { kind: 'merge', body, fieldManager: FIELD_MANAGER, subresource: 'status' } as const
  await client.patch(resource, { namespace, name }, options)
}

/** Tries it and deletes what it made: on a cluster with an operator each accepted store would become pods. */
async function attemptOutcome(resource: Resource, { name, from, to, inForce }: Attempt): Promise<string> {
  count += 1
  const called = name ?? `row-${count}`
  if (from !== undefined) await create(resource, called, from)
  if (inForce !== undefined) await report(resource, called, inForce)
  const outcome = await outcomeOf(act(resource, called, { from, to }))
  if (from !== undefined || outcome === 'accepted') await client.delete(resource, { namespace, name: called })
  return outcome
}

async function act(
  resource: Resource,
  name: string,
  { from, to }: Pick<Attempt, 'to'> & { from: unknown },
): Promise<void> {
  if (from === undefined) await create(resource, name, to)
  else if (typeof to === 'number') await scale(resource, name, to)
  else await replaceSpec(resource, name, to)
}

/** The messages of the kind's rules that an outcome carries, by the name of the rule. */
function rulesIn(kind: KindSchema, outcome: string): readonly string[] {
  return rulesOf(kind)
    .filter(({ rule }) => outcome.includes(rule.message))
    .map(({ rule }) => rule.name)
}

describe('rules of the schemas', () => {
  before(async () => {
    client = await contractClient()
    for (const { kind } of suites) await installKind(client, kind)
    namespace = await newNamespace(client)
  })
  after(async () => await endNamespace(client, namespace))

  for (const { kind, resource, rows } of suites) {
    describe(kind.kind, () => {
      it('has rows for each rule and for no other', () => {
        // A rule of a schema that stands in several places is one rule.
        const names = new Set(rulesOf(kind).map(({ rule }) => rule.name))
        expect(Object.keys(rows).sort()).to.deep.equal([...names].sort())
      })

      for (const [rule, acts] of Object.entries(rows)) {
        it(`${rule} refuses something`, () => {
          expect(attemptsOf(acts).some(({ attempt }) => attempt.refusedAt !== undefined)).to.equal(true)
        })
        for (const { act, attempt } of attemptsOf(acts)) {
          const { refusedAt } = attempt
          if (refusedAt === undefined) itAccepts(resource, { rule, act, attempt })
          else itRefuses({ kind, resource, rows }, { rule, act, attempt, refusedAt })
        }
      }
    })
  }
})

type Case = Readonly<{ rule: string; act: Act; attempt: Attempt }>

function itAccepts(resource: Resource, { rule, act, attempt }: Case): void {
  it(`${rule} accepts ${act}: ${describeAttempt(attempt)}`, async () => {
    expect(await attemptOutcome(resource, attempt)).to.equal('accepted')
  })
}

function itRefuses(suite: Suite, { rule, act, attempt, refusedAt }: Case & Readonly<{ refusedAt: string }>): void {
  it(`${rule} refuses ${act}: ${describeAttempt(attempt)}`, async () => {
    const outcome = await attemptOutcome(suite.resource, attempt)

    expect(rulesIn(suite.kind, outcome), outcome).to.include(rule)
    expect(outcome).to.match(new RegExp(`[ \\[]${refusedAt}: Invalid value`))
  })
}

function attemptsOf(acts: RowsOfRule): readonly Readonly<{ act: Act; attempt: Attempt }>[] {
  return ACTS.flatMap((act) => {
    const row = acts[act]
    return typeof row === 'string' ? [] : row.map((attempt) => ({ act, attempt }))
  })
}

function describeAttempt({ name, from, to, inForce }: Attempt): string {
  return [name, from && JSON.stringify(from), inForce && `volumes of ${inForce}`, JSON.stringify(to)]
    .filter(Boolean)
    .join(' → ')
}

import { expect } from 'chai'
import { createCaches } from '../../../src/caches.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import { silentLog } from '../../../src/kube/log.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import type { KubeObject, Pod, StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS, JOINED_CONDITION, LABELS } from '../../../src/resources/labels.ts'
import { type ApiContext, actDescribePods, actLabel, actMark, actRestart } from '../../../src/sessionstore/actpods.ts'

type Sent = Readonly<{ verb: string; name: string; options: Readonly<Record<string, unknown>> }>

const reader = { list: () => Promise.reject(new Error('unused')), watch: () => Promise.reject(new Error('unused')) }

function podOf(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'apps', uid: `uid-${name}`, resourceVersion: '1' },
  }
}

const set: StatefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 's', namespace: 'apps', uid: 'uid-s', resourceVersion: '5' },
}

/** A context whose API server answers every write with the next version, or with an error by name. */
function contextOf(errors: Readonly<Record<string, OperatorError>> = {}) {
  const sent: Sent[] = []
  const { caches } = createCaches({ client: reader as never, metrics: noMetrics, log: silentLog })
  async function answer(verb: string, ref: KubeObject['metadata'], options: object): Promise<KubeObject> {
    sent.push({ verb, name: ref.name, options: { ...options } })
    const error = errors[`${verb} ${ref.name}`]
    if (error) throw error
    return { ...podOf(ref.name), metadata: { ...ref, resourceVersion: '9' } }
  }
  const client = {
    get: (_: unknown, ref: Pod['metadata'], options: object) => answer('get', ref, options),
    patch: (_: unknown, ref: Pod['metadata'], options: object) => answer('patch', ref, options),
    delete: (_: unknown, ref: Pod['metadata'], options: object) => answer('delete', ref, options),
  }
  const snapshot = { pods: ['s-0', 's-1'].map(podOf), statefulSet: set, identity: { namespace: 'apps' } }
  const context = { client, caches, snapshot, signal: new AbortController().signal, nowMs: () => 0 }
  return { sent, caches, context: context as unknown as ApiContext }
}

const conflict = new OperatorError('Conflict', 'changed')
const gone = new OperatorError('NotFound', 'gone')

describe('actLabel()', () => {
  it('takes the label off the old before it puts it on the new, each over its UID', async () => {
    const { sent, context } = contextOf()

    await actLabel(context, { kind: 'label', off: ['s-0'], on: 's-1' })

    expect(sent.map(({ name, options }) => [name, options['body']])).to.deep.equal([
      ['s-0', { metadata: { uid: 'uid-s-0', labels: { [LABELS.role]: null } } }],
      ['s-1', { metadata: { uid: 'uid-s-1', labels: { [LABELS.role]: 'primary', [LABELS.readable]: null } } }],
    ])
  })

  it('labels nobody when the old one keeps its label', async () => {
    const { sent, context } = contextOf({ 'patch s-0': conflict })

    const error = await actLabel(context, { kind: 'label', off: ['s-0'], on: 's-1' }).catch((caught: unknown) => caught)

    expect(error).to.equal(conflict)
    expect(sent.map(({ name }) => name)).to.deep.equal(['s-0'])
  })

  it('goes on when the old one is gone', async () => {
    const { sent, context } = contextOf({ 'patch s-0': gone })

    await actLabel(context, { kind: 'label', off: ['s-0'], on: 's-1' })

    expect(sent.map(({ name }) => name)).to.deep.equal(['s-0', 's-1'])
  })
})

describe('actDescribePods()', () => {
  it('writes the condition by its type over the UID, and both labels in one request', async () => {
    const { sent, caches, context } = contextOf()

    await actDescribePods(context, {
      kind: 'describePods',
      pods: [{ name: 's-1', role: 'replica', isReadable: true, isJoined: true }],
    })

    const lastTransitionTime = '1970-01-01T00:00:00.000Z'
    const condition = { type: JOINED_CONDITION, status: 'True', reason: 'FollowsPrimary', lastTransitionTime }
    expect(sent.map(({ options }) => options['subresource'] ?? 'object')).to.deep.equal(['status', 'object'])
    expect(sent[0]?.options['body']).to.deep.include({ status: { conditions: [condition] } })
    expect(sent[0]?.options['body']).to.have.nested.property('metadata.uid', 'uid-s-1')
    expect(sent[1]?.options['body']).to.deep.equal({
      metadata: { uid: 'uid-s-1', labels: { [LABELS.role]: 'replica', [LABELS.readable]: 'true' } },
    })
    expect(caches.pods.get('apps/s-1')?.metadata.resourceVersion).to.equal('9')
  })

  it('sends one request where one differs', async () => {
    const { sent, context } = contextOf()

    await actDescribePods(context, { kind: 'describePods', pods: [{ name: 's-1', isJoined: false }] })

    expect(sent).to.have.length(1)
  })
})

describe('actMark()', () => {
  const step = {
    kind: 'mark',
    mark: { bootstrapped: 'u', epoch: 2, n: 3, w: 1, maxLagMs: 2000 },
    reason: 'NewEpoch',
  } as const

  it('is written over the version it was decided on, by a manager of its own', async () => {
    const { sent, context } = contextOf()

    await actMark(context, step)

    expect(sent[0]?.options).to.include({ kind: 'merge', fieldManager: 'sessionstore-operator-topology' })
    expect(sent[0]?.options['body']).to.deep.equal({
      metadata: { resourceVersion: '5', annotations: { [ANNOTATIONS.mark]: JSON.stringify(step.mark) } },
    })
  })

  it('reads the StatefulSet that changed meanwhile, so that the next round decides anew at once', async () => {
    const { sent, caches, context } = contextOf({ 'patch s': conflict })

    await actMark(context, step)

    expect(sent.map(({ verb }) => verb)).to.deep.equal(['patch', 'get'])
    expect(caches.statefulSets.get('apps/s')?.metadata.resourceVersion).to.equal('9')
  })
})

describe('actRestart()', () => {
  const step = { kind: 'restart', pod: 's-1', uid: 'uid-x', reason: 'PodBroken', gracePeriodSeconds: 5 } as const

  it('deletes that very pod', async () => {
    const { sent, context } = contextOf()

    await actRestart(context, step)

    expect(sent[0]).to.deep.include({ verb: 'delete', name: 's-1' })
    expect(sent[0]?.options).to.include({ uid: 'uid-x', gracePeriodSeconds: 5 })
  })

  for (const error of [gone, conflict]) {
    it(`is content with ${error.code}`, async () => {
      await actRestart(contextOf({ 'delete s-1': error }).context, step)
    })
  }
})

import { expect } from 'chai'
import { createCaches } from '../../../src/caches.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import { silentLog } from '../../../src/kube/log.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import type { ConfigMap, KubeObject, Pod, Resource, StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import type { Snapshot } from '../../../src/sessionstore/observe.ts'
import type { TopologyPlan } from '../../../src/sessionstore/plan/topology.ts'
import type { VolumeFacts } from '../../../src/sessionstore/plan/volumes.ts'
import { isPodOf, type Kept, keptOf, readStatefulSet } from '../../../src/sessionstore/replaced.ts'
import { replaceStatefulSet } from '../../../src/sessionstore/replaceset.ts'

const GI = 1024 ** 3
const identity = { name: 's', namespace: 'apps', uid: 'uid-store', apiVersion: 'sessionstore.dev/v1alpha1' }
const reader = { list: () => Promise.reject(new Error('unused')), watch: () => Promise.reject(new Error('unused')) }
const MARK = { [ANNOTATIONS.mark]: '{"epoch":7}', [ANNOTATIONS.runs]: '[]' }
const plan = { step: { kind: 'none' }, replicas: 1, primary: 's-0', epoch: 7 } as const satisfies TopologyPlan

function setOf(uid: string, more: object = {}, annotations: Readonly<Record<string, string>> = MARK): StatefulSet {
  const metadata = { name: 's', namespace: 'apps', uid, resourceVersion: '5', generation: 1, annotations, ...more }
  const template = { metadata: { annotations: { [ANNOTATIONS.configHash]: 'hash' } } }
  const spec = { replicas: 1, selector: {}, template }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec, status: { replicas: 1, observedGeneration: 1 } }
}

function podOf(owner: string | undefined): Pod {
  const reference = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: owner ?? '', controller: true }
  const metadata = { name: 's-0', namespace: 'apps', ...(owner !== undefined && { ownerReferences: [reference] }) }
  return { apiVersion: 'v1', kind: 'Pod', metadata }
}

const behind: VolumeFacts = {
  storeUid: identity.uid,
  wantedBytes: 2 * GI,
  defaultBytes: GI,
  memoryBytes: GI / 4,
  adoptVolumes: false,
  set: { templateBytes: GI, replicas: 1 },
  claims: [
    {
      name: 'data-s-0',
      ordinal: 0,
      isOwn: true,
      dataUid: identity.uid,
      requestedBytes: 2 * GI,
      capacityBytes: GI,
      isBound: true,
      isTerminating: false,
    },
  ],
  classes: 'unknown',
}

type World = Readonly<{ live?: StatefulSet; kept?: Kept; pod?: Pod; volumeFacts?: VolumeFacts; error?: OperatorError }>

/** One call over what there is; gives the requests it made. */
async function requestsOf(world: World, over: TopologyPlan = plan): Promise<readonly string[]> {
  const { live, kept, pod = podOf(live?.metadata.uid), volumeFacts = behind, error } = world
  const sent: string[] = []
  const { caches } = createCaches({ client: reader as never, metrics: noMetrics, log: silentLog })
  if (live) caches.statefulSets.upsert(live)
  const answer = async ({ kind }: Resource, options: object, verb: string): Promise<KubeObject> => {
    const { body, propagationPolicy, resourceVersion } = options as Record<string, unknown>
    const annotations = (body as Partial<StatefulSet> | undefined)?.metadata?.annotations ?? {}
    const changed = Object.entries(annotations).map(
      ([name, value]) => `${name.split('/')[1]}${value === null ? '-' : '+'}`,
    )
    sent.push(
      [verb, kind, ...changed, propagationPolicy, propagationPolicy && resourceVersion].filter(Boolean).join(' '),
    )
    if (error && verb === 'delete') throw error
    return { apiVersion: 'v1', kind, metadata: { name: 's', namespace: 'apps', resourceVersion: '9' } }
  }
  const client = {
    get: (resource: Resource, _: object, options: object) => answer(resource, options, 'get'),
    patch: (resource: Resource, _: object, options: object) => answer(resource, options, 'patch'),
    delete: (resource: Resource, _: object, options: object) => answer(resource, options, 'delete'),
  }
  const facts = { statefulSetReplicas: live?.spec?.replicas ?? kept?.replicas }
  const snapshot = {
    identity,
    facts,
    pods: [pod],
    volumeFacts,
    ...(live && { statefulSet: live }),
    ...(kept && { kept }),
  }
  const context = { client: client as never, caches, signal: new AbortController().signal }
  await replaceStatefulSet(context, snapshot as unknown as Snapshot, over)
  return sent
}

describe('replaceStatefulSet()', () => {
  const old = setOf('uid-old')
  const fresh = setOf('uid-new', {}, {})
  const rows: readonly [rule: string, world: World, want: readonly string[]][] = [
    [
      'rests where the template is as large as the volumes',
      { live: old, volumeFacts: { ...behind, wantedBytes: GI, claims: [] } },
      [],
    ],
    ['keeps what must outlive it before anything else', { live: old }, ['patch ConfigMap replaced-statefulset+']],
    [
      'then deletes it without its pods, over the version that was copied',
      { live: old, kept: keptOf(old) },
      ['delete StatefulSet Orphan 5'],
    ],
    [
      'reads it again when it changed meanwhile',
      { live: old, kept: keptOf(old), error: new OperatorError('Conflict', 'changed') },
      ['delete StatefulSet Orphan 5', 'get StatefulSet'],
    ],
    [
      'keeps a mark that was moved since, also of one that is leaving',
      {
        live: setOf('uid-old', { deletionTimestamp: 'now' }, { [ANNOTATIONS.mark]: '{"epoch":8}' }),
        kept: keptOf(old),
      },
      ['patch ConfigMap replaced-statefulset+'],
    ],
    ['waits for its end', { live: setOf('uid-old', { deletionTimestamp: 'now' }), kept: keptOf(old) }, []],
    ['leaves it to the pass that misses it to make it anew', { kept: keptOf(old), pod: podOf(undefined) }, []],
    [
      'gives the new one what steps wrote on the old one',
      { live: fresh, kept: keptOf(old), pod: podOf(undefined) },
      ['patch StatefulSet mark+ runs+'],
    ],
    ['waits until its pods are adopted', { live: setOf('uid-new'), kept: keptOf(old), pod: podOf(undefined) }, []],
    ['forgets the copy then', { live: setOf('uid-new'), kept: keptOf(old) }, ['patch ConfigMap replaced-statefulset-']],
    [
      'does not put an older mark over a newer one',
      { live: setOf('uid-new', {}, { ...MARK, [ANNOTATIONS.mark]: '{"epoch":9}' }), kept: keptOf(old) },
      ['patch ConfigMap replaced-statefulset-'],
    ],
  ]
  for (const [rule, world, want] of rows) it(rule, async () => expect(await requestsOf(world)).to.deep.equal(want))

  it('begins nothing while something else is on its way, and gives up what was only kept', async () => {
    const busy = { ...plan, step: { kind: 'wait', reason: 'X', message: 'x', requeueAfterMs: 1 } } as const

    expect(await requestsOf({ live: old }, busy)).to.deep.equal([])
    expect(await requestsOf({ live: old, kept: keptOf(old) }, busy)).to.deep.equal([
      'patch ConfigMap replaced-statefulset-',
    ])
  })
})

describe('readStatefulSet()', () => {
  function cachesOf(kept: Kept | undefined, live: StatefulSet | undefined, owner = identity.uid) {
    const { caches } = createCaches({ client: reader as never, metrics: noMetrics, log: silentLog })
    const ownerReferences = [{ apiVersion: 'x', kind: 'SessionStore', name: 's', uid: owner }]
    const annotations = kept ? { [ANNOTATIONS.replaced]: JSON.stringify(kept) } : {}
    const metadata = { name: 's-config', namespace: 'apps', ownerReferences, annotations }
    const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata }
    caches.configMaps.upsert(configMap)
    if (live) caches.statefulSets.upsert(live)
    return caches
  }
  const kept = keptOf(setOf('uid-old'))

  it('stands in for one that is missing: its mark, its size and its template hash', () => {
    const { statefulSet } = readStatefulSet(cachesOf(kept, undefined), identity)

    expect(statefulSet?.metadata).to.deep.include({ uid: 'uid-old', annotations: MARK })
    expect(statefulSet?.spec?.replicas).to.equal(1)
    expect(statefulSet?.spec?.template.metadata?.annotations).to.deep.equal({ [ANNOTATIONS.configHash]: 'hash' })
  })

  it('fills in what a new one lacks, and nothing over what it has', () => {
    const live = setOf('uid-new', {}, { [ANNOTATIONS.mark]: '{"epoch":9}' })
    const { statefulSet } = readStatefulSet(cachesOf(kept, live), identity)

    expect(statefulSet?.metadata.uid).to.equal('uid-new')
    expect(statefulSet?.metadata.annotations).to.deep.equal({ ...MARK, [ANNOTATIONS.mark]: '{"epoch":9}' })
  })

  it('believes no ConfigMap of another owner', () => {
    expect(readStatefulSet(cachesOf(kept, undefined, 'uid-other'), identity)).to.deep.equal({})
  })

  it('counts pods that nobody owns only while one is being replaced', () => {
    const live = setOf('uid-new')

    expect(isPodOf(podOf(undefined), live, kept)).to.equal(true)
    expect(isPodOf(podOf(undefined), live, undefined)).to.equal(false)
    expect(isPodOf(podOf('uid-old'), live, kept)).to.equal(true)
    expect(isPodOf(podOf('uid-else'), live, kept)).to.equal(false)
  })
})

import { expect } from 'chai'
import { effectiveSpec, type PodTemplate } from '../../../src/api/v1alpha1/effective.ts'
import type { StatefulSet } from '../../../src/kube/types.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import type { PodSpec } from '../../../src/resources/pod.ts'
import { cpuClassOf, cpuOf, metadataOfPods } from '../../../src/resources/podtemplate.ts'
import { podSecurityBreaches } from './podsecurity.ts'
import { SHOP, statefulSetOf } from './samples.ts'

const own = { matchLabels: { 'sessionstore.dev/store': 'shop', 'app.kubernetes.io/component': 'server' } }

function templateOf(podTemplate: PodTemplate | undefined) {
  const spec = effectiveSpec(podTemplate ? { podTemplate } : {})
  const set = statefulSetOf({ store: SHOP, spec }) as unknown as StatefulSet
  const template = set.spec?.template
  return { metadata: template?.metadata, spec: template?.spec as PodSpec }
}

const podOf = (spec: PodTemplate['spec']): PodSpec => templateOf(spec && { spec }).spec
const usual = podOf(undefined)

describe('podTemplate in a pod', () => {
  it('changes nothing when it is empty', () => {
    expect(templateOf({})).to.deep.equal(templateOf(undefined))
    expect(templateOf({ spec: {}, metadata: {} })).to.deep.equal(templateOf(undefined))
    expect(templateOf({ spec: { tolerations: [], imagePullSecrets: [] } })).to.deep.equal(templateOf(undefined))
  })

  it('adds where and as whom the pods run', () => {
    const added = {
      tolerations: [{ key: 'a', operator: 'Exists' }],
      nodeSelector: { disk: 'fast' },
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 'registry' }],
    } as const

    expect(podOf(added)).to.deep.equal({ ...usual, ...added })
  })

  it('keeps the default affinity to pods beside that to nodes, and gives way to another one', () => {
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists', values: [] }] }],
      },
    } as const
    const podAntiAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'rack', labelSelector: own }],
    }

    expect(podOf({ affinity: { nodeAffinity } }).affinity).to.deep.equal({
      ...usual.affinity,
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
        },
      },
    })
    expect(podOf({ affinity: { podAntiAffinity } }).affinity).to.deep.equal({ podAntiAffinity })
  })

  it('spreads as the spec says in place of the default, by default over the members', () => {
    const constraint = { maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' } as const
    const others = { matchLabels: { app: 'x' } }

    const { topologySpreadConstraints } = podOf({
      topologySpreadConstraints: [constraint, { ...constraint, topologyKey: 'room', labelSelector: others }],
    })

    expect(topologySpreadConstraints).to.deep.equal([
      { ...constraint, labelSelector: own },
      { ...constraint, topologyKey: 'room', labelSelector: others },
    ])
  })

  it('changes ids and the profile, and nothing else of the security context', () => {
    const ids = { runAsUser: 5, runAsGroup: 6, fsGroup: 7, supplementalGroups: [8] }
    const seccompProfile = { type: 'Localhost', localhostProfile: 'x.json' } as const

    const pod = podOf({ securityContext: { ...ids, seccompProfile } })

    expect(pod.securityContext).to.deep.equal({ runAsNonRoot: true, ...ids, seccompProfile })
    expect(podSecurityBreaches(pod)).to.deep.equal([])
    expect(podOf({ securityContext: { runAsUser: 5 } }).securityContext).to.deep.equal({
      ...usual.securityContext,
      runAsUser: 5,
    })
  })

  it('gives CPU to the server, in the form of the API server', () => {
    const resources = (cpu: object): unknown => podOf({ cpu }).containers[0]?.resources

    const { memory } = usual.containers[0]?.resources?.limits ?? {}
    expect(resources({ request: '0.25' })).to.deep.include({ requests: { cpu: '250m', memory } })
    expect(resources({ limit: 2 })).to.deep.include({ limits: { cpu: '2', memory } })
  })

  it('never overrides what the operator sets in the metadata', () => {
    const name = 'sessionstore.dev/store'
    const { metadata } = templateOf({
      metadata: { labels: { team: 'web', [name]: 'other' }, annotations: { note: 'x' } },
    })

    expect(metadata?.labels).to.include({ team: 'web', [name]: 'shop' })
    expect(metadata?.annotations).to.include({ note: 'x', [ANNOTATIONS.configHash]: 'static-config-hash' })
  })
})

describe('cpuClassOf()', () => {
  const rows: readonly [name: string, cpu: object, want: unknown][] = [
    ['is none without a limit', { request: '1' }, undefined],
    ['tells a limit from none', { request: '1', limit: '2' }, { hasCpuLimit: true, isGuaranteed: false }],
    ['tells equal amounts in other words', { request: '1000m', limit: 1 }, { hasCpuLimit: true, isGuaranteed: true }],
  ]
  for (const [name, cpu, want] of rows) {
    it(name, () => {
      expect(cpuClassOf({ podTemplate: { spec: { cpu } } })).to.deep.equal(want)
    })
  }
})

describe('cpuOf() and metadataOfPods()', () => {
  it('have defaults', () => {
    expect(cpuOf({})).to.deep.equal({ request: '50m' })
    expect(metadataOfPods({})).to.deep.equal({ labels: {}, annotations: {} })
  })

  it('write down which labels and annotations are of the spec', () => {
    const { annotations } = metadataOfPods({
      podTemplate: { metadata: { labels: { b: '1', a: '2' }, annotations: { c: '3' } } },
    })

    expect(JSON.parse(annotations[ANNOTATIONS.podMetadata] ?? '')).to.deep.equal({
      labels: ['a', 'b'],
      annotations: ['c'],
    })
  })
})

import { RESERVED_KEYS } from '../../../../src/api/v1alpha1/spec/podtemplate.ts'
import type { RowsOfRule, Spec } from './row.ts'

const withMetadata = (metadata: Spec): Spec => ({ podTemplate: { metadata } })
const withSpec = (spec: Spec): Spec => ({ podTemplate: { spec } })
const at = (field: string): string => `spec.podTemplate.${field}`

/** Rows of a rule about one field: values that are accepted and refused, by each way a value can come. */
function rowsOf(
  field: string,
  build: (value: unknown) => Spec,
  values: Readonly<{ good: readonly unknown[]; bad: readonly unknown[] }>,
): RowsOfRule {
  const { good, bad } = values
  const refusedAt = at(field)
  return {
    create: [...good.map((value) => ({ to: build(value) })), ...bad.map((value) => ({ to: build(value), refusedAt }))],
    update: [
      { from: build(good[0]), to: build(bad[0]), refusedAt },
      { from: build(good[0]), to: build(good.at(-1)) },
    ],
    added: [
      { from: {}, to: build(bad[0]), refusedAt },
      { from: {}, to: build(good[0]) },
    ],
    removed: [{ from: build(good[0]), to: {} }],
    scale: [{ from: build(good[0]), to: 5 }],
  }
}

const keys = {
  good: [{ team: 'web' }, {}, { 'app.kubernetes.io/part-of': 'shop', 'example.com/sessionstore.dev': 'x' }],
  bad: RESERVED_KEYS.map((beginning) => ({
    team: 'web',
    [beginning.endsWith('/') ? `${beginning}x` : beginning]: 'x',
  })),
}
const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }
const cpu = (value: unknown): Spec => withSpec({ cpu: value })
const range = {
  good: ['1', '10m', 128, '0.5'],
  bad: ['9m', '129', 0, '-1', '1e1.5'],
}

/** Rules about podTemplate. */
export const podTemplateRows: Readonly<Record<string, RowsOfRule>> = {
  'podTemplate-labels': rowsOf('metadata.labels', (labels) => withMetadata({ labels }), keys),
  'podTemplate-annotations': rowsOf('metadata.annotations', (annotations) => withMetadata({ annotations }), keys),
  'tolerations-operator': rowsOf('spec.tolerations', (tolerations) => withSpec({ tolerations }), {
    good: [
      [{ key: 'a', operator: 'Equal', value: 'b' }],
      [{ operator: 'Exists' }, { key: 'a', operator: 'Exists' }, { key: 'a', value: 'b' }, { key: 'a' }],
    ],
    bad: [[{ key: 'a', operator: 'Exists', value: 'b' }], [{ value: 'b' }], [{ operator: 'Equal', value: 'b' }], [{}]],
  }),
  'tolerations-seconds': rowsOf('spec.tolerations', (tolerations) => withSpec({ tolerations }), {
    good: [[{ operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }]],
    bad: [
      [{ operator: 'Exists', tolerationSeconds: 5 }],
      [{ operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }],
    ],
  }),
  'spread-unique': rowsOf(
    'spec.topologySpreadConstraints',
    (topologySpreadConstraints) => withSpec({ topologySpreadConstraints }),
    {
      good: [
        [constraint, { ...constraint, whenUnsatisfiable: 'DoNotSchedule' }, { ...constraint, topologyKey: 'host' }],
      ],
      bad: [[constraint, { ...constraint, maxSkew: 2 }]],
    },
  ),
  'spread-domains': rowsOf(
    'spec.topologySpreadConstraints',
    (topologySpreadConstraints) => withSpec({ topologySpreadConstraints }),
    {
      good: [[{ ...constraint, whenUnsatisfiable: 'DoNotSchedule', minDomains: 2 }]],
      bad: [[{ ...constraint, minDomains: 2 }]],
    },
  ),
  'seccomp-profile': rowsOf(
    'spec.securityContext.seccompProfile',
    (seccompProfile) => withSpec({ securityContext: { seccompProfile } }),
    {
      good: [{ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'servers.json' }],
      bad: [{ type: 'Localhost' }, { type: 'RuntimeDefault', localhostProfile: 'servers.json' }],
    },
  ),
  'cpu-request-range': rowsOf('spec.cpu.request', (request) => cpu({ request }), range),
  'cpu-limit-range': rowsOf('spec.cpu.limit', (limit) => cpu({ request: '10m', limit }), range),
  'cpu-limit-request': rowsOf('spec.cpu', cpu, {
    good: [{ request: '500m', limit: '1' }, { limit: '50m' }, { request: 2 }, { request: '0.5', limit: '500m' }],
    bad: [{ request: '1', limit: '500m' }, { limit: '49m' }, { request: 2, limit: 1 }],
  }),
}

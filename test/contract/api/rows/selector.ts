import type { Attempt, RowsOfRule, Spec } from './row.ts'

type Place = Readonly<{ field: string; build: (...terms: readonly Spec[]) => Spec }>

const AFFINITY = 'requiredDuringSchedulingIgnoredDuringExecution'
const zone = { topologyKey: 'zone' }

/** Every place that takes a label selector, and a spec with these terms in it. */
const places: readonly [Place, ...Place[]] = [
  {
    field: 'spec.bindings.selector',
    build: (...matchExpressions) => ({
      bindings: { tenancy: 'Shared', from: 'Selector', selector: { matchLabels: { team: 'a' }, matchExpressions } },
    }),
  },
  ...['podSelector', 'namespaceSelector'].map((peer) => ({
    field: `spec.networkPolicy.allowFrom\\[0\\].${peer}`,
    build: (...matchExpressions: readonly Spec[]) => ({
      networkPolicy: { mode: 'Restricted', allowFrom: [{ [peer]: { matchExpressions } }] },
    }),
  })),
  ...['labelSelector', 'namespaceSelector'].flatMap((selector) =>
    ['podAffinity', 'podAntiAffinity'].map((affinity) => ({
      field: `spec.podTemplate.spec.affinity.${affinity}.${AFFINITY}\\[0\\].${selector}`,
      build: (...matchExpressions: readonly Spec[]) => ({
        podTemplate: {
          spec: { affinity: { [affinity]: { [AFFINITY]: [{ ...zone, [selector]: { matchExpressions } }] } } },
        },
      }),
    })),
  ),
  {
    field: 'spec.podTemplate.spec.topologySpreadConstraints\\[0\\].labelSelector',
    build: (...matchExpressions) => ({
      podTemplate: {
        spec: {
          topologySpreadConstraints: [
            { ...zone, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchExpressions } },
          ],
        },
      },
    }),
  },
]

const one = { key: 'team', operator: 'In', values: ['a'] }
const bare = { key: 'team', operator: 'Exists' }
const refused = ({ field }: Place) => ({ refusedAt: `${field}.matchExpressions\\[0\\].values` })

function perPlace(attempts: (place: Place) => readonly Attempt[]): readonly Attempt[] {
  return places.flatMap((place) => attempts(place))
}

/** Rules about label selectors, wherever they stand. */
export const selectorRows: Readonly<Record<string, RowsOfRule>> = {
  'selector-values': {
    create: perPlace((place) => [
      { to: place.build({ ...one, values: ['a', 'b'] }, { key: 'x', operator: 'DoesNotExist' }) },
      { to: place.build() },
      { to: place.build({ key: 'team', operator: 'In' }), ...refused(place) },
      { to: place.build({ key: 'team', operator: 'NotIn', values: [] }), ...refused(place) },
      { to: place.build({ ...bare, values: ['a'] }), ...refused(place) },
    ]),
    update: perPlace((place) => [
      { from: place.build(one), to: place.build({ ...one, operator: 'Exists' }), ...refused(place) },
      { from: place.build(one), to: place.build({ ...one, operator: 'NotIn' }) },
    ]),
    added: perPlace((place) => [
      { from: place.build(bare), to: place.build({ ...bare, values: ['a'] }), ...refused(place) },
      { from: {}, to: place.build(bare) },
    ]),
    removed: perPlace((place) => [
      { from: place.build(one), to: place.build({ key: 'team', operator: 'In' }), ...refused(place) },
      { from: place.build(one), to: {} },
    ]),
    scale: perPlace((place) => [{ from: place.build(one), to: 5 }]),
  },
}

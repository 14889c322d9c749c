import type { RowsOfRule, Spec } from './row.ts'

const MODE = 'spec.durability.mode'
const LAG = 'spec.durability.maxLag'
const of = (durability: Spec, replicas = 3): Spec => ({ replicas, durability })
const bounded: Spec = { mode: 'Bounded' }
const majority: Spec = { mode: 'Majority' }

/** Rules about durability. */
export const durabilityRows: Readonly<Record<string, RowsOfRule>> = {
  'durability-replicas': {
    create: [
      { to: of(bounded) },
      { to: of(majority, 4) },
      { to: of({ mode: 'Async' }, 1) },
      { to: of({}, 1) },
      { to: of(bounded, 2), refusedAt: MODE },
      { to: of(majority, 1), refusedAt: MODE },
    ],
    update: [
      { from: of(bounded), to: of(majority) },
      { from: of(bounded), to: of({ mode: 'Async' }, 1) },
      { from: of(bounded), to: of(bounded, 2), refusedAt: MODE },
      { from: of({ mode: 'Async' }, 2), to: of(bounded, 2), refusedAt: MODE },
    ],
    added: [
      { from: { replicas: 2 }, to: of(bounded, 2), refusedAt: MODE },
      { from: of({}, 2), to: of(majority, 2), refusedAt: MODE },
      { from: {}, to: of(majority) },
    ],
    removed: [
      { from: of(bounded), to: { replicas: 2 } },
      { from: of(majority), to: of({}, 1) },
    ],
    scale: [
      { from: of(bounded), to: 2, refusedAt: MODE },
      { from: of(majority, 5), to: 1, refusedAt: MODE },
      { from: of(majority, 5), to: 3 },
      { from: {}, to: 1 },
    ],
  },
  'durability-maxLag-downAfter': {
    create: [
      { to: of({ maxLag: '2s' }) },
      { to: { durability: { maxLag: '9s' }, failover: { downAfter: '10s' } } },
      { to: of({ maxLag: '3s' }), refusedAt: LAG },
      { to: { durability: { maxLag: '9s' }, failover: { downAfter: '9s' } }, refusedAt: LAG },
      // Where no write waits for a replica the two have nothing to do with each other.
      { to: of({ maxLag: '9s' }, 2) },
      { to: of({ mode: 'Async', maxLag: '9s' }, 5) },
    ],
    update: [
      {
        from: { durability: { maxLag: '9s' }, failover: { downAfter: '10s' } },
        to: { durability: { maxLag: '9s' }, failover: { downAfter: '5s' } },
        refusedAt: LAG,
      },
      { from: of({ mode: 'Async', maxLag: '9s' }), to: of({ mode: 'Bounded', maxLag: '9s' }), refusedAt: LAG },
    ],
    added: [
      { from: {}, to: of({ maxLag: '4s' }), refusedAt: LAG },
      { from: of({}), to: of({ maxLag: '4s' }), refusedAt: LAG },
      { from: {}, to: { durability: { maxLag: '4s' }, failover: { downAfter: '5s' } } },
    ],
    removed: [
      {
        from: { durability: { maxLag: '4s' }, failover: { downAfter: '5s' } },
        to: { durability: { maxLag: '4s' } },
        refusedAt: LAG,
      },
      { from: of({ mode: 'Async', maxLag: '4s' }), to: of({ maxLag: '4s' }), refusedAt: LAG },
      { from: of({ mode: 'Async', maxLag: '4s' }), to: {} },
    ],
    scale: [
      { from: of({ maxLag: '4s' }, 2), to: 3, refusedAt: LAG },
      { from: of({ maxLag: '4s' }, 1), to: 2 },
    ],
  },
  'maxLag-range': {
    create: [
      { to: { durability: { maxLag: '1m' }, failover: { downAfter: '2m' } } },
      { to: of({ maxLag: '1s' }, 1), refusedAt: LAG },
      { to: of({ maxLag: '2500ms' }, 1), refusedAt: LAG },
      { to: of({ maxLag: '300s' }, 1), refusedAt: LAG },
    ],
    update: [{ from: of({ maxLag: '4s' }, 1), to: of({ maxLag: '1s' }, 1), refusedAt: LAG }],
    added: [
      { from: { replicas: 1 }, to: of({ maxLag: '1999ms' }, 1), refusedAt: LAG },
      { from: { replicas: 1 }, to: of({ maxLag: '2000ms' }, 1) },
    ],
    removed: [{ from: of({ maxLag: '4s' }, 1), to: of({}, 1) }],
    scale: [{ from: of({ maxLag: '2s' }, 1), to: 5 }],
  },
  'durability-async-refuse': {
    create: [
      { to: of({ mode: 'Bounded', whenDegraded: 'Refuse' }) },
      { to: of({ mode: 'Async', whenDegraded: 'Relax' }) },
      { to: of({ mode: 'Async', whenDegraded: 'Refuse' }), refusedAt: 'spec.durability.whenDegraded' },
    ],
    update: [
      {
        from: of({ mode: 'Bounded', whenDegraded: 'Refuse' }),
        to: of({ mode: 'Async', whenDegraded: 'Refuse' }),
        refusedAt: 'spec.durability.whenDegraded',
      },
    ],
    added: [
      {
        from: of({ mode: 'Async' }),
        to: of({ mode: 'Async', whenDegraded: 'Refuse' }),
        refusedAt: 'spec.durability.whenDegraded',
      },
      { from: of(majority), to: of({ ...majority, whenDegraded: 'Refuse' }) },
    ],
    removed: [
      { from: of({ ...bounded, whenDegraded: 'Refuse' }), to: of({ whenDegraded: 'Refuse' }) },
      {
        from: of({ ...bounded, whenDegraded: 'Refuse' }),
        to: of({ whenDegraded: 'Refuse' }, 2),
        refusedAt: 'spec.durability.whenDegraded',
      },
    ],
    scale: [
      { from: of({ mode: 'Async', whenDegraded: 'Relax' }), to: 1 },
      { from: of({ whenDegraded: 'Refuse' }), to: 2, refusedAt: 'spec.durability.whenDegraded' },
      { from: of({ whenDegraded: 'Refuse' }), to: 5 },
    ],
  },
}

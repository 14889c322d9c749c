import type { RowsOfRule, Spec } from './row.ts'

const withCapacity = (capacity: Spec): Spec => ({ capacity })
const sized: Spec = { sessions: 1000, averageSize: '1Ki' }

/** Rules about capacity. */
export const capacityRows: Readonly<Record<string, RowsOfRule>> = {
  'capacity-sessions-pair': {
    create: [
      { to: withCapacity(sized) },
      { to: withCapacity({ sessions: 5 }), refusedAt: 'spec.capacity' },
      { to: withCapacity({ averageSize: '1Ki' }), refusedAt: 'spec.capacity' },
      { to: withCapacity({ averageSize: 1024, connections: 5 }), refusedAt: 'spec.capacity' },
    ],
    update: [{ from: withCapacity(sized), to: withCapacity({ ...sized, sessions: 2000 }) }],
    added: [
      { from: {}, to: withCapacity({ sessions: 5 }), refusedAt: 'spec.capacity' },
      { from: withCapacity({ connections: 5 }), to: withCapacity({ sessions: 5 }), refusedAt: 'spec.capacity' },
      { from: withCapacity({ connections: 5 }), to: withCapacity(sized) },
    ],
    removed: [
      { from: withCapacity(sized), to: withCapacity({ sessions: 1000 }), refusedAt: 'spec.capacity' },
      { from: withCapacity(sized), to: withCapacity({ averageSize: '1Ki' }), refusedAt: 'spec.capacity' },
      { from: withCapacity(sized), to: {} },
    ],
    scale: [{ from: withCapacity(sized), to: 5 }],
  },
  'capacity-union': {
    create: [
      { to: withCapacity({ maxMemory: '64Mi', connections: 5 }) },
      { to: withCapacity({ ...sized, maxMemory: '64Mi' }), refusedAt: 'spec.capacity' },
    ],
    update: [{ from: withCapacity({ maxMemory: '64Mi' }), to: withCapacity(sized) }],
    added: [
      { from: withCapacity(sized), to: withCapacity({ ...sized, maxMemory: '64Mi' }), refusedAt: 'spec.capacity' },
      {
        from: withCapacity({ maxMemory: '64Mi' }),
        to: withCapacity({ ...sized, maxMemory: '64Mi' }),
        refusedAt: 'spec.capacity',
      },
    ],
    removed: [{ from: withCapacity({ maxMemory: '64Mi' }), to: withCapacity({}) }],
    scale: [{ from: withCapacity({ maxMemory: '64Mi' }), to: 5 }],
  },
  'capacity-product': {
    create: [
      { to: withCapacity({ sessions: 1_000_000_000, averageSize: '1Ki' }) },
      { to: withCapacity({ sessions: 1_000_000_000, averageSize: '2Ki' }), refusedAt: 'spec.capacity' },
      { to: withCapacity({ sessions: 1_000_000_000, averageSize: 16_777_216 }), refusedAt: 'spec.capacity' },
    ],
    update: [
      {
        from: withCapacity({ sessions: 1_000_000, averageSize: '1Ki' }),
        to: withCapacity({ sessions: 1_000_000, averageSize: '2Mi' }),
        refusedAt: 'spec.capacity',
      },
    ],
    added: [
      {
        from: withCapacity({ connections: 5 }),
        to: withCapacity({ sessions: 1_000_000, averageSize: '2Mi' }),
        refusedAt: 'spec.capacity',
      },
    ],
    removed: [{ from: withCapacity(sized), to: withCapacity({ connections: 5 }) }],
    scale: [{ from: withCapacity(sized), to: 5 }],
  },
  'averageSize-range': {
    create: [
      { to: withCapacity({ sessions: 5, averageSize: 1 }) },
      { to: withCapacity({ sessions: 5, averageSize: '1.5Ki' }) },
      { to: withCapacity({ sessions: 5, averageSize: '16Mi' }) },
      { to: withCapacity({ sessions: 5, averageSize: '16777217' }), refusedAt: 'spec.capacity.averageSize' },
      { to: withCapacity({ sessions: 5, averageSize: '999m' }), refusedAt: 'spec.capacity.averageSize' },
      { to: withCapacity({ sessions: 5, averageSize: 0 }), refusedAt: 'spec.capacity.averageSize' },
      { to: withCapacity({ sessions: 5, averageSize: '-1Ki' }), refusedAt: 'spec.capacity.averageSize' },
    ],
    update: [
      {
        from: withCapacity(sized),
        to: withCapacity({ ...sized, averageSize: '1Gi' }),
        refusedAt: 'spec.capacity.averageSize',
      },
    ],
    added: [
      { from: {}, to: withCapacity({ ...sized, averageSize: '17Mi' }), refusedAt: 'spec.capacity.averageSize' },
      { from: {}, to: withCapacity(sized) },
    ],
    removed: [{ from: withCapacity(sized), to: withCapacity({}) }],
    scale: [{ from: withCapacity(sized), to: 5 }],
  },
  'maxMemory-range': {
    create: [
      { to: withCapacity({ maxMemory: 67_108_864 }) },
      { to: withCapacity({ maxMemory: '0.0625Gi' }) },
      { to: withCapacity({ maxMemory: '1Ti' }) },
      { to: withCapacity({ maxMemory: 67_108_863 }), refusedAt: 'spec.capacity.maxMemory' },
      { to: withCapacity({ maxMemory: '1.1Ti' }), refusedAt: 'spec.capacity.maxMemory' },
      { to: withCapacity({ maxMemory: '-1Gi' }), refusedAt: 'spec.capacity.maxMemory' },
      { to: withCapacity({ maxMemory: '1e1.5' }), refusedAt: 'spec.capacity.maxMemory' },
    ],
    update: [
      { from: withCapacity({ maxMemory: '128Mi' }), to: withCapacity({ maxMemory: '64Mi' }) },
      {
        from: withCapacity({ maxMemory: '128Mi' }),
        to: withCapacity({ maxMemory: '32Mi' }),
        refusedAt: 'spec.capacity.maxMemory',
      },
    ],
    added: [
      { from: {}, to: withCapacity({ maxMemory: '1Mi' }), refusedAt: 'spec.capacity.maxMemory' },
      { from: withCapacity({ connections: 5 }), to: withCapacity({ connections: 5, maxMemory: '64Mi' }) },
    ],
    removed: [{ from: withCapacity({ maxMemory: '128Mi' }), to: {} }],
    scale: [{ from: withCapacity({ maxMemory: '128Mi' }), to: 5 }],
  },
}

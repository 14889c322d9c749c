/** What is tried with each rule. */
export const ACTS = ['create', 'update', 'added', 'removed', 'scale'] as const
export type Act = (typeof ACTS)[number]

export type Spec = Readonly<Record<string, unknown>>

/** `refused` names the field that the error must name; `accepted` shows that the rule does not stand in the way. */
export type Attempt = Readonly<{
  /** Metadata name, where the row is about it; else one is made. */
  name?: string
  /** The object before the act; a create has none. */
  from?: Spec
  /** The whole spec after the act; with `scale` the number of replicas. */
  to: Spec | number
  refusedAt?: string
}>

/** Attempts of one act, or the reason why the act cannot meet the rule. */
export type Row = readonly Attempt[] | string

export type RowsOfRule = Readonly<Record<Act, Row>>

const noScale = 'the kind has no /scale'
const withCapacity = (capacity: Spec): Spec => ({ capacity })
const sized: Spec = { sessions: 1000, averageSize: '1Ki' }

const nameRow: RowsOfRule = {
  create: [
    { name: 'a', to: {} },
    { name: `a${'b'.repeat(38)}c`, to: {} },
    { name: 'a--0', to: {} },
    { name: `a${'b'.repeat(39)}c`, to: {}, refusedAt: '<nil>' },
    { name: '1a', to: {}, refusedAt: '<nil>' },
    { name: 'a.b', to: {}, refusedAt: '<nil>' },
  ],
  update: 'a name never changes',
  added: 'a name is always there',
  removed: 'a name is always there',
  scale: 'a name never changes',
}

/** One entry for each rule of SessionStore. */
export const SESSION_STORE_ROWS: Readonly<Record<string, RowsOfRule>> = {
  name: nameRow,
  'engine-immutable': {
    create: [{ to: {} }, { to: { engine: 'Redis' } }],
    update: [
      { from: { engine: 'Redis' }, to: { engine: 'Valkey' }, refusedAt: 'spec.engine' },
      { from: { engine: 'Redis' }, to: { engine: 'Redis', suspend: true } },
    ],
    added: [{ from: {}, to: { engine: 'Valkey' }, refusedAt: 'spec.engine' }],
    removed: [{ from: { engine: 'Valkey' }, to: {}, refusedAt: 'spec.engine' }],
    scale: [
      { from: {}, to: 5 },
      { from: { engine: 'Redis' }, to: 5 },
    ],
  },
  'tls-mode-immutable': {
    create: [{ to: { tls: { mode: 'Disabled' } } }, { to: { tls: {} } }],
    update: [
      { from: { tls: { mode: 'Required' } }, to: { tls: { mode: 'Disabled' } }, refusedAt: 'spec.tls.mode' },
      { from: { tls: { mode: 'Disabled' } }, to: { tls: { mode: 'Disabled' }, suspend: true } },
    ],
    added: [
      { from: {}, to: { tls: { mode: 'Disabled' } }, refusedAt: 'spec.tls.mode' },
      { from: { tls: {} }, to: { tls: { mode: 'Required' } }, refusedAt: 'spec.tls.mode' },
      { from: {}, to: { tls: {} } },
    ],
    removed: [
      { from: { tls: { mode: 'Disabled' } }, to: {}, refusedAt: 'spec.tls.mode' },
      { from: { tls: { mode: 'Disabled' } }, to: { tls: {} }, refusedAt: 'spec.tls.mode' },
      { from: { tls: {} }, to: {} },
    ],
    scale: [
      { from: {}, to: 5 },
      { from: { tls: { mode: 'Disabled' } }, to: 5 },
    ],
  },
  'version-of-engine': {
    create: [
      { to: { version: '9.1' } },
      { to: { engine: 'Redis', version: '7.0' } },
      { to: { version: '8.0' }, refusedAt: 'spec.version' },
      { to: { engine: 'Valkey', version: '8.0' }, refusedAt: 'spec.version' },
      { to: { engine: 'Redis', version: '9.1' }, refusedAt: 'spec.version' },
      { to: { version: '' }, refusedAt: 'spec.version' },
    ],
    update: [
      { from: { engine: 'Redis', version: '7.0' }, to: { engine: 'Redis', version: '8.0' } },
      { from: { engine: 'Redis', version: '7.0' }, to: { engine: 'Redis', version: '9.1' }, refusedAt: 'spec.version' },
    ],
    added: [
      { from: {}, to: { version: '9.1' } },
      { from: {}, to: { version: '7.0' }, refusedAt: 'spec.version' },
    ],
    removed: [{ from: { version: '9.1' }, to: {} }],
    scale: [{ from: { engine: 'Redis', version: '7.0' }, to: 5 }],
  },
  'image-reference': {
    create: [
      { to: { image: 'docker.io/valkey/valkey:9.1' } },
      { to: { image: 'registry.example:5000/a/b-c/valkey_x:9.1.2-trixie' } },
      { to: { image: 'valkey:9.1' } },
      { to: { image: `valkey@sha256:${'0a'.repeat(32)}` } },
      { to: { image: `mirror.example/valkey:9.1@sha256:${'0a'.repeat(32)}` } },
      { to: { image: 'docker.io/valkey/valkey' }, refusedAt: 'spec.image' },
      { to: { image: 'registry.example:5000/valkey' }, refusedAt: 'spec.image' },
      { to: { image: 'valkey@sha256:0a' }, refusedAt: 'spec.image' },
      { to: { image: 'docker.io/Valkey:9.1' }, refusedAt: 'spec.image' },
      { to: { image: 'valkey:9.1 --privileged' }, refusedAt: 'spec.image' },
      { to: { image: '' }, refusedAt: 'spec.image' },
    ],
    update: [
      { from: { image: 'valkey:9.1' }, to: { image: 'valkey:9.1.2' } },
      { from: { image: 'valkey:9.1' }, to: { image: 'valkey' }, refusedAt: 'spec.image' },
    ],
    added: [
      { from: {}, to: { image: 'valkey:9.1' } },
      { from: {}, to: { image: 'valkey' }, refusedAt: 'spec.image' },
    ],
    removed: [{ from: { image: 'valkey:9.1' }, to: {} }],
    scale: [{ from: { image: 'valkey:9.1' }, to: 5 }],
  },
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

const bound = (fields: Spec): Spec => ({ storeRef: { name: 'shop' }, ...fields })

/** One entry for each rule of SessionBinding. */
export const SESSION_BINDING_ROWS: Readonly<Record<string, RowsOfRule>> = {
  name: { ...nameRow, create: rowsWith(nameRow.create, bound({})) },
  'storeRef-immutable': {
    create: [{ to: bound({}) }],
    update: [
      { from: bound({}), to: { storeRef: { name: 'other' } }, refusedAt: 'spec.storeRef' },
      { from: bound({}), to: bound({ framework: 'generic' }) },
    ],
    added: 'storeRef and storeRef.name are required',
    removed: 'storeRef and storeRef.name are required',
    scale: noScale,
  },
  'keyPrefix-immutable': {
    create: [{ to: bound({ keyPrefix: 'a:' }) }, { to: bound({}) }],
    update: [
      { from: bound({ keyPrefix: 'a:' }), to: bound({ keyPrefix: 'b:' }), refusedAt: 'spec.keyPrefix' },
      { from: bound({ keyPrefix: 'a:' }), to: bound({ keyPrefix: 'a:', framework: 'generic' }) },
    ],
    added: [
      { from: bound({}), to: bound({ keyPrefix: 'sess:' }), refusedAt: 'spec.keyPrefix' },
      { from: bound({}), to: bound({ framework: 'generic' }) },
    ],
    removed: [{ from: bound({ keyPrefix: 'a:' }), to: bound({}), refusedAt: 'spec.keyPrefix' }],
    scale: noScale,
  },
}

function rowsWith(row: Row, to: Spec): Row {
  return typeof row === 'string' ? row : row.map((attempt) => ({ ...attempt, to }))
}

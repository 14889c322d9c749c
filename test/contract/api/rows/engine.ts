import type { RowsOfRule } from './row.ts'

/** Rules about engine, version and image. */
export const engineRows: Readonly<Record<string, RowsOfRule>> = {
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
  'upgradePolicy-free': {
    create: [
      { to: { upgradePolicy: 'Latest' } },
      { to: { upgradePolicy: 'Pinned', version: '9.1', image: 'x.example/valkey:1' } },
      { to: { upgradePolicy: 'Latest', version: '9.1' }, refusedAt: 'spec.upgradePolicy' },
      { to: { upgradePolicy: 'Latest', image: 'x.example/valkey:1' }, refusedAt: 'spec.upgradePolicy' },
    ],
    update: [
      { from: { upgradePolicy: 'Pinned', version: '9.1' }, to: { upgradePolicy: 'Latest' } },
      {
        from: { upgradePolicy: 'Pinned', version: '9.1' },
        to: { upgradePolicy: 'Latest', version: '9.1' },
        refusedAt: 'spec.upgradePolicy',
      },
    ],
    added: [
      { from: { version: '9.1' }, to: { version: '9.1', upgradePolicy: 'Latest' }, refusedAt: 'spec.upgradePolicy' },
      {
        from: { upgradePolicy: 'Latest' },
        to: { upgradePolicy: 'Latest', version: '9.1' },
        refusedAt: 'spec.upgradePolicy',
      },
      { from: {}, to: { upgradePolicy: 'Latest' } },
    ],
    removed: [{ from: { upgradePolicy: 'Latest' }, to: { version: '9.1' } }],
    scale: [{ from: { upgradePolicy: 'Latest' }, to: 5 }],
  },
}

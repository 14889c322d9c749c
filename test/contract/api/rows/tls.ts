import type { RowsOfRule } from './row.ts'

/** Rules about tls. */
export const tlsRows: Readonly<Record<string, RowsOfRule>> = {
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
}

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
  ...needsTls('secretName', { secretName: 'cert' }),
  ...needsTls('issuerRef', { issuerRef: { name: 'ca' } }),
  ...needsTls('clientAuth', { clientAuth: 'Require' }),
  'tls-one-source': {
    create: [
      { to: { tls: { secretName: 'cert' } } },
      { to: { tls: { issuerRef: { name: 'ca' } } } },
      { to: { tls: { secretName: 'cert', issuerRef: { name: 'ca' } } }, refusedAt: 'spec.tls.secretName' },
    ],
    update: [
      {
        from: { tls: { secretName: 'cert' } },
        to: { tls: { secretName: 'other', issuerRef: { name: 'ca' } } },
        refusedAt: 'spec.tls.secretName',
      },
      { from: { tls: { secretName: 'cert' } }, to: { tls: { issuerRef: { name: 'ca' } } } },
      {
        from: { tls: { issuerRef: { name: 'ca' } } },
        to: { tls: { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } } },
      },
    ],
    added: [
      {
        from: { tls: { issuerRef: { name: 'ca' } } },
        to: { tls: { issuerRef: { name: 'ca' }, secretName: 'cert' } },
        refusedAt: 'spec.tls.secretName',
      },
      { from: {}, to: { tls: { secretName: 'cert' } } },
    ],
    removed: [{ from: { tls: { secretName: 'cert' } }, to: {} }],
    scale: [{ from: { tls: { secretName: 'cert' } }, to: 5 }],
  },
  'tls-secret-is-not-ours': {
    create: [
      { name: 'own-secret', to: { tls: { secretName: 'own-secret-tls' } }, refusedAt: 'spec.tls.secretName' },
      { name: 'own-secret', to: { tls: { secretName: 'own-secret-ca' } }, refusedAt: 'spec.tls.secretName' },
      { name: 'own-secret', to: { tls: { secretName: 'own-secret-certificate' } }, refusedAt: 'spec.tls.secretName' },
      { name: 'own-secret', to: { tls: { secretName: 'other-tls' } } },
    ],
    update: [
      {
        name: 'own-update',
        from: { tls: { secretName: 'cert' } },
        to: { tls: { secretName: 'own-update-tls' } },
        refusedAt: 'spec.tls.secretName',
      },
    ],
    added: [
      { name: 'own-added', from: {}, to: { tls: { secretName: 'own-added-ca' } }, refusedAt: 'spec.tls.secretName' },
    ],
    removed: [{ from: { tls: { secretName: 'cert' } }, to: {} }],
    scale: [{ from: { tls: { secretName: 'cert' } }, to: 5 }],
  },
}

/** The mode cannot change, so a field that does not go with it can only be written beside it. */
function needsTls(field: string, fields: Readonly<Record<string, unknown>>): Readonly<Record<string, RowsOfRule>> {
  const plain = { mode: 'Disabled' }
  const refusedAt = `spec.tls.${field}`
  const rows: RowsOfRule = {
    create: [
      { to: { tls: { ...plain, ...fields } }, refusedAt },
      { to: { tls: { mode: 'Required', ...fields } } },
      { to: { tls: fields } },
    ],
    update: [{ from: { tls: plain }, to: { tls: { ...plain, ...fields } }, refusedAt }],
    added: [
      { from: { tls: plain }, to: { tls: { ...plain, ...fields } }, refusedAt },
      { from: {}, to: { tls: fields } },
    ],
    removed: [{ from: { tls: fields }, to: {} }],
    scale: [{ from: { tls: fields }, to: 5 }],
  }
  return { [`tls-${field}-needs-tls`]: rows }
}

import type { RowsOfRule, Spec } from './row.ts'

const selector = { matchLabels: { team: 'a' } }
const shared = (fields: Spec = {}): Spec => ({ bindings: { tenancy: 'Shared', ...fields } })
const selected = (fields: Spec = selector): Spec => shared({ from: 'Selector', selector: fields })
const expressed = (...terms: Spec[]): Spec => selected({ matchExpressions: terms })

const untouched = [{ from: selected(), to: 5 }] as const

/** Rules about bindings. */
export const bindingsRows: Readonly<Record<string, RowsOfRule>> = {
  'bindings-selector-union': {
    create: [
      { to: selected() },
      { to: shared({ from: 'All' }) },
      { to: {} },
      { to: { bindings: {} } },
      { to: shared({ from: 'Selector' }), refusedAt: 'spec.bindings.selector' },
      { to: shared({ from: 'All', selector }), refusedAt: 'spec.bindings.selector' },
      { to: shared({ selector }), refusedAt: 'spec.bindings.selector' },
    ],
    update: [
      { from: selected(), to: shared({ from: 'All' }) },
      { from: selected(), to: shared({ from: 'All', selector }), refusedAt: 'spec.bindings.selector' },
    ],
    added: [
      { from: {}, to: selected() },
      { from: shared({ from: 'All' }), to: shared({ from: 'All', selector }), refusedAt: 'spec.bindings.selector' },
    ],
    removed: [
      { from: selected(), to: {} },
      { from: selected(), to: shared({ from: 'Selector' }), refusedAt: 'spec.bindings.selector' },
    ],
    scale: untouched,
  },
  'bindings-from-tenancy': {
    create: [
      { to: { bindings: { from: 'Same' } } },
      { to: shared({ from: 'Same' }) },
      { to: { bindings: { from: 'All' } }, refusedAt: 'spec.bindings.from' },
      { to: { bindings: { tenancy: 'Dedicated', from: 'Selector', selector } }, refusedAt: 'spec.bindings.from' },
    ],
    update: [
      { from: shared({ from: 'All' }), to: { bindings: { tenancy: 'Dedicated', from: 'Same' } } },
      {
        from: shared({ from: 'All' }),
        to: { bindings: { tenancy: 'Dedicated', from: 'All' } },
        refusedAt: 'spec.bindings.from',
      },
    ],
    added: [
      { from: shared(), to: shared({ from: 'All' }) },
      { from: { bindings: {} }, to: { bindings: { from: 'All' } }, refusedAt: 'spec.bindings.from' },
    ],
    removed: [
      { from: shared({ from: 'All' }), to: { bindings: { tenancy: 'Dedicated' } } },
      { from: shared({ from: 'All' }), to: { bindings: { from: 'All' } }, refusedAt: 'spec.bindings.from' },
    ],
    scale: [{ from: shared({ from: 'All' }), to: 5 }],
  },
  'bindings-default-tenancy': {
    create: [
      { to: { bindings: { default: true } } },
      { to: shared({ default: false }) },
      { to: shared({ default: true }), refusedAt: 'spec.bindings.default' },
    ],
    update: [
      { from: { bindings: { default: true } }, to: { bindings: { default: false } } },
      { from: shared({ default: false }), to: shared({ default: true }), refusedAt: 'spec.bindings.default' },
      { from: { bindings: { default: true } }, to: shared({ default: true }), refusedAt: 'spec.bindings.default' },
    ],
    added: [
      { from: {}, to: { bindings: { tenancy: 'Dedicated', default: true } } },
      { from: shared(), to: shared({ default: true }), refusedAt: 'spec.bindings.default' },
    ],
    removed: [{ from: { bindings: { default: true } }, to: shared() }],
    scale: [{ from: shared({ default: false }), to: 5 }],
  },
  'selector-terms': {
    create: [
      { to: expressed({ key: 'team', operator: 'Exists' }) },
      { to: selected({}), refusedAt: 'spec.bindings.selector' },
      { to: selected({ matchLabels: {}, matchExpressions: [] }), refusedAt: 'spec.bindings.selector' },
    ],
    update: [
      { from: selected(), to: selected({ matchLabels: { team: 'b' } }) },
      { from: selected(), to: selected({ matchLabels: {} }), refusedAt: 'spec.bindings.selector' },
    ],
    added: [
      { from: selected(), to: selected({ ...selector, matchExpressions: [] }) },
      { from: shared(), to: selected({}), refusedAt: 'spec.bindings.selector' },
    ],
    removed: [
      { from: selected(), to: shared() },
      { from: selected(), to: selected({}), refusedAt: 'spec.bindings.selector' },
    ],
    scale: untouched,
  },
}

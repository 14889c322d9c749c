import type { Row, RowsOfRule, Spec } from './row.ts'

/** The rule about metadata.name, for a kind whose smallest spec is `spec`. */
export function nameRows(spec: Spec): RowsOfRule {
  return { ...nameRow, create: rowsWith(nameRow.create, spec) }
}

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

function rowsWith(row: Row, to: Spec): Row {
  return typeof row === 'string' ? row : row.map((attempt) => ({ ...attempt, to }))
}

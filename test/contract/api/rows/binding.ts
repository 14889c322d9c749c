import { nameRows } from './name.ts'
import type { RowsOfRule, Spec } from './row.ts'

const noScale = 'the kind has no /scale'
const bound = (fields: Spec): Spec => ({ storeRef: { name: 'shop' }, ...fields })

/** One entry for each rule of SessionBinding. */
export const SESSION_BINDING_ROWS: Readonly<Record<string, RowsOfRule>> = {
  name: nameRows(bound({})),
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

import { nameRows } from './name.ts'
import type { RowsOfRule, Spec } from './row.ts'

const noScale = 'the kind has no /scale'
const bound = (fields: Spec): Spec => ({ storeRef: { name: 'shop' }, ...fields })

const far = (namespace: string): Spec => ({ storeRef: { name: 'shop', namespace } })

/** One entry for each rule of SessionBinding. */
export const SESSION_BINDING_ROWS: Readonly<Record<string, RowsOfRule>> = {
  name: nameRows(bound({})),
  'storeRef-immutable': {
    create: [{ to: bound({}) }],
    update: [
      { from: bound({}), to: { storeRef: { name: 'other' } }, refusedAt: 'spec.storeRef' },
      { from: far('a'), to: far('b'), refusedAt: 'spec.storeRef' },
      { from: bound({}), to: bound({ framework: 'generic' }) },
    ],
    added: [
      { from: bound({}), to: far('a'), refusedAt: 'spec.storeRef' },
      { from: far('a'), to: { ...far('a'), framework: 'generic' } },
    ],
    removed: [{ from: far('a'), to: bound({}), refusedAt: 'spec.storeRef' }],
    scale: noScale,
  },
  'keyPrefix-reserved': {
    create: [
      { to: bound({ keyPrefix: '__s:' }) },
      { to: bound({ keyPrefix: 'a__ss:' }) },
      ...['_', '__', '__s', '__ss', '__ss:', '__ss:meta'].map((keyPrefix) => ({
        to: bound({ keyPrefix }),
        refusedAt: 'spec.keyPrefix',
      })),
    ],
    update: 'keyPrefix is immutable',
    added: 'keyPrefix is immutable',
    removed: 'keyPrefix is immutable',
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

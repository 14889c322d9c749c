import { expect } from 'chai'
import {
  boolean,
  duration,
  integer,
  list,
  map,
  object,
  oneOf,
  quantity,
  required,
  string,
} from '../../../src/api/schema.ts'
import { structuralErrors } from '../../../src/api/validate.ts'

const schema = object('All kinds of nodes.', {
  word: required(oneOf('A word.', ['A', 'B'])),
  text: string('A text.', { minLength: 2, maxLength: 4, pattern: '^[a-z]+$' }),
  size: quantity('A size.'),
  wait: duration('A time.'),
  count: integer('A number.', { minimum: 1, maximum: 3 }),
  isOn: boolean('A fact.'),
  items: list('A list.', object('An item.', { name: required(string('A name.', { maxLength: 9 })) }), { maxItems: 2 }),
  labels: map('A map.', string('A value.', { maxLength: 3 }), { maxProperties: 1 }),
})
const good = {
  word: 'A',
  text: 'abc',
  size: '1Ki',
  wait: '5s',
  count: 3,
  isOn: false,
  items: [{ name: 'x' }],
  labels: { a: 'b' },
}

const rows: readonly [change: Readonly<Record<string, unknown>>, want: string][] = [
  [{ word: undefined }, 'spec.word is missing'],
  [{ word: 'C' }, 'spec.word is "C", must be one of A, B'],
  [{ other: 1 }, 'spec.other is not a field'],
  [{ text: 5 }, 'spec.text is 5, must be a string'],
  [{ text: 'abcde' }, 'spec.text is "abcde", must be at most 4 characters'],
  [{ text: 'a' }, 'spec.text is "a", must be at least 2 characters'],
  [{ text: 'ABC' }, 'spec.text is "ABC", must be like ^[a-z]+$'],
  [{ size: '1KB' }, 'spec.size is "1KB", must be a quantity such as 128Mi'],
  [{ size: 1.5 }, 'spec.size is 1.5, must be a quantity such as 128Mi'],
  [{ wait: '5' }, 'spec.wait is "5", must be a duration such as 5s'],
  [{ count: 0 }, 'spec.count is 0, must be a whole number from 1 to 3'],
  [{ count: 1.5 }, 'spec.count is 1.5, must be a whole number from 1 to 3'],
  [{ isOn: 'yes' }, 'spec.isOn is "yes", must be true or false'],
  [{ items: {} }, 'spec.items is {}, must be a list'],
  [{ items: [{ name: 'a' }, {}] }, 'spec.items[1].name is missing'],
  [{ items: [good, good, good] }, 'spec.items is 3, must be at most 2 items'],
  [{ labels: [] }, 'spec.labels is [], must be a map'],
  [{ labels: { a: 'long' } }, 'spec.labels.a is "long", must be at most 3 characters'],
  [{ labels: { a: 'b', c: 'd' } }, 'spec.labels is 2, must be at most 1 entries'],
]

describe('structuralErrors()', () => {
  it('finds nothing wrong with a value that follows the schema', () => {
    expect(structuralErrors('spec', schema, good)).to.deep.equal([])
  })

  it('answers a value that is no object', () => {
    expect(structuralErrors('spec', schema, null)).to.deep.equal(['spec is null, must be an object'])
  })

  for (const [change, want] of rows) {
    it(`says: ${want}`, () => {
      expect(structuralErrors('spec', schema, { ...good, ...change })).to.deep.equal([want])
    })
  }
})

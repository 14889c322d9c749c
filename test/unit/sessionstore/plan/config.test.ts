import { expect } from 'chai'
import {
  type ConfigFacts,
  type ConfigState,
  type ConfigTrial,
  noConfig,
  planConfig,
} from '../../../../src/sessionstore/plan/config.ts'

const IMAGE = 'valkey:9.1'

function facts(changes: Partial<ConfigFacts>): ConfigFacts {
  const nothing = { trials: new Map(), learned: new Map(), isProven: false, returned: new Set<string>() }
  return { wanted: {}, image: IMAGE, ...nothing, ...changes }
}

function state(changes: Partial<ConfigState>): ConfigState {
  return { ...noConfig(IMAGE), ...changes }
}

/** A trial from words: the value, `live`, `restart` or `refused`, and what the server shows or says. */
function trial(words: string, image = IMAGE): ConfigTrial {
  const [value = '', outcome = '', ...rest] = words.split(' ')
  const answer = { live: { shown: rest.join(' ') || value }, refused: { message: rest.join(' ') } }[outcome] ?? {}
  return { value, image, member: 's-2', outcome, ...answer } as ConfigTrial
}

const tried = (name: string, words: string, image = IMAGE) => ({ trials: new Map([[name, trial(words, image)]]) })
const hz50 = state({ defaults: { hz: '10' }, live: { hz: { value: '50', shown: '50' } } })
const io4 = state({ restart: { 'io-threads': '4' }, proven: { 'io-threads': '4' } })
const crash = { member: 's-2', parameter: 'io-threads', message: 'argument must be between 1 and 128 inclusive' }
const refusedIo = { value: '999', member: 's-2', message: crash.message, image: IMAGE }

type Want = Readonly<{
  state?: ConfigState
  untried?: readonly string[]
  refused?: Readonly<Record<string, string>>
  settings?: Readonly<Record<string, string>>
}>
type Row = readonly [rule: string, before: ConfigState, facts: Partial<ConfigFacts>, want: Want]

const rows: readonly Row[] = [
  ['has nothing for a store without config', state({}), {}, { state: state({}) }],
  ['tries what is wanted before anything else', state({}), { wanted: { hz: '50' } }, { untried: ['hz'] }],
  [
    'writes the default down first',
    state({}),
    { wanted: { hz: '50' }, learned: new Map([['hz', '10']]) },
    { untried: ['hz'], state: state({ defaults: { hz: '10' } }) },
  ],
  [
    'has no default for what the server does not know',
    state({}),
    { wanted: { nosuch: '1' }, learned: new Map([['nosuch', null]]) },
    { untried: ['nosuch'], state: state({}) },
  ],
  [
    'takes what a server took for every member, as the server shows it',
    state({ defaults: { 'proto-max-bulk-len': '512' } }),
    { wanted: { 'proto-max-bulk-len': '1mb' }, ...tried('proto-max-bulk-len', '1mb live 1048576') },
    {
      state: state({
        defaults: { 'proto-max-bulk-len': '512' },
        live: { 'proto-max-bulk-len': { value: '1mb', shown: '1048576' } },
      }),
      settings: { 'proto-max-bulk-len': '1048576' },
    },
  ],
  [
    'learns the default first of what a server took at another time',
    state({}),
    { wanted: { hz: '50' }, ...tried('hz', '50 live') },
    { untried: ['hz'] },
  ],
  ['keeps what is in force', hz50, { wanted: { hz: '50' } }, { state: hz50, settings: { hz: '50' } }],
  [
    'keeps the value before until the new one is tried',
    hz50,
    { wanted: { hz: '60' } },
    { state: hz50, untried: ['hz'], settings: { hz: '50' } },
  ],
  [
    'keeps the value before when the new one is refused, and tries it no more',
    hz50,
    { wanted: { hz: 'abc' }, ...tried('hz', 'abc refused it is no integer') },
    { state: hz50, settings: { hz: '50' }, refused: { hz: 's-2: it is no integer' } },
  ],
  [
    'tries another value than the refused one',
    hz50,
    { wanted: { hz: '60' }, ...tried('hz', 'abc refused it is no integer') },
    { state: hz50, untried: ['hz'], settings: { hz: '50' } },
  ],
  [
    'returns a removed parameter to its default',
    hz50,
    {},
    { state: state({ defaults: { hz: '10' } }), settings: { hz: '10' } },
  ],
  [
    'forgets it when every member has it back',
    state({ defaults: { hz: '10' } }),
    { returned: new Set(['hz']) },
    { state: state({}) },
  ],
  [
    'keeps the default of one that is wanted again',
    state({ defaults: { hz: '10' } }),
    { wanted: { hz: '50' }, returned: new Set(['hz']) },
    { state: state({ defaults: { hz: '10' } }), untried: ['hz'] },
  ],
  [
    'puts what only a start can change on the command line',
    state({ defaults: { 'io-threads': '1' } }),
    { wanted: { 'io-threads': '4' }, ...tried('io-threads', '4 restart') },
    { state: state({ defaults: { 'io-threads': '1' }, restart: { 'io-threads': '4' } }) },
  ],
  [
    'sets nothing back live that was on the command line',
    state({ defaults: { 'io-threads': '1' }, restart: { 'io-threads': '4' } }),
    {},
    { state: state({}) },
  ],
  [
    'knows a command line as good when every member started with it',
    state({ restart: { 'io-threads': '4' } }),
    { wanted: { 'io-threads': '4' }, isProven: true },
    { state: io4 },
  ],
  [
    'takes a value back that kept a server from starting, and names it',
    state({ restart: { 'io-threads': '999' } }),
    { wanted: { 'io-threads': '999' }, crash, ...tried('io-threads', '999 restart') },
    { state: state({ refused: { 'io-threads': refusedIo } }), refused: { 'io-threads': `s-2: ${crash.message}` } },
  ],
  [
    'comes back to what every member started with before',
    { ...io4, restart: { 'io-threads': '999' } },
    { wanted: { 'io-threads': '999' }, crash, ...tried('io-threads', '999 restart') },
    {
      state: { ...io4, refused: { 'io-threads': refusedIo } },
      refused: { 'io-threads': `s-2: ${crash.message}` },
    },
  ],
  [
    'does not put it on the command line again',
    state({ refused: { 'io-threads': refusedIo } }),
    { wanted: { 'io-threads': '999' } },
    { state: state({ refused: { 'io-threads': refusedIo } }), refused: { 'io-threads': `s-2: ${crash.message}` } },
  ],
  [
    'rolls the others on without it',
    state({ restart: { 'io-threads': '999', 'tcp-backlog': '99' } }),
    { wanted: { 'io-threads': '999', 'tcp-backlog': '99' }, crash, ...tried('tcp-backlog', '99 restart') },
    {
      state: state({ restart: { 'tcp-backlog': '99' }, refused: { 'io-threads': refusedIo } }),
      refused: { 'io-threads': `s-2: ${crash.message}` },
    },
  ],
  [
    'heals when the value is corrected',
    state({ refused: { 'io-threads': refusedIo } }),
    { wanted: { 'io-threads': '2' }, ...tried('io-threads', '2 restart') },
    { state: state({ restart: { 'io-threads': '2' }, refused: { 'io-threads': refusedIo } }) },
  ],
  ['forgets a refusal with its parameter', state({ refused: { 'io-threads': refusedIo } }), {}, { state: state({}) }],
  ['rolls a removed one off the command line', io4, {}, { state: state({ proven: { 'io-threads': '4' } }) }],
  [
    'takes no crash for that of a parameter which is not there',
    io4,
    { wanted: { 'io-threads': '4' }, crash: { ...crash, parameter: 'tcp-backlog' } },
    { state: io4 },
  ],
  [
    'tries everything anew on another image, and keeps it in force meanwhile',
    hz50,
    { wanted: { hz: '50' }, image: 'valkey:9.2' },
    { state: hz50, untried: ['hz'], settings: { hz: '50' } },
  ],
  [
    'ends that with the answers of the new one',
    hz50,
    { wanted: { hz: '50' }, image: 'valkey:9.2', ...tried('hz', '50 live', 'valkey:9.2') },
    { state: { ...hz50, image: 'valkey:9.2' }, settings: { hz: '50' } },
  ],
  [
    'takes no answer of another image',
    state({}),
    { wanted: { hz: '50' }, ...tried('hz', '50 refused unknown', 'valkey:9.0') },
    { untried: ['hz'] },
  ],
  [
    'does not keep what the new one refuses',
    hz50,
    { wanted: { hz: '50' }, image: 'valkey:9.2', ...tried('hz', '50 refused gone', 'valkey:9.2') },
    { state: state({ image: 'valkey:9.2', defaults: { hz: '10' } }), refused: { hz: 's-2: gone' } },
  ],
  [
    'lets one move to the command line with the new one',
    hz50,
    { wanted: { hz: '50' }, image: 'valkey:9.2', ...tried('hz', '50 restart', 'valkey:9.2') },
    { state: state({ image: 'valkey:9.2', defaults: { hz: '10' }, restart: { hz: '50' } }) },
  ],
  [
    'drops from the command line what a new version does not start with, although every member had started with it',
    io4,
    { wanted: { 'io-threads': '4' }, image: 'valkey:9.2', crash },
    {
      state: state({
        image: 'valkey:9.2',
        refused: { 'io-threads': { ...refusedIo, value: '4', image: 'valkey:9.2' } },
      }),
      refused: { 'io-threads': `s-2: ${crash.message}` },
    },
  ],
]

describe('planConfig()', () => {
  for (const [rule, before, given, want] of rows) {
    it(rule, () => {
      const { state: after, untried, refusals, settings } = planConfig(before, facts(given))

      expect(after).to.deep.equal(want.state ?? before)
      expect(untried).to.deep.equal(want.untried ?? [])
      expect(settings).to.deep.equal(want.settings ?? {})
      const told = [...refusals].map(([name, { member, message }]) => [name, `${member}: ${message}`])
      expect(Object.fromEntries(told)).to.deep.equal(want.refused ?? {})
    })
  }

  it('is at rest once everything was answered: the same again and again', () => {
    const given = facts({ wanted: { hz: '50', 'io-threads': '4' }, isProven: true })
    const before = state({ ...hz50, restart: { 'io-threads': '4' } })

    const once = planConfig(before, given)
    const twice = planConfig(once.state, given)

    expect(twice).to.deep.equal(once)
  })
})

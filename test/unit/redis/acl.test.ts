import { expect } from 'chai'
import {
  buildDefaultUser,
  buildGenericUser,
  buildMetricsUser,
  buildOperatorUser,
  buildReplicationUser,
  categoriesOf,
  isAtLeast,
  isSameUser,
  renderAclFile,
  setUserArguments,
} from '../../../src/redis/acl.ts'
import type { Reply } from '../../../src/redis/parse.ts'
import type { AclUser, EngineVersion } from '../../../src/redis/types.ts'

const valkey: EngineVersion = { engine: 'Valkey', version: '9.1' }
const redis8: EngineVersion = { engine: 'Redis', version: '8.0' }
const redis7: EngineVersion = { engine: 'Redis', version: '7.0' }
const hash = 'a'.repeat(64)

function allUsers(server: EngineVersion): readonly AclUser[] {
  const input = { server, passwordHashes: [hash] }
  return [
    buildDefaultUser(),
    buildOperatorUser(input),
    buildReplicationUser(input),
    buildMetricsUser(input),
    buildGenericUser({ ...input, namespace: 'shop', binding: 'web', keyPrefix: 'sess:', tenancy: 'Dedicated' }),
  ]
}

describe('the users of a store', () => {
  for (const server of [valkey, redis8, redis7]) {
    it(`are granted commands one by one on ${server.engine} ${server.version}, never a category`, () => {
      const rules = allUsers(server).flatMap((user) => user.rules)
      expect(rules.filter((rule) => /@|^all|^nopass|^~\*$|^&/.test(rule))).to.deep.equal(['-@all'])
    })
  }

  it('have no command that a server does not know', () => {
    const setinfo = (server: EngineVersion) => allUsers(server).some(({ rules }) => rules.includes('+client|setinfo'))
    expect([valkey, redis8, redis7].map(setinfo)).to.deep.equal([true, true, false])
  })

  it('are tied to their database where the server can do it', () => {
    const databases = (server: EngineVersion) =>
      allUsers(server).map(({ name, rules }) => [name, ...rules.filter((rule) => rule.startsWith('db='))].join(' '))
    expect(databases(valkey)).to.deep.equal(['default', 'operator db=1', 'replication', 'metrics', 'shop.web db=0'])
    expect(databases(redis8)).to.deep.equal(['default', 'operator', 'replication', 'metrics', 'shop.web'])
  })

  it('keep a binding to its own keys', () => {
    const user = buildGenericUser({
      server: redis8,
      passwordHashes: [hash],
      namespace: 'shop',
      binding: 'web',
      keyPrefix: 'shop:web:',
      tenancy: 'Shared',
    })
    expect(user.rules.filter((rule) => /^[~%&]/.test(rule))).to.deep.equal(['~shop:web:*'])
    for (const rule of ['+select', '+eval', '+scan', '+keys', '+config|get']) expect(user.rules).not.to.include(rule)
  })

  it('tell a binding nothing of the whole server where others share it', () => {
    const web = { server: valkey, passwordHashes: [hash], namespace: 'shop', binding: 'web', keyPrefix: 'w:' }
    const dedicated = buildGenericUser({ ...web, tenancy: 'Dedicated' })
    const shared = buildGenericUser({ ...web, tenancy: 'Shared' })

    expect(dedicated.rules.filter((rule) => !shared.rules.includes(rule))).to.deep.equal(['+info'])
    expect(shared.rules.filter((rule) => !dedicated.rules.includes(rule))).to.deep.equal([])
  })

  for (const [what, change] of [
    ['a space in a prefix', { keyPrefix: 'a ~*' }],
    ['a line in a prefix', { keyPrefix: 'a\nuser x on nopass ~* +@all' }],
    ['a glob in a prefix', { keyPrefix: '*' }],
    ['an empty prefix', { keyPrefix: '' }],
    ['a prefix without an end', { keyPrefix: 'a'.repeat(129) }],
    ['a space in a name', { binding: 'web on' }],
    ['a dot in a name', { binding: 'a.b' }],
    ['an empty namespace', { namespace: '' }],
  ] as const) {
    it(`cannot be rendered with ${what}`, () => {
      const web = { namespace: 'shop', binding: 'web', keyPrefix: 'w:', tenancy: 'Shared' } as const
      const build = () => buildGenericUser({ server: valkey, passwordHashes: [hash], ...web, ...change })

      expect(build).to.throw(RangeError, 'Cannot render an ACL user')
    })
  }
})

describe('renderAclFile()', () => {
  it('turns a user without a password off, with nothing left', () => {
    expect(renderAclFile([buildDefaultUser()])).to.equal('user default reset resetchannels off -@all\n')
  })

  it('writes one line a user, with every hash', () => {
    const user = { name: 'a', passwordHashes: ['1', '2'], rules: ['~a:*', '+get'] }
    expect(renderAclFile([user, user])).to.equal('user a reset resetchannels on #1 #2 ~a:* +get\n'.repeat(2))
  })
})

describe('setUserArguments()', () => {
  it('begins anew, so that nothing of before is left', () => {
    const user = { name: 'a', passwordHashes: ['1'], rules: ['+get'] }
    expect(setUserArguments(user)).to.deep.equal(['a', 'reset', 'resetchannels', 'on', '#1', '+get'])
  })
})

describe('isSameUser()', () => {
  const user: AclUser = { name: 'a', passwordHashes: ['h1', 'h2'], rules: ['~a:*', '+get', '+client|id'] }
  const shown: Readonly<Record<string, Reply>> = {
    flags: ['on', 'sanitize-payload'],
    passwords: ['h2', 'h1'],
    commands: '-@all +client|id +get',
    keys: '~a:*',
    channels: '',
    selectors: [],
  }
  const isSame = (changes: Readonly<Record<string, Reply>>, categories = new Map<string, string[]>()) =>
    isSameUser(user, new Map(Object.entries({ ...shown, ...changes })), categories)

  it('takes another order as the same', () => {
    expect(isSame({})).to.equal(true)
  })

  const differences: readonly [name: string, changes: Readonly<Record<string, Reply>>][] = [
    ['off', { flags: ['off'] }],
    ['without a password', { flags: ['on', 'nopass'] }],
    ['with a password less', { passwords: ['h1'] }],
    ['with a password more', { passwords: ['h1', 'h2', 'h3'] }],
    ['with a command more', { commands: '-@all +client|id +get +set' }],
    ['with all commands', { commands: '+@all' }],
    ['with all commands but one', { commands: '-@all +client|id +get +@all -set' }],
    ['with a key pattern more', { keys: '~a:* ~b:*' }],
    ['with a channel', { channels: '&x' }],
    ['with a selector', { selectors: [['commands', '+@all']] }],
    ['tied to a database', { databases: 'db=0' }],
  ]
  for (const [name, changes] of differences) {
    it(`sees a user that is ${name}`, () => {
      expect(isSame(changes)).to.equal(false)
    })
  }

  it('takes no tie to a database as all databases', () => {
    expect(isSame({ databases: 'alldbs' })).to.equal(true)
  })

  it('unfolds categories', () => {
    const folded = { commands: '-@all +@some -set +get' }
    expect(categoriesOf(new Map(Object.entries({ ...shown, ...folded })))).to.deep.equal(['some'])
    expect(isSame(folded, new Map([['some', ['client|id', 'set']]]))).to.equal(true)
    expect(isSame(folded, new Map([['some', ['client|id', 'set', 'del']]]))).to.equal(false)
    expect(isSame(folded)).to.equal(false)
  })

  it('sees a user that does not exist', () => {
    expect(isSameUser(user, new Map())).to.equal(false)
  })
})

describe('isAtLeast()', () => {
  it('compares major, then minor', () => {
    const is = (version: string) => isAtLeast(version, [7, 2])
    expect(['7.0', '7.2', '8.0', '6.9', '10.0', '7.2.4'].map(is)).to.deep.equal([false, true, true, false, true, true])
  })
})

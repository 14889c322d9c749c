import { writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { buildGenericUser, renderAclFile } from '../../../src/redis/acl.ts'
import type { Connection } from '../../../src/redis/connection.ts'
import { isList } from '../../../src/redis/parse.ts'
import { prepare } from '../../../src/redis/prepare.ts'
import type { AclUser } from '../../../src/redis/types.ts'
import { INJECTIONS } from '../../support/injections.ts'
import { SERVER_NAMES, sha256 } from './group.ts'
import { must, type Store, startStore } from './store.ts'

const ROOT_PASSWORD = 'root-of-this-test'

/** What the schema accepts and what is a word of the ACL language all the same. */
const WORDS = ['on', 'off', 'reset', 'nopass', 'allkeys', 'default', 'operator', 'replication', 'user']
const PREFIXES = [...WORDS, '-', '.', ':', '..', '-a:', '0', 'A_b-c.d:e', 'x'.repeat(64)]

for (const server of SERVER_NAMES) {
  describe(`texts that mean something elsewhere on ${server}`, function () {
    this.timeout(60_000)
    let store: Store

    before(async () => {
      store = await startStore(server)
    })
    after(() => store?.stop())

    function userOf(binding: string, password: string, keyPrefix = `${binding}:`): AclUser {
      const input = { namespace: 'shop', binding, keyPrefix, tenancy: 'Shared', server: store.server } as const
      return buildGenericUser({ ...input, passwordHashes: [sha256(password)] })
    }

    /** Whoever may look at everything; preparing a server deletes it again. */
    async function asRoot(): Promise<Connection> {
      const operator = await store.connect(store.member(0))
      must(await operator.call(['ACL', 'SETUSER', 'root', 'on', `>${ROOT_PASSWORD}`, '~*', '&*', '+@all']))
      operator.close()
      return store.connect(store.member(0), { username: 'root', passwords: [ROOT_PASSWORD], db: 0 })
    }

    async function assert(users: readonly AclUser[]): Promise<readonly string[]> {
      const operator = await store.connect(store.member(0))
      const prepared = must(await prepare(operator, { ...store.prepareInput, users, hash: 'h' }))
      operator.close()
      return 'changed' in prepared ? prepared.changed : []
    }

    async function listUsers(): Promise<readonly string[]> {
      const root = await asRoot()
      const listed = must(await root.call(['ACL', 'LIST']))
      root.close()
      const lines = 'value' in listed && isList(listed.value) ? listed.value.map(String) : []
      return lines.filter((line) => !line.startsWith('user root ')).toSorted()
    }

    /** The same users by both ways: SETUSER of a running server, the file of one that starts. */
    async function assertBothWays(more: readonly AclUser[]): Promise<void> {
      const users = [...store.users, ...more]
      await assert(users)
      const bySetUser = await listUsers()

      await writeFile(store.config.aclFile, renderAclFile(users))
      must(await (await asRoot()).call(['ACL', 'LOAD']))

      expect(await listUsers()).to.deep.equal(bySetUser)
      const names = bySetUser.map((line) => line.split(' ')[1])
      expect(names.sort()).to.deep.equal(users.map(({ name }) => name).sort())
      // Nothing differs but the one that looked.
      expect(await assert(users)).to.deep.equal(['root'])
    }

    for (const text of INJECTIONS) {
      it(`cannot be a name or a prefix: ${JSON.stringify(text)}`, () => {
        expect(() => userOf('web', 'p', text)).to.throw(RangeError, 'Cannot render an ACL user')
        expect(() => userOf(text, 'p', 'web:')).to.throw(RangeError, 'Cannot render an ACL user')
      })
    }

    it('are harmless as passwords, of which only a hash is rendered', async () => {
      const passwords = INJECTIONS.filter((text) => text !== '')

      await assertBothWays(passwords.map((password, i) => userOf(`p${i}`, password)))

      for (const [i, password] of passwords.entries()) {
        const own = { username: `shop.p${i}`, passwords: [password], db: 0 }
        const login = await store.connect(store.member(0), own)
        expect(await login.call(['SET', `p${i}:a`, 'x']), password).to.have.property('ok', true)
        expect(await login.call(['GET', 'sess:a']), password).to.deep.include({ ok: false, code: 'NOPERM' })
        login.close()
      }
    })

    it('are words like any other as names and prefixes that the schema accepts', async () => {
      const names = WORDS.map((word) => userOf(word, 'p', `w-${word}:`))
      const prefixes = PREFIXES.map((prefix, i) => userOf(`x${i}`, 'p', prefix))

      await assertBothWays([...names, ...prefixes])

      for (const [i, prefix] of PREFIXES.entries()) {
        const login = await store.connect(store.member(0), { username: `shop.x${i}`, passwords: ['p'], db: 0 })
        expect(await login.call(['SET', `${prefix}1`, 'x']), prefix).to.have.property('ok', true)
        expect(await login.call(['GET', `#${prefix}1`]), prefix).to.deep.include({ ok: false, code: 'NOPERM' })
        login.close()
      }
    })
  })
}

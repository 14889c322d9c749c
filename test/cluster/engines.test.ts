import { expect } from 'chai'
import { SESSION_STORES, type SessionStoreSpec } from '../../src/api/v1alpha1/sessionstore.ts'
import { PODS } from '../../src/kube/resources.ts'
import { deleteObject, mergePatch } from '../support/cluster/api.ts'
import { BINDING_ROOT, type ClientPod, execIn, execJson, startClientPod } from '../support/cluster/client.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { signalServer } from '../support/cluster/faults.ts'
import { askMembers, type Member, untilAgreed } from '../support/cluster/members.ts'
import { savingOnError, useNamespace } from '../support/cluster/namespace.ts'
import { report } from '../support/cluster/report.ts'
import { applyStore, isSettled, podRuns, primaryPod, secretEntry, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

type Store = Readonly<{ spec: SessionStoreSpec; version: RegExp }>

const STORES = {
  'redis-8': { spec: { engine: 'Redis', version: '8.0' }, version: /^8\.0\./ },
  'redis-7': { spec: { engine: 'Redis', version: '7.0' }, version: /^7\.0\./ },
  plaintext: { spec: { engine: 'Valkey', tls: { mode: 'Disabled' }, replicas: 2 }, version: /^9\.1\./ },
  single: { spec: { engine: 'Valkey', replicas: 1 }, version: /^9\.1\./ },
} as const satisfies Readonly<Record<string, Store>>

const names = Object.keys(STORES) as (keyof typeof STORES)[]

describe('other stores', function () {
  this.timeout(360_000)
  const namespace = useNamespace('engines')
  let client: ClientPod

  before(async () => {
    const startedMs = performance.now()
    await Promise.all(names.map((name) => applyStore({ namespace, name }, STORES[name].spec)))
    await savingOnError('four stores at once', namespace, async () => {
      await Promise.all(names.map((name) => untilSettled({ namespace, name })))
      report('four stores at once', { readyMs: Math.round(performance.now() - startedMs) })
      client = await startClientPod({ namespace, bindings: names })
    })
  })

  for (const name of names) {
    it(`${name} runs the version asked for and serves an unchanged program`, async () => {
      const members = Object.values(await untilAgreed(client, { namespace, name }))

      expect(members).to.have.length((STORES[name].spec as SessionStoreSpec).replicas ?? 3)
      for (const member of members) expect(member).to.have.property('version').that.matches(STORES[name].version)
      expect((await execIn(client, ['node', '/client/ioredis.mjs', name])).trim()).to.equal('OK')
    })
  }

  // The smoke set; the whole one runs on them by `--engines all`.
  for (const name of ['redis-8', 'redis-7'] as const) {
    it(`${name} takes a change of eviction and memory on every member without a restart`, async () => {
      const ref = { namespace, name }
      const before = await podRuns(ref)

      const body = { spec: { eviction: 'noeviction', capacity: { maxMemory: '160Mi' } } }
      await mergePatch(SESSION_STORES, ref, { body })
      await until(
        async (see) => {
          const members = Object.values(await askMembers(client, ref))
          see(members)
          const isSet = (member: Member): boolean =>
            member.error === undefined && member.eviction === 'noeviction' && member.maxMemoryBytes === 160 * 1024 ** 2
          return members.every(isSet)
        },
        { what: `the change on every member of ${name}`, deadlineMs: 60_000 },
      )

      await untilSettled(ref)
      expect(await podRuns(ref)).to.deep.equal(before)
    })

    it(`${name} hands over when the pod of its primary is deleted, and loses nothing`, async () => {
      const ref = { namespace, name }
      const primary = await primaryPod(ref)

      const { verified } = await disturb(client, ref, {
        title: `primary pod of ${name} deleted`,
        act: () => deleteObject(PODS, { namespace, name: primary.metadata.name }),
      })

      expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    })
  }

  for (const name of ['redis-8', 'redis-7', 'plaintext'] as const) {
    it(`${name} fails over when its primary is killed`, async () => {
      const ref = { namespace, name }
      const primary = await primaryPod(ref)

      const { verified, history } = await disturb(client, ref, {
        title: `SIGKILL of the primary of ${name}`,
        act: () => signalServer(primary, 'KILL'),
      })

      expect(verified.lostSpanMs, 'time over which acknowledged writes were lost').to.be.at.most(3000)
      expect(history.at(-1)).to.not.include(primary.metadata.name)
    })
  }

  it('single comes back by itself, empty, when its server is killed', async () => {
    const ref = { namespace, name: 'single' }
    const before = await podRuns(ref)

    const { verified } = await disturb(client, ref, {
      title: 'SIGKILL of a single member',
      act: async () => signalServer(await primaryPod(ref), 'KILL'),
      isOver: async (store) => isSettled(store) && (await podRuns(ref))['single-0'] !== before['single-0'],
    })

    expect(verified.lost).to.be.greaterThan(0)
  })

  it('plaintext has a redis:// address and no certificate', async () => {
    const uri = await secretEntry(namespace, 'plaintext-session-binding', 'uri')
    const files = await execIn(client, ['node', '-p', `fs.readdirSync('${BINDING_ROOT}/plaintext').join()`])

    expect(uri).to.match(/^redis:\/\//)
    expect(files).to.not.contain('ca.crt')
  })

  it('redis-8 is refused by a client that trusts the authority of another store', async () => {
    const shake = ['node', '/client/handshake.mjs', '--host', `redis-8-primary.${namespace}.svc`]

    const result = await execJson(client, [...shake, '--ca-file', `${BINDING_ROOT}/single/ca.crt`])

    expect(result)
      .to.have.property('code')
      .that.matches(/^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_SIGNATURE)/)
  })
})

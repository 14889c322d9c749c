import { expect } from 'chai'
import { API_VERSION } from '../../src/api/v1alpha1/group.ts'
import { SESSION_BINDINGS, type SessionBinding } from '../../src/api/v1alpha1/sessionbinding.ts'
import { SECRETS } from '../../src/kube/resources.ts'
import { ANNOTATIONS } from '../../src/resources/labels.ts'
import { bindingSecretName, podHost } from '../../src/resources/names.ts'
import { applyObject, findObject, getObject } from '../support/cluster/api.ts'
import { type ClientPod, execIn, execJson, startClientPod, startIn } from '../support/cluster/client.ts'
import { kubectl, type Running } from '../support/cluster/command.ts'
import { useNamespace } from '../support/cluster/namespace.ts'
import { report } from '../support/cluster/report.ts'
import { applyStore, serverPods, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

const LABEL = 'sessionstore.dev/test-tenant'
const PROGRAMS = {
  ioredis: ['node', '/client/ioredis.mjs', 'app'],
  'node-redis': ['node', '/client/node-redis.mjs', 'app'],
  'redis-py': ['python3', '/client/redis_py.py', 'app'],
} as const

describe('a store that namespaces share', function () {
  this.timeout(180_000)
  const infra = useNamespace('shared-infra')
  const [one, two] = [useNamespace('tenant-one'), useNamespace('tenant-two')]
  const store = { namespace: infra, name: 'common' }
  let clientOne: ClientPod
  let clientTwo: ClientPod

  before(async () => {
    await label(one, 'yes')
    const selector = { matchExpressions: [{ key: LABEL, operator: 'In', values: ['yes'] }] } as const
    await applyStore(store, { bindings: { tenancy: 'Shared', from: 'Selector', selector } })
    // The prefix that the unchanged programs use; the other takes what it is given.
    await bind(one, { keyPrefix: 'sess:' })
    await bind(two)
    await untilSettled(store)
  })

  async function label(namespace: string, value: 'yes' | undefined): Promise<void> {
    await kubectl(['label', 'namespace', namespace, value ? `${LABEL}=${value}` : `${LABEL}-`, '--overwrite'])
  }

  function bind(namespace: string, more: Readonly<{ keyPrefix?: string }> = {}): Promise<SessionBinding> {
    const spec = { storeRef: { name: store.name, namespace: infra }, ...more }
    const metadata = { namespace, name: 'app' }
    return applyObject(SESSION_BINDINGS, { apiVersion: API_VERSION, kind: 'SessionBinding', metadata, spec })
  }

  function untilReason(namespace: string, reason: string): Promise<SessionBinding> {
    return until(
      async (see) => {
        const binding = await getObject(SESSION_BINDINGS, { namespace, name: 'app' })
        see(binding.status)
        return binding.status?.conditions?.find(({ type }) => type === 'Ready')?.reason === reason && binding
      },
      { what: `binding of ${namespace}: ${reason}`, deadlineMs: 60_000 },
    )
  }

  /** How the login of a binding ends at every server of the store. */
  async function loginsOf(client: ClientPod): Promise<readonly string[]> {
    const hosts = (await serverPods(store)).map(({ metadata }) => podHost(store, metadata.name, 'cluster.local'))
    const results = await execJson<Record<string, string>>(client, ['node', '/client/logins.mjs', 'app', ...hosts])
    return hosts.map((host) => results[host] ?? '')
  }

  function untilEvent(program: Running, event: string): Promise<unknown> {
    return until(
      (see) => {
        see(program.lines())
        return program.lines().some((line) => line['event'] === event)
      },
      { what: `the open connection to say ${event}`, deadlineMs: 60_000, everyMs: 20 },
    )
  }

  it('gives a namespace with the labels a Secret of its own, and another one nothing', async () => {
    await untilReason(one, 'Bound')
    await untilReason(two, 'StoreNotAvailable')

    const type = await kubectl(['-n', one, 'get', 'secret', 'app-session-binding', '-o', 'jsonpath={.type}'])
    expect(type).to.equal('servicebinding.io/redis')
    expect(await findObject(SECRETS, { namespace: two, name: bindingSecretName({ name: 'app' }) })).to.equal(undefined)
    expect(await kubectl(['get', 'sessb', 'app', '-n', one])).to.match(/True +common +shared-infra-\d+ +sess: +Bound/)
    clientOne = await startClientPod({ namespace: one, bindings: ['app'] })
  })

  for (const [name, program] of Object.entries(PROGRAMS)) {
    it(`serves an unchanged program with ${name}`, async () => {
      expect((await execIn(clientOne, program)).trim()).to.equal('OK')
    })
  }

  it('admits a namespace when it gets the labels, and keeps the two apart', async () => {
    await label(two, 'yes')
    const bound = await untilReason(two, 'Bound')
    expect(bound.status?.keyPrefix).to.equal(`${two}:app:`)
    clientTwo = await startClientPod({ namespace: two, bindings: ['app'] })

    const byOne = await execJson<Record<string, string>>(clientOne, [
      ...['node', '/client/tenant.mjs', 'app'],
      `${two}:app:visit`,
    ])
    const byTwo = await execJson<Record<string, string>>(clientTwo, ['node', '/client/tenant.mjs', 'app', 'sess:visit'])

    const denied = ['theirs', 'overwrite', 'scan', 'info', 'dbsize', 'clients', 'subscribe', 'select']
    const refused = Object.fromEntries(denied.map((what) => [what, 'NOPERM']))
    expect(byOne).to.deep.equal({ set: 'OK', get: `${one}.app`, ...refused, transaction: 'EXECABORT' })
    expect(byTwo).to.deep.equal({ set: 'OK', get: `${two}.app`, ...refused, transaction: 'EXECABORT' })
  })

  it('ends the open connection of a namespace that lost the labels, and its login on every member', async () => {
    expect(await loginsOf(clientTwo)).to.deep.equal(['OK', 'OK', 'OK'])
    const open = startIn(clientTwo, ['node', '/client/open.mjs', 'app'])
    await untilEvent(open, 'open')

    const startedMs = performance.now()
    await label(two, undefined)
    await untilEvent(open, 'closed')
    report('label withdrawn', { connectionClosedMs: Math.round(performance.now() - startedMs) })
    await untilEvent(open, 'WRONGPASS')
    await untilReason(two, 'StoreNotAvailable')

    await until(async () => (await loginsOf(clientTwo)).every((each) => each === 'WRONGPASS'), {
      what: 'the login to be gone everywhere',
      deadlineMs: 30_000,
    })
    const secret = await getObject(SECRETS, { namespace: two, name: bindingSecretName({ name: 'app' }) })
    expect(secret.metadata.annotations).to.include({ [ANNOTATIONS.login]: 'Withdrawn' })
    expect(await loginsOf(clientOne)).to.deep.equal(['OK', 'OK', 'OK'])
  })

  it('serves it again, with the same Secret, when it has them again', async () => {
    await label(two, 'yes')
    await untilReason(two, 'Bound')

    const again = await execJson<Record<string, string>>(clientTwo, ['node', '/client/tenant.mjs', 'app', 'sess:visit'])
    expect(again).to.include({ set: 'OK', theirs: 'NOPERM' })
  })

  it('ends the open connection of a binding that is deleted', async () => {
    const open = startIn(clientTwo, ['node', '/client/open.mjs', 'app'])
    await untilEvent(open, 'open')

    const startedMs = performance.now()
    await kubectl(['delete', 'sessb', 'app', '-n', two])
    await untilEvent(open, 'closed')
    report('binding deleted', { connectionClosedMs: Math.round(performance.now() - startedMs) })

    await untilEvent(open, 'WRONGPASS')
    expect(await loginsOf(clientTwo)).to.deep.equal(['WRONGPASS', 'WRONGPASS', 'WRONGPASS'])
    expect((await execIn(clientOne, PROGRAMS.ioredis)).trim()).to.equal('OK')
  })
})

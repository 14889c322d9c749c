import { expect } from 'chai'
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import { CONFIG_MAPS, LEASES } from '../../../src/kube/resources.ts'
import type { ConfigMap } from '../../../src/kube/types.ts'
import { type CopyOperator, createCopyOperator, PARENT } from '../../support/copy-operator.ts'
import { adminClient, configMap, kubeconfigPath, newNamespace, TEST_MANAGER } from '../../support/kube.ts'
import { until } from '../../support/until.ts'

const fieldManager = TEST_MANAGER

type Operator = Omit<CopyOperator, 'parents' | 'children'> &
  Readonly<{
    requests: string[]
    lists: string[]
    reconciled: string[]
    stop: AbortController
    exitCode: Promise<0 | 1>
  }>

async function startOperator(
  namespace: string,
  options: Readonly<{ identity?: string; before?: (key: string) => Promise<void> }> = {},
): Promise<Operator> {
  const requests: string[] = []
  const lists: string[] = []
  const reconciled: string[] = []
  const request = (sample: Readonly<{ method: string; code: string }>) =>
    requests.push(`${sample.method} ${sample.code}`)
  const metrics = { ...noMetrics, request, reflectorListed: (kind: string) => lists.push(kind) }
  const client = await createKubeClient({ kubeconfig: kubeconfigPath(), metrics })
  const electionClient = await createKubeClient({ kubeconfig: kubeconfigPath() })
  const operator = createCopyOperator({
    client,
    electionClient,
    namespace,
    metrics,
    identity: options.identity ?? 'one',
    async before(key) {
      await options.before?.(key)
      reconciled.push(key)
    },
  })
  operator.manager.addCloser({ name: 'client', close: () => client.close() })
  const stop = new AbortController()
  const exitCode = operator.manager.run(stop.signal).finally(() => electionClient.close())
  return { ...operator, requests, lists, reconciled, stop, exitCode }
}

describe('a whole operator against a real API server', () => {
  let admin: KubeClient
  let namespace: string
  const running: Operator[] = []

  before(async () => {
    admin = await adminClient()
  })

  beforeEach(async () => {
    namespace = await newNamespace(admin)
  })

  afterEach(async () => {
    for (const { stop } of running) stop.abort()
    await Promise.all(running.splice(0).map(({ exitCode }) => exitCode))
  })

  after(() => admin.close())

  async function start(options: Parameters<typeof startOperator>[1] = {}): Promise<Operator> {
    const operator = await startOperator(namespace, options)
    running.push(operator)
    return operator
  }

  function leading({ manager }: Operator): Promise<true> {
    return until(() => manager.state === 'leading', { what: 'leadership', deadlineMs: 10_000, everyMs: 10 })
  }

  function addParent(name: string, data: Readonly<Record<string, string>>): Promise<ConfigMap> {
    const parent = configMap({ namespace, name, labels: PARENT }, data)
    return admin.create(CONFIG_MAPS, parent, { fieldManager })
  }

  /** Waits until the child's data is `want`. */
  function child(name: string, want: Readonly<Record<string, string>>): Promise<ConfigMap> {
    return until(
      async (see) => {
        const found = await admin.get(CONFIG_MAPS, { namespace, name: `${name}-child` })
        see(found.data)
        return JSON.stringify(found.data) === JSON.stringify(want) && found
      },
      { what: `the child of ${name}`, deadlineMs: 5_000, everyMs: 10 },
    )
  }

  it('creates, follows, repairs and re-creates what it owns', async () => {
    await addParent('early', { a: 'x' })
    await start()
    await child('early', { a: 'X' })
    await addParent('late', { b: 'y' })
    const first = await child('late', { b: 'Y' })

    const ref = { namespace, name: 'late' }
    await admin.patch(CONFIG_MAPS, ref, { kind: 'merge', body: { data: { b: 'z' } }, fieldManager })
    await child('late', { b: 'Z' })
    const childRef = { namespace, name: 'late-child' }
    await admin.patch(CONFIG_MAPS, childRef, { kind: 'merge', body: { data: { b: 'spoilt' } }, fieldManager })
    await child('late', { b: 'Z' })
    await admin.delete(CONFIG_MAPS, childRef)
    const last = await child('late', { b: 'Z' })

    expect(last.metadata.uid).to.not.equal(first.metadata.uid)
  })

  it('sends nothing at rest, and after a restart only lists and watches', async () => {
    for (const name of ['a', 'b', 'c']) await addParent(name, { key: name })
    const first = await start()
    for (const name of ['a', 'b', 'c']) await child(name, { key: name.toUpperCase() })
    const { renewTime } = await lease()
    first.requests.length = 0
    await until(async () => (await lease()).renewTime !== renewTime, { what: 'a renewal', deadlineMs: 5_000 })
    expect(first.requests).to.deep.equal([])
    first.stop.abort()
    await first.exitCode

    const second = await start({ identity: 'two' })
    const hasAll = () => new Set(second.reconciled).size === 3
    await until(hasAll, { what: 'all keys to be reconciled', deadlineMs: 10_000, everyMs: 10 })
    const isIdle = () => second.controller.queue.length + second.controller.queue.inWork === 0
    await until(isIdle, { what: 'an idle queue', deadlineMs: 5_000, everyMs: 10 })

    // A list and a watch of two kinds.
    await until(() => second.requests.length >= 4, { what: 'the watches', deadlineMs: 5_000, everyMs: 10 })
    expect(second.requests).to.deep.equal(['GET 200', 'GET 200', 'GET 200', 'GET 200'])
    expect(second.reconciled).to.have.length(3)
  })

  async function lease() {
    const { spec } = await admin.get(LEASES, { namespace, name: 'operator' })
    return { holder: spec?.holderIdentity, renewTime: spec?.renewTime }
  }

  it('keeps a standby warm, that takes over at once and without a list', async () => {
    await addParent('shared', { a: 'x' })
    const first = await start({ identity: 'first' })
    await child('shared', { a: 'X' })
    const standby = await start({ identity: 'standby' })
    const isReady = () => standby.manager.isReady()
    await until(isReady, { what: 'a warm standby', deadlineMs: 10_000, everyMs: 10 })
    await until(async () => (await lease()).holder === 'first', { what: 'the first holder', deadlineMs: 5_000 })
    expect([standby.manager.state, standby.reconciled]).to.deep.equal(['standby', []])

    first.stop.abort()
    expect(await first.exitCode).to.equal(0)
    await leading(standby)
    await addParent('after', { b: 'y' })
    await child('after', { b: 'Y' })

    expect(standby.lists).to.deep.equal(['ConfigMap', 'ConfigMap'])
    expect(standby.reconciled).to.include.members([`${namespace}/shared`, `${namespace}/after`])
  })

  it('finishes the reconcile in work before it gives the lease back, and takes no other', async () => {
    const gate = Promise.withResolvers<void>()
    const begun: string[] = []
    const operator = await start({
      before: (key) => {
        begun.push(key)
        return gate.promise
      },
    })
    await leading(operator)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await addParent(name, { key: 'x' })
    await until(() => begun.length === 4, { what: 'four workers at work', deadlineMs: 5_000, everyMs: 10 })
    operator.stop.abort()
    await until(() => operator.manager.state === 'stopping', { what: 'the stop', deadlineMs: 1_000, everyMs: 5 })
    expect((await lease()).holder).to.equal('one')

    gate.resolve()
    expect(await operator.exitCode).to.equal(0)

    expect((await lease()).holder).to.equal('')
    expect(begun).to.have.length(4)
    for (const key of begun) await child(key.split('/')[1] ?? '', { key: 'X' })
    expect((await admin.list(CONFIG_MAPS, { namespace, labelSelector: 'role=child' })).items).to.have.length(4)
  })

  it('ends with 1 and stops its work when another one took the lease', async () => {
    const operator = await start()
    await leading(operator)
    const spec = { holderIdentity: 'thief', leaseDurationSeconds: 6 }
    await admin.patch(LEASES, { namespace, name: 'operator' }, { kind: 'merge', body: { spec }, fieldManager })

    expect(await operator.exitCode).to.equal(1)
    expect(operator.elector.isLeader()).to.equal(false)
    expect((await lease()).holder).to.equal('thief')
  })
})

import { expect } from 'chai'
import { PODS, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { endPod, runPods } from '../../support/sessionstore/kubelet.ts'
import { rollOn } from '../../support/sessionstore/roll.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

const FATAL = `*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***
Reading the configuration file, at line 40
>>> 'io-threads "9999"'
argument must be between 1 and 256 inclusive`

describe('parameters of a SessionStore', function () {
  this.timeout(90_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })

  after(() => stage.close())

  const shown = (name: string) => stage.servers.all().map(({ config }) => config.get(name))
  const effective = async () => (await stage.store('shop')).status?.effective?.config
  const message = async () => conditionOf(await stage.store('shop'), 'Stalled')?.message
  const isStalled = (is: boolean) =>
    stage.awaitStore(
      'shop',
      (store) => conditionOf(store, 'Stalled')?.status === (is ? 'True' : 'False'),
      `Stalled ${is}`,
    )

  async function settled(what: string, is: () => boolean | Promise<boolean>): Promise<readonly string[]> {
    await until(is, { what, deadlineMs: 15_000, everyMs: 50 })
    await stage.rig.settle()
    return stage.takeRequests()
  }

  it('that can be set live are, on every member, without a change of the template', async () => {
    const before = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    stage.takeRequests()

    await stage.changeStore('shop', { config: { hz: '50' } })
    const requests = await settled('hz', async () => (await effective())?.['hz'] === '50')

    expect(shown('hz')).to.deep.equal(['50', '50', '50'])
    expect(new Set(requests)).to.deep.equal(new Set(['patch StatefulSet shop', 'patch SessionStore/status shop']))
    const after = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(after.spec).to.deep.equal(before.spec)
    expect(after.metadata.generation).to.equal(before.metadata.generation)
  })

  it('come back on a server that was started again', async () => {
    stage.servers.get('shop-2').restart()
    stage.rig.runtimes.get('last')?.wake()

    await settled('hz to be back', () => shown('hz').every((value) => value === '50'))
    expect(await effective()).to.deep.equal({ hz: '50' })
  })

  it('write nothing at rest', async () => {
    stage.rig.wake(`${stage.namespace}/shop`)
    await stage.rig.settle()

    expect(stage.takeRequests()).to.deep.equal([])
  })

  it('that a server refuses are on no member, and the condition has its words', async () => {
    await stage.changeStore('shop', { config: { hz: 'many' } })
    await isStalled(true)

    expect(await message()).to.match(
      /^spec\.config\.hz is "many", which shop-[12] does not take: argument couldn't be parsed into an integer; what was in force before stays/,
    )
    expect(shown('hz')).to.deep.equal(['50', '50', '50'])
    expect(await effective()).to.deep.equal({ hz: '50' })
    expect(conditionOf(await stage.store('shop'), 'Ready')?.status).to.equal('True')
  })

  it('are asked about no more while the answer is the same, and again by another process', async () => {
    await stage.rig.settle()
    stage.takeRequests()
    await stage.restart()
    await isStalled(true)
    await stage.rig.settle()

    expect(stage.takeRequests()).to.deep.equal([])
    expect(await message()).to.include("argument couldn't be parsed")
  })

  it('heal when the value is corrected; one bad name keeps no other from its value', async () => {
    await stage.changeStore('shop', { config: { hz: '60', nosuch: '1' } })
    await settled('hz', async () => (await effective())?.['hz'] === '60')

    expect(shown('hz')).to.deep.equal(['60', '60', '60'])
    expect(await message())
      .to.include('config.nosuch is "1"')
      .and.include('Unknown option')
    await stage.changeStore('shop', { config: { nosuch: null } })
    await isStalled(false)
  })

  it('that are removed return to the default of the server', async () => {
    await stage.changeStore('shop', { config: null })
    await settled('hz to be back', async () => shown('hz').every((value) => value === '10') && !(await effective()))

    const set = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    await until(
      async () =>
        !(await stage.client.get(STATEFUL_SETS, stage.ref('shop'))).metadata.annotations?.[ANNOTATIONS.config],
      { what: 'no annotation', deadlineMs: 10_000 },
    )
    expect(set.spec?.template.spec?.containers[0]?.command).to.have.length(3)
  })

  it('wait while the store is suspended', async () => {
    await stage.changeStore('shop', { suspend: true, config: { hz: '70' } })
    await stage.rig.settle()
    expect(shown('hz')).to.deep.equal(['10', '10', '10'])

    await stage.changeStore('shop', { suspend: false })
    await settled('hz', async () => (await effective())?.['hz'] === '70')
    expect(shown('hz')).to.deep.equal(['70', '70', '70'])
  })

  it('that only a start can change roll one pod at a time', async () => {
    await stage.changeStore('shop', { config: { 'io-threads': '2' } })

    await settled('the command line', async () => (await effective())?.['io-threads'] === '2')
    expect(await rollOn(stage, 'shop')).to.have.members(['shop-0', 'shop-1', 'shop-2'])
    await stage.awaitReady('shop')
    const { spec } = await stage.client.get(PODS, stage.ref('shop-0'))
    expect(spec?.containers[0]?.command?.slice(3)).to.deep.equal(['sh', '--io-threads', '2'])
    expect(await effective()).to.deep.equal({ hz: '70', 'io-threads': '2' })
    await until(
      async () =>
        (await stage.client.get(STATEFUL_SETS, stage.ref('shop'))).metadata.annotations?.[ANNOTATIONS.config]?.includes(
          '"proven":{"io-threads":"2"}',
        ),
      { what: 'it to be known as good', deadlineMs: 10_000 },
    )
  })

  it('that keep a server from starting reach one pod, which comes back as it was', async () => {
    await stage.changeStore('shop', { config: { 'io-threads': '9999' } })
    const leaving = await until(
      async () => {
        await runPods(stage.client, stage.ref('shop'))
        const pods = (await stage.client.list(PODS, { namespace: stage.namespace })).items
        return pods.find(({ metadata }) => metadata.deletionTimestamp !== undefined)?.metadata.name
      },
      { what: 'the first pod to go', deadlineMs: 15_000 },
    )
    // While no operator looks: the stand-in kubelet says Ready first, which the real one never would.
    await stage.rig.stop()
    await endPod(stage.client, stage.servers, stage.ref(leaving))
    await runPods(stage.client, stage.ref('shop'))
    const terminated = { exitCode: 1, reason: 'Error', message: FATAL }
    const { metadata, status } = await stage.client.get(PODS, stage.ref(leaving))
    stage.servers.ensure(metadata.uid ?? '', leaving, `${leaving}.shop-nodes`).isDown = true
    const [server] = status?.containerStatuses ?? []
    const crashed = {
      ...server,
      ready: false,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated },
    }
    const body = { status: { conditions: [], containerStatuses: [crashed] } }
    await stage.client.patch(PODS, stage.ref(leaving), {
      kind: 'merge',
      body,
      subresource: 'status',
      fieldManager: TEST_MANAGER,
    })
    await stage.restart()

    await isStalled(true)
    expect(await message()).to.include(`config.io-threads is "9999", which ${leaving} does not take`)
    expect(await message()).to.include('argument must be between 1 and 256 inclusive')
    expect(await rollOn(stage, 'shop')).to.deep.equal([leaving])
    await stage.awaitReady('shop')
    expect(await effective()).to.deep.equal({ hz: '70', 'io-threads': '2' })
    expect(await message()).to.include('argument must be between')
    await stage.changeStore('shop', { config: { 'io-threads': '2' } })
    await isStalled(false)
  })
})

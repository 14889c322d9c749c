import { expect } from 'chai'
import { STATEFUL_SETS } from '../../../src/kube/resources.ts'
import { ANNOTATIONS } from '../../../src/resources/labels.ts'
import { Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

describe('durability of a SessionStore', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })
  after(() => stage?.close())

  async function annotation(name: string): Promise<string> {
    const { metadata } = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    return metadata.annotations?.[name] ?? ''
  }

  async function mark(): Promise<unknown> {
    return JSON.parse(await annotation(ANNOTATIONS.mark))
  }

  function gates(): readonly string[] {
    return stage.servers
      .all()
      .map(({ config }) => `${config.get('min-replicas-to-write')} ${config.get('min-replicas-max-lag')}`)
  }

  const changes: readonly [
    durability: Readonly<Record<string, string>>,
    downAfter: string,
    w: number,
    lagSeconds: number,
  ][] = [
    [{ mode: 'Async' }, '3s', 0, 2],
    [{ mode: 'Majority', maxLag: '4s' }, '5s', 1, 4],
    [{ mode: 'Bounded', maxLag: '2s' }, '5s', 1, 2],
  ]
  for (const [durability, downAfter, w, lagSeconds] of changes) {
    it(`changes live to ${JSON.stringify(durability)}: mark, every server and record, and no pod is written`, async () => {
      stage.takeRequests()

      await stage.changeStore('shop', { durability, failover: { downAfter } })
      await until(
        async (see) => {
          const seen = await mark()
          see(seen)
          return (
            JSON.stringify(seen).includes(`"w":${w},"maxLagMs":${lagSeconds * 1000}}`) &&
            gates().every((each) => each === `${w} ${lagSeconds}`)
          )
        },
        { what: `w ${w} and a lag of ${lagSeconds} s`, deadlineMs: 20_000 },
      )
      await stage.rig.settle()

      const status = (await stage.store('shop')).status
      const records = stage.servers.all().map(({ record }) => record?.['w'])
      expect(new Set(records)).to.deep.equal(new Set([String(w)]))
      expect(status?.quorum).to.deep.equal({ n: 3, w })
      expect(status?.effective?.durability).to.include(durability)
      expect(stage.takeRequests().filter((each) => /Pod|Secret/.test(each))).to.deep.equal([])
    })
  }

  it('keeps what is in force while the store is suspended, whichever field is changed', async () => {
    await stage.changeStore('shop', { suspend: true, durability: { mode: 'Async' }, failover: { mode: 'Manual' } })
    const suspended = await stage.awaitStore(
      'shop',
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
      'the suspension to be seen',
    )
    await stage.rig.settle()
    const during = [gates(), suspended.status?.effective?.durability?.mode, suspended.status?.effective?.failover]

    await stage.changeStore('shop', { suspend: false, durability: { mode: 'Async' }, failover: { mode: 'Manual' } })
    await until(() => gates().every((each) => each.startsWith('0 ')), { what: 'the end of it', deadlineMs: 20_000 })

    expect(during).to.deep.equal([['1 2', '1 2', '1 2'], 'Bounded', { mode: 'Operator', downAfter: '5s' }])
  })

  it('notes each pod before it takes part', async () => {
    const runs = JSON.parse(await annotation(ANNOTATIONS.runs)) as readonly Readonly<{ name: string; node: string }>[]

    expect(runs.map(({ name, node }) => `${name} ${node}`).sort()).to.deep.equal([
      'shop-0 node-0',
      'shop-1 node-1',
      'shop-2 node-2',
    ])
  })
})

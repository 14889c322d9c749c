import { expect } from 'chai'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'

const MI = 1024 ** 2

describe('the memory of a SessionStore in its status', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })

  after(() => stage.close())

  async function use(bytes: number): Promise<void> {
    const { primary = '' } = (await stage.store('shop')).status ?? {}
    stage.servers.get(primary).usedMemoryBytes = bytes
    stage.rig.runtimes.get('last')?.wake()
  }

  it('has two digits, what is in force, and what would do', async () => {
    const { status } = await stage.store('shop')

    expect(status?.capacity).to.deep.equal({ used: '5100Ki', max: '128Mi', limit: '333Mi', recommended: '64Mi' })
    expect(conditionOf(await stage.store('shop'), 'NearCapacity')).to.include({ status: 'False', reason: 'Enough' })
  })

  it('does not follow at once: nothing is written for a store that is used', async () => {
    stage.takeRequests()

    await use(40 * MI)
    await stage.rig.settle()

    expect(stage.takeRequests()).to.deep.equal([])
  })

  it('tells at once that the end is near, and that it is no longer', async () => {
    await use(110 * MI)
    await stage.awaitStore('shop', (store) => conditionOf(store, 'NearCapacity')?.reason === 'NearLimit', 'to be near')
    await use(40 * MI)
    await stage.awaitStore('shop', (store) => conditionOf(store, 'NearCapacity')?.reason === 'Enough', 'not to be')
  })
})

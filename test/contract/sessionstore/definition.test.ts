import { expect } from 'chai'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { SESSION_STORES } from '../../../src/api/v1alpha1/sessionstore.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../../src/kube/resources.ts'
import { rejectionOf } from '../../support/kube.ts'
import { runPods } from '../../support/sessionstore/kubelet.ts'
import { Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'
import { installKind } from '../api/cluster.ts'

const DEFINITION = { name: `${SESSION_STORES.plural}.${SESSION_STORES.apiVersion.split('/')[0]}` }

describe('an operator whose CustomResourceDefinition is deleted and made again', function () {
  this.timeout(120_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })

  after(async () => {
    for (const kind of KINDS) await installKind(stage.client, kind)
    await stage.close()
  })

  function said(): readonly string[] {
    return stage.rig.log.lines.map(({ message }) => message).filter((message) => message.startsWith('Kind '))
  }

  it('lets go of the stores that went with it, and says once what is missing', async () => {
    const runtime = stage.rig.runtimes.get('last')
    await stage.client.delete(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)
    await until(
      async () =>
        /not found/.test(String(await rejectionOf(stage.client.get(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)))),
      {
        what: 'the end of the definition',
        deadlineMs: 30_000,
      },
    )

    await until(() => runtime?.isStopped, { what: 'the runtime to stop', deadlineMs: 30_000 })
    await until(() => said().length > 0, { what: 'a line about it', deadlineMs: 60_000 })

    expect(stage.rig.caches.stores.size).to.equal(0)
    expect(said()).to.deep.equal(['Kind cannot be watched, the operator goes on with what it knew'])
  })

  it('runs stores again once it is back', async () => {
    for (const kind of KINDS) await installKind(stage.client, kind)
    // Nobody collects garbage here: the children of the first store still have its name.
    await stage.createStore('later')
    await until(() => stage.rig.caches.stores.get(`${stage.namespace}/later`), {
      what: 'the store in the cache',
      deadlineMs: 60_000,
    })
    await stage.awaitStore('later', ({ status }) => status?.selector !== undefined, 'its objects')
    await runPods(stage.client, stage.ref('later'))
    await stage.awaitReady('later')

    expect(said()).to.have.length(2)
    expect(stage.rig.log.lines.filter(({ level }) => level === 'error')).to.deep.equal([])
  })
})

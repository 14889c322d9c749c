import { expect } from 'chai'
import { SESSION_STORES } from '../../../src/api/v1alpha1/sessionstore.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { type HttpProxy, startHttpProxy } from '../../support/http-proxy.ts'
import { adminAccess, clientWith, TEST_MANAGER } from '../../support/kube.ts'
import { type Applied, allSamples, appliedOf } from '../../support/samples.ts'
import { Stage } from '../../support/sessionstore/stage.ts'
import { StandIn } from '../../support/sessionstore/standin.ts'
import { createClass, dropClasses } from '../../support/sessionstore/volumes.ts'
import { until } from '../../support/until.ts'

const samples = await allSamples()

/** What the operator asks of the API server, counted on its way there: every verb, lists and watches too. */
describe('at rest', function () {
  this.timeout(180_000)
  let proxy: HttpProxy
  let operator: KubeClient
  let stage: Stage
  let standIn: StandIn

  before(async () => {
    proxy = await startHttpProxy(await adminAccess())
    operator = clientWith(proxy.access)
    stage = await Stage.open(undefined, { client: operator })
    await dropClasses(stage.client)
    await createClass(stage.client, 'standard', { isDefault: true })
    standIn = new StandIn({ client: stage.client, servers: stage.servers, caches: () => stage.rig.caches })
    const applied = samples.map(appliedOf)
    for (const { resource, object } of applied) {
      const { name } = object.metadata
      const placed = { ...object, metadata: { name, ...(resource.namespaced && { namespace: stage.namespace }) } }
      await stage.client.create(resource, placed, { fieldManager: TEST_MANAGER })
    }
    for (const { object } of applied.filter(isRunning)) await stage.awaitReady(object.metadata.name)
    await stage.rig.settle()
  })

  after(async () => {
    await standIn.stop()
    await dropClasses(stage.client)
    await stage.close()
    await operator.close()
    await proxy.close()
  })

  function requests(): readonly string[] {
    return proxy.seen().map(({ method, path }) => `${method} ${path}`)
  }

  for (const sample of samples) {
    it(`samples/${sample.file} is reconciled without a request`, async () => {
      const { name } = appliedOf(sample).object.metadata
      const before = stage.reconciles
      proxy.forget()

      stage.rig.wake(`${stage.namespace}/${name}`)
      await until(() => stage.reconciles > before, { what: 'a reconcile', deadlineMs: 10_000, everyMs: 20 })
      await stage.rig.settle()

      expect(requests()).to.deep.equal([])
    })
  }

  it('a restart costs one list and one watch of each kind, and nothing else', async () => {
    const before = stage.reconciles
    proxy.forget()

    await stage.restart()
    await until(() => stage.reconciles >= before + samples.length, { what: 'all reconciles', deadlineMs: 30_000 })
    await stage.rig.settle()

    const paths = requests().map((request) => request.replace(/[?].*(watch=1).*|[?].*/, '?$1'))
    const kinds = Object.keys(stage.rig.caches).length
    expect(stage.rig.requests).to.deep.equal([])
    expect(stage.rig.events).to.deep.equal([])
    expect(new Set(paths).size, 'each path once').to.equal(paths.length)
    expect(paths.filter((path) => !path.startsWith('GET '))).to.deep.equal([])
    expect(paths.filter((path) => path.endsWith('?watch=1'))).to.have.length(kinds)
    expect(paths).to.have.length(2 * kinds)
  })
})

function isRunning({ resource, object }: Applied): boolean {
  const { suspend } = ((object as Readonly<{ spec?: object }>).spec ?? {}) as Readonly<{ suspend?: boolean }>
  return resource === SESSION_STORES && suspend !== true
}

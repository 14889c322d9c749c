import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { Sample } from '../../../hack/generate/samples.ts'
import { LIMITS } from '../../../src/api/v1alpha1/defaults.ts'
import { SESSION_STORES } from '../../../src/api/v1alpha1/sessionstore.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { type Applied, allSamples, appliedOf } from '../../support/samples.ts'
import { Stage } from '../../support/sessionstore/stage.ts'
import { StandIn } from '../../support/sessionstore/standin.ts'
import { createClass, dropClasses } from '../../support/sessionstore/volumes.ts'

/** The longest name of a namespace. */
const NAMESPACE_LENGTH = 63

/** The name, made as long as a name of ours may be. */
function longest(name: string): string {
  return `${name}-${'x'.repeat(LIMITS.nameLength)}`.slice(0, LIMITS.nameLength)
}

/** The sample under the longest name, in the namespace; of other kinds as it is. */
function lengthened(sample: Sample, namespace: string): Applied {
  const { resource, object } = appliedOf(sample)
  const { name } = object.metadata
  if (!resource.kind.startsWith('Session')) return { resource, object: { ...object, metadata: { name, namespace } } }
  const { storeRef, ...spec } = sample.value.spec as Readonly<{ storeRef?: Readonly<{ name: string }> }>
  const reference = storeRef && { storeRef: { ...storeRef, name: longest(storeRef.name) } }
  const named = { ...object, metadata: { name: longest(name), namespace }, spec: { ...spec, ...reference } }
  return { resource, object: named }
}

describe('the longest names', function () {
  this.timeout(180_000)
  let stage: Stage
  let standIn: StandIn
  let names: readonly string[]

  before(async () => {
    stage = await Stage.open(
      `n${randomBytes(4).toString('hex')}${'x'.repeat(NAMESPACE_LENGTH)}`.slice(0, NAMESPACE_LENGTH),
    )
    const { client, servers } = stage
    await dropClasses(client)
    await createClass(client, 'standard', { isDefault: true })
    standIn = new StandIn({ client, servers, caches: () => stage.rig.caches })
    const applied = (await allSamples()).map((sample) => lengthened(sample, stage.namespace))
    for (const { resource, object } of applied) await client.create(resource, object, { fieldManager: TEST_MANAGER })
    const running = applied.filter(({ resource, object }) => resource === SESSION_STORES && !isSuspended(object))
    names = running.map(({ object }) => object.metadata.name)
  })

  after(async () => {
    await standIn.stop()
    await dropClasses(stage.client)
    await stage.close()
  })

  it('make children, of each sample, that the API server takes', async () => {
    for (const name of names) await stage.awaitReady(name)

    expect(names.map((name) => name.length)).to.deep.equal(names.map(() => LIMITS.nameLength))
    const refused = stage.rig.log.lines.filter(({ level }) => level === 'error')
    expect(refused).to.deep.equal([])
  })
})

function isSuspended(object: object): boolean {
  return (object as Readonly<{ spec: Readonly<{ suspend?: boolean }> }>).spec.suspend === true
}

import { expect } from 'chai'
import { SESSION_BINDINGS, sessionBindingKind } from '../../../src/api/v1alpha1/sessionbinding.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { INJECTIONS } from '../../support/injections.ts'
import { contractClient, endNamespace, FIELD_MANAGER, installKind, newNamespace, outcomeOf } from '../api/cluster.ts'

type Fields = Readonly<{ name?: string; keyPrefix?: string; storeRef?: Readonly<Record<string, string>> }>

describe('texts that mean something elsewhere', () => {
  let client: KubeClient
  let namespace: string

  before(async () => {
    client = await contractClient()
    await installKind(client, sessionBindingKind)
    namespace = await newNamespace(client)
  })
  after(() => endNamespace(client, namespace))

  async function create({ name = 'web', ...spec }: Fields): Promise<string> {
    const { apiVersion, kind } = SESSION_BINDINGS
    const object = { apiVersion, kind, metadata: { namespace, name }, spec: { storeRef: { name: 'shop' }, ...spec } }
    return outcomeOf(client.create(SESSION_BINDINGS, object as KubeObject, { fieldManager: FIELD_MANAGER }))
  }

  it('are none without an attempt that is accepted', async () => {
    expect(await create({ keyPrefix: 'a:' })).to.equal('accepted')
  })

  for (const text of INJECTIONS) {
    it(`are refused everywhere in a SessionBinding: ${JSON.stringify(text)}`, async () => {
      expect(await create({ keyPrefix: text })).to.contain('spec.keyPrefix')
      expect(await create({ storeRef: { name: text } })).to.contain('spec.storeRef.name')
      expect(await create({ storeRef: { name: 'shop', namespace: text } })).to.contain('spec.storeRef.namespace')
      expect(await create({ name: text })).to.match(/metadata\.name|name or generateName is required/)
    })
  }
})

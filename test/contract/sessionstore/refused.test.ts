import { expect } from 'chai'
import { clusterScoped, SERVICES } from '../../../src/kube/resources.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { runPods } from '../../support/sessionstore/kubelet.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

const ADMISSION = 'admissionregistration.k8s.io/v1'
const POLICIES = clusterScoped(ADMISSION, 'ValidatingAdmissionPolicy', 'validatingadmissionpolicies')
const BINDINGS = clusterScoped(ADMISSION, 'ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings')

describe('a rule of the cluster against objects of a store', function () {
  this.timeout(120_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
  })
  after(async () => {
    await forbid.end()
    await stage.close()
  })

  const forbid = {
    async begin(): Promise<void> {
      const { namespace } = stage
      const spec = {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services'] }],
        },
        validations: [{ expression: 'false', message: 'no services on Sundays' }],
      }
      await this.create(POLICIES.kind, spec)
      await this.create(BINDINGS.kind, { policyName: namespace, validationActions: ['Deny'] })
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { namespace, name: 'probe' },
        spec: { ports: [{ port: 1 }] },
      } as KubeObject
      await until(
        async () => {
          try {
            await stage.client.create(SERVICES, service, { fieldManager: TEST_MANAGER })
            await stage.client.delete(SERVICES, { namespace, name: 'probe' })
            return false
          } catch (error) {
            return String(error).includes('no services on Sundays')
          }
        },
        { what: 'the policy to be in force', deadlineMs: 30_000 },
      )
    },
    async create(kind: string, spec: object): Promise<void> {
      const resource = kind === POLICIES.kind ? POLICIES : BINDINGS
      const object = { apiVersion: ADMISSION, kind, metadata: { name: stage.namespace }, spec }
      await stage.client.create(resource, object as KubeObject, { fieldManager: TEST_MANAGER })
    },
    async end(): Promise<void> {
      const { items } = await stage.client.list(BINDINGS, { fieldSelector: `metadata.name=${stage.namespace}` })
      if (items.length > 0) await stage.client.delete(BINDINGS, { name: stage.namespace })
      const policies = await stage.client.list(POLICIES, { fieldSelector: `metadata.name=${stage.namespace}` })
      if (policies.items.length > 0) await stage.client.delete(POLICIES, { name: stage.namespace })
    },
  }

  it('is named, and forgotten when it is gone, though nobody touches the store', async () => {
    await forbid.begin()
    await stage.createStore('shop', { replicas: 1 })
    const refused = await stage.awaitStore(
      'shop',
      (store) => conditionOf(store, 'Stalled')?.status === 'True',
      'to be refused',
    )
    await forbid.end()
    await until(async () => conditionOf(await stage.store('shop'), 'Stalled')?.status === 'False', {
      what: 'the store to be free again',
      deadlineMs: 60_000,
    })
    await runPods(stage.client, stage.ref('shop'))
    await stage.awaitReady('shop')

    expect(conditionOf(refused, 'Stalled')?.message).to.contain('no services on Sundays')
    expect(conditionOf(await stage.store('shop'), 'Stalled')?.status).to.equal('False')
    expect((await stage.store('shop')).metadata.generation).to.equal(refused.metadata.generation)
  })
})

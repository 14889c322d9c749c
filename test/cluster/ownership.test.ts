import { expect } from 'chai'
import { SESSION_BINDINGS } from '../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES } from '../../src/api/v1alpha1/sessionstore.ts'
import {
  CONFIG_MAPS,
  POD_DISRUPTION_BUDGETS,
  PODS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
  STATEFUL_SETS,
} from '../../src/kube/resources.ts'
import type { KubeObject, Resource } from '../../src/kube/types.ts'
import { LABELS } from '../../src/resources/labels.ts'
import { applyObject, deleteObject, findObject, getObject, listObjects } from '../support/cluster/api.ts'
import { useNamespace } from '../support/cluster/namespace.ts'
import { report } from '../support/cluster/report.ts'
import { applyStore, readStore, untilSettled } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'

const CHILDREN: readonly Resource<KubeObject>[] = [
  STATEFUL_SETS,
  PODS,
  SERVICES,
  CONFIG_MAPS,
  SECRETS,
  SERVICE_ACCOUNTS,
  POD_DISRUPTION_BUDGETS,
  SESSION_BINDINGS,
]

describe('what belongs to a store', function () {
  this.timeout(300_000)
  const namespace = useNamespace('ownership')

  async function childrenOf(name: string): Promise<readonly KubeObject[]> {
    const labelSelector = `${LABELS.store}=${name}`
    return (await Promise.all(CHILDREN.map((kind) => listObjects(kind, { namespace, labelSelector })))).flat()
  }

  it('goes with it by owner references, without a finalizer', async () => {
    const ref = { namespace, name: 'leaving' }
    await applyStore(ref, { replicas: 1 })
    await untilSettled(ref)
    const children = await childrenOf(ref.name)
    const kinds = new Set(children.map((child) => child.kind))

    const startedMs = performance.now()
    await deleteObject(SESSION_STORES, ref)
    await until(async () => !(await findObject(SESSION_STORES, ref)), { what: 'the store to go', deadlineMs: 5000 })
    await until(
      async (see) => {
        const left = await childrenOf(ref.name)
        see(left.map((child) => `${child.kind} ${child.metadata.name}`))
        return left.length === 0
      },
      { what: 'every child to go', deadlineMs: 90_000 },
    )

    report('store deleted', { children: children.length, goneMs: Math.round(performance.now() - startedMs) })
    expect([...kinds]).to.include.members(['StatefulSet', 'Pod', 'Service', 'ConfigMap', 'Secret', 'ServiceAccount'])
    for (const child of children) {
      expect(child.metadata.ownerReferences, `owners of ${child.kind} ${child.metadata.name}`).to.have.length(1)
      expect(child.metadata.finalizers ?? [], `finalizers of ${child.kind} ${child.metadata.name}`).to.be.empty
    }
  })

  it("never takes over somebody else's object of the same name", async () => {
    const ref = { namespace, name: 'squeezed' }
    const foreign = { namespace, name: 'squeezed-config' }
    const data = { 'server.conf': 'not yours' }
    await applyObject(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: foreign, data })
    const before = await getObject(CONFIG_MAPS, foreign)

    await applyStore(ref, { replicas: 1 })

    const stalled = await until(
      async (see) => {
        const { status } = await readStore(ref)
        see(status?.conditions)
        return status?.conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True')
      },
      { what: 'Stalled', deadlineMs: 60_000 },
    )
    expect(stalled).to.have.property('reason', 'NameConflict')
    expect(stalled.message).to.contain('squeezed-config')
    expect(await getObject(CONFIG_MAPS, foreign)).to.deep.equal(before)
  })
})

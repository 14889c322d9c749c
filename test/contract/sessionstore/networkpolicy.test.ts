import { expect } from 'chai'
import { NETWORK_POLICIES, STATEFUL_SETS } from '../../../src/kube/resources.ts'
import type { NetworkPolicy } from '../../../src/kube/types.ts'
import { TEST_MANAGER } from '../../support/kube.ts'
import { conditionOf, Stage } from '../../support/sessionstore/stage.ts'
import { until } from '../../support/until.ts'

const POLICY_REQUESTS = / NetworkPolicy /

describe('the NetworkPolicy of a SessionStore', function () {
  this.timeout(60_000)
  let stage: Stage

  before(async () => {
    stage = await Stage.open()
    await stage.runningStore('shop')
  })

  after(() => stage.close())

  const live = (): Promise<NetworkPolicy> => stage.client.get(NETWORK_POLICIES, stage.ref('shop'))
  const hasPolicy = async (): Promise<boolean> => {
    const { items } = await stage.client.list(NETWORK_POLICIES, { namespace: stage.namespace })
    return items.some(({ metadata }) => metadata.name === 'shop')
  }

  it('is not made unless it is asked for', async () => {
    expect(await hasPolicy()).to.equal(false)
    expect(stage.takeRequests().filter((each) => POLICY_REQUESTS.test(each))).to.deep.equal([])
  })

  it('is made, as the API server takes it, without touching anything else', async () => {
    const before = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    await stage.changeStore('shop', {
      networkPolicy: {
        mode: 'Restricted',
        allowFrom: [
          { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists', values: [] }] } },
          { ipBlock: { cidr: '10.0.0.0/8', except: [] } },
        ],
      },
    })
    await until(hasPolicy, { what: 'the policy', deadlineMs: 10_000 })
    await stage.rig.settle()

    expect(new Set(stage.takeRequests())).to.deep.equal(
      // The StatefulSet notes which spec it was made from; its template stays.
      new Set(['create NetworkPolicy shop', 'patch StatefulSet shop', 'patch SessionStore/status shop']),
    )
    const after = await stage.client.get(STATEFUL_SETS, stage.ref('shop'))
    expect(after.metadata.generation).to.equal(before.metadata.generation)
    const { spec } = await live()
    expect(spec?.policyTypes).to.deep.equal(['Ingress'])
    expect(spec?.podSelector?.matchLabels).to.include({ 'sessionstore.dev/store': 'shop' })
    expect(JSON.stringify(spec?.ingress)).to.include('"kubernetes.io/metadata.name":"sessionstore-system"')
    expect((await stage.store('shop')).status?.effective?.networkPolicy).to.deep.equal({ mode: 'Restricted' })
  })

  it('follows the spec, and is left alone at rest', async () => {
    await stage.changeStore('shop', { networkPolicy: { allowFrom: null } })
    await until(async () => JSON.stringify(await live()).includes('"podSelector":{}'), {
      what: 'the own namespace',
      deadlineMs: 10_000,
    })
    await stage.rig.settle()
    stage.takeRequests()

    stage.rig.wake(`${stage.namespace}/shop`)
    await stage.rig.settle()

    expect(stage.takeRequests()).to.deep.equal([])
  })

  it('is put back when somebody deleted it', async () => {
    const { uid } = (await live()).metadata
    await stage.client.delete(NETWORK_POLICIES, stage.ref('shop'))

    await until(async () => (await hasPolicy()) && (await live()).metadata.uid !== uid, {
      what: 'another policy',
      deadlineMs: 10_000,
    })
  })

  it('goes when it is switched off', async () => {
    await stage.changeStore('shop', { networkPolicy: null })

    await until(async () => !(await hasPolicy()), { what: 'no policy', deadlineMs: 10_000 })
    await stage.rig.settle()
    expect(stage.takeRequests().filter((each) => each.startsWith('delete'))).to.deep.equal([
      'delete NetworkPolicy shop',
    ])
  })

  it('of somebody else is neither taken over nor deleted', async () => {
    const foreign: NetworkPolicy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: stage.ref('cart'),
      spec: { podSelector: {} },
    }
    const created = await stage.client.create(NETWORK_POLICIES, foreign, { fieldManager: TEST_MANAGER })
    await stage.runningStore('cart')
    await stage.changeStore('cart', { networkPolicy: { mode: 'Restricted' } })

    const store = await stage.awaitStore(
      'cart',
      (each) => conditionOf(each, 'Stalled')?.status === 'True',
      'a conflict',
    )

    expect(conditionOf(store, 'Stalled')).to.include({ reason: 'NameConflict' })
    await stage.changeStore('cart', { networkPolicy: null })
    await stage.awaitReady('cart')
    const left = await stage.client.get(NETWORK_POLICIES, stage.ref('cart'))
    expect(left.metadata.resourceVersion).to.equal(created.metadata.resourceVersion)
  })
})

import { expect } from 'chai'
import { EVICTION_POLICIES } from '../../src/api/v1alpha1/defaults.ts'
import { NODES } from '../../src/kube/resources.ts'
import { listObjects } from '../support/cluster/api.ts'
import { kubectl, tryKubectl } from '../support/cluster/command.ts'
import { untilAgreed } from '../support/cluster/members.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { readStore, serverPods } from '../support/cluster/store.ts'

describe('samples/minimal.yaml', function () {
  this.timeout(360_000)
  const store = useSharedStore()

  it('becomes one primary and two replicas on which label, ROLE, record and status agree', async () => {
    const { ref, client } = store()

    const members = await untilAgreed(client, ref)

    expect(Object.keys(members)).to.deep.equal(['minimal-0', 'minimal-1', 'minimal-2'])
    expect(Object.values(members).map((member) => member.role)).to.have.members(['master', 'slave', 'slave'])
  })

  it('spreads its members over the three workers and leaves the control plane alone', async () => {
    const { ref } = store()
    const nodes = await listObjects(NODES)
    const workers = nodes.filter((node) => !('node-role.kubernetes.io/control-plane' in (node.metadata.labels ?? {})))

    const placed = (await serverPods(ref)).map((pod) => pod.spec?.nodeName)

    expect(placed).to.have.members(workers.map((node) => node.metadata.name))
    expect(nodes).to.have.length(4)
  })

  it('shows itself in kubectl get', async () => {
    const { ref } = store()
    const { status } = await readStore(ref)

    const table = await kubectl(['get', 'sess', '-n', ref.namespace])
    const all = await kubectl(['get', 'sess', '-A'])

    expect(table).to.match(/^NAME +READY +PRIMARY +REPLICAS.* AGE/)
    expect(table).to.match(new RegExp(`minimal +True +${status?.primary} +3 `))
    expect(all).to.match(new RegExp(`${ref.namespace} +minimal +True`))
    expect(await kubectl(['get', 'sessions', '-n', ref.namespace])).to.contain(
      'sessionbinding.sessionstore.dev/minimal',
    )
  })

  it('is explained by kubectl explain', async () => {
    const text = await kubectl(['explain', 'sess.spec.capacity'])

    for (const field of ['sessions', 'averageSize', 'maxMemory', 'connections']) expect(text).to.contain(field)
    expect(text).to.contain('Default: ')
  })

  it('tells its conditions in kubectl describe', async () => {
    const { ref } = store()

    const text = await kubectl(['describe', 'sess', 'minimal', '-n', ref.namespace])

    for (const type of ['Ready', 'Available', 'PrimaryElected', 'ReplicationHealthy', 'TLSReady', 'Stalled']) {
      expect(text).to.match(new RegExp(`Type: +${type}\\b`))
    }
  })

  it('refuses an unknown eviction policy with the list of those that exist', async () => {
    const { ref } = store()
    const patch = JSON.stringify({ spec: { eviction: 'bogus' } })

    const answer = await tryKubectl(['patch', 'sess', 'minimal', '-n', ref.namespace, '--type=merge', '-p', patch])

    expect(answer.code).to.not.equal(0)
    expect(answer.stderr).to.contain('spec.eviction')
    for (const policy of EVICTION_POLICIES) expect(answer.stderr).to.contain(`"${policy}"`)
  })
})

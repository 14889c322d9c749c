import { expect } from 'chai'
import { buildNetworkPolicy, type NetworkPolicyInput } from '../../../src/resources/networkpolicy.ts'
import { SHOP } from './samples.ts'

const members = {
  podSelector: { matchLabels: { 'app.kubernetes.io/component': 'server', 'sessionstore.dev/store': 'shop' } },
}
const namespace = (name: string): object => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
})

function specOf(input: Partial<NetworkPolicyInput>) {
  const object = buildNetworkPolicy(SHOP, { operatorNamespace: 'system', bindingNamespaces: [], ...input })
  return object['spec'] as Readonly<{ ingress: readonly Readonly<{ from: readonly unknown[]; ports: unknown }>[] }>
}

describe('buildNetworkPolicy()', () => {
  it('is about connections to the servers, on their port, and about nothing they open themselves', () => {
    const spec = specOf({})

    expect(spec).to.deep.include({ policyTypes: ['Ingress'], ...members })
    expect(spec.ingress.map(({ ports }) => ports)).to.deep.equal([[{ port: 6379, protocol: 'TCP' }]])
  })

  const cases: readonly [name: string, input: Partial<NetworkPolicyInput>, want: readonly unknown[]][] = [
    ['members, operator and the own namespace', {}, [members, namespace('system'), { podSelector: {} }]],
    [
      'the namespaces of bindings, each once',
      { bindingNamespaces: ['web', 'b', 'a', 'b', 'system'] },
      [members, namespace('a'), namespace('b'), namespace('system'), { podSelector: {} }],
    ],
    [
      'what is listed, in place of the own namespace',
      { bindingNamespaces: ['web', 'a'], allowFrom: [{ podSelector: { matchLabels: { app: 'web' } } }] },
      [members, namespace('a'), namespace('system'), { podSelector: { matchLabels: { app: 'web' } } }],
    ],
    ['nobody else for an empty list', { allowFrom: [] }, [members, namespace('system')]],
    [
      'a peer without its empty lists',
      { allowFrom: [{ ipBlock: { cidr: '10.0.0.0/8', except: [] } }, { namespaceSelector: { matchExpressions: [] } }] },
      [members, namespace('system'), { ipBlock: { cidr: '10.0.0.0/8' } }, { namespaceSelector: {} }],
    ],
  ]
  for (const [name, input, want] of cases) {
    it(`allows ${name}`, () => {
      expect(specOf(input).ingress.flatMap(({ from }) => from)).to.deep.equal(want)
    })
  }
})

import { expect } from 'chai'
import { Command } from 'commander'
import { addOperatorFlags, clusterDomainOf, readOperatorConfig } from '../../src/config.ts'

function read(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const command = addOperatorFlags(new Command('run'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  command.parse([...args], { from: 'user' })
  return readOperatorConfig(command.opts(), env)
}

describe('readOperatorConfig()', () => {
  it('has a default for everything', () => {
    const config = read(['--cluster-domain', 'example.org'], { POD_NAME: 'operator-1', POD_NAMESPACE: 'sessions' })

    expect(config).to.include({ podName: 'operator-1', leaseNamespace: 'sessions', clusterDomain: 'example.org' })
    expect(config).to.include({ leaseName: 'sessionstore-operator', logLevel: 'info', workers: 8 })
    expect(config).to.deep.include({ healthAddress: { port: 8081 }, metricsAddress: { port: 8080 } })
    expect(config).to.have.property('podNamespace', 'sessions')
    expect(config).to.not.have.property('kubeconfig')
    expect(Object.isFrozen(config)).to.equal(true)
  })

  it('gives each process an identity of its own', () => {
    expect(read([]).identity).to.not.equal(read([]).identity)
  })

  const addresses: readonly [text: string, want: object][] = [
    [':8081', { port: 8081 }],
    ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
    ['[::1]:65535', { host: '::1', port: 65535 }],
  ]
  for (const [text, want] of addresses) {
    it(`reads the address ${text}`, () => {
      expect(read(['--health-address', text]).healthAddress).to.deep.equal(want)
    })
  }

  const refused: readonly [flag: string, value: string][] = [
    ['--health-address', '8081'],
    ['--metrics-address', ':65536'],
    ['--metrics-address', ':http'],
    ['--log-level', 'loud'],
    ['--workers', '0'],
    ['--workers', '65'],
    ['--workers', '1.5'],
  ]
  for (const [flag, value] of refused) {
    it(`refuses ${flag} ${value}`, () => {
      expect(() => read([flag, value])).to.throw('must be')
    })
  }
})

describe('clusterDomainOf()', () => {
  const files: readonly [what: string, file: string, want: string][] = [
    ['a pod', 'search apps.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.0.0.10', 'cluster.local'],
    ['a namespace called svc', 'search svc.svc.example.org svc.example.org example.org', 'example.org'],
    ['a namespace that ends in -svc', 'search my-svc.svc.example.org svc.example.org example.org', 'example.org'],
    ['a trailing dot', 'nameserver 10.0.0.10\nsearch a.svc.k8s.test. svc.k8s.test. k8s.test.', 'k8s.test'],
    ['tabs', 'search\ta.svc.k8s.test\tsvc.k8s.test', 'k8s.test'],
    ['a machine', 'search example.org\nnameserver 1.1.1.1', 'cluster.local'],
    ['an empty file', '', 'cluster.local'],
  ]
  for (const [what, file, want] of files) {
    it(`finds ${want} for ${what}`, () => {
      expect(clusterDomainOf(file)).to.equal(want)
    })
  }
})

import { expect } from 'chai'
import type { DesiredObject } from '../../../src/kube/types.ts'
import type { PodSpec } from '../../../src/resources/pod.ts'
import { podSecurityBreaches } from './podsecurity.ts'
import { buildAll, SAMPLES, SHOP, statefulSetOf } from './samples.ts'

/** The pod that an object makes, if it makes one. */
function podOf(object: DesiredObject): PodSpec | undefined {
  return (object['spec'] as { template?: { spec?: PodSpec } } | undefined)?.template?.spec
}

describe('Pod Security of built objects', () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    it(`restricted holds for every pod of ${name}`, () => {
      const pods = Object.values(buildAll(sample)).flatMap((object) => podOf(object) ?? [])

      expect(pods).to.have.length(1)
      expect(pods.flatMap(podSecurityBreaches)).to.deep.equal([])
    })
  }

  it('is a check that finds breaches', () => {
    const sample = { store: SHOP, spec: Object.values(SAMPLES)[0]?.spec ?? expect.fail('no sample') }
    const pod = podOf(statefulSetOf(sample)) ?? expect.fail('no pod')
    const [server = expect.fail('no container')] = pod.containers
    const bad: PodSpec = {
      ...pod,
      hostNetwork: true,
      automountServiceAccountToken: true,
      securityContext: { runAsUser: 0 },
      volumes: [{ name: 'host', hostPath: { path: '/' } }],
      containers: [{ name: server.name, securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } } }],
    }

    expect(podSecurityBreaches(bad)).to.deep.equal([
      'host namespace',
      'token is mounted',
      'volume host is hostPath',
      'server: may run as root',
      'server: user is not a number above 0',
      'server: seccomp is undefined',
      'server: privileged',
      'server: may escalate',
      'server: capabilities are kept',
      'server: capabilities are added',
      'server: root file system is writable',
      'server: no memory limit',
    ])
  })
})

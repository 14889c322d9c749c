import { expect } from 'chai'
import type { Pod } from '../../../src/kube/types.ts'
import { cpuOf } from '../../../src/resources/podtemplate.ts'
import { podsToGiveCpu } from '../../../src/sessionstore/podcpu.ts'

type Cpu = Readonly<{ request?: string; limit?: string }>

function pod({ request, limit }: Cpu, phase = 'Running'): Pod {
  const resources = {
    ...(request && { requests: { cpu: request, memory: '1Gi' } }),
    limits: { ...(limit && { cpu: limit }), memory: '1Gi' },
  }
  const spec = { containers: [{ name: 'server', resources }] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 's-0' }, spec, status: { phase } } as Pod
}

const rows: readonly [rule: string, live: Pod, wanted: Cpu, isChanged: boolean][] = [
  ['leaves a pod that has it', pod({ request: '100m' }), { request: '0.1' }, false],
  ['changes the request', pod({ request: '50m' }), { request: '100m' }, true],
  ['changes the limit', pod({ request: '50m', limit: '1' }), { request: '50m', limit: '2' }, true],
  ['leaves a limit that is added to the roll', pod({ request: '50m' }), { request: '100m', limit: '2' }, false],
  ['leaves a limit that is removed to the roll', pod({ request: '50m', limit: '2' }), { request: '100m' }, false],
  [
    'leaves another class of service to the roll',
    pod({ request: '1', limit: '2' }),
    { request: '2', limit: '2' },
    false,
  ],
  ['keeps the class of service', pod({ request: '1', limit: '1' }), { request: '2', limit: '2' }, true],
  ['waits for a pod to run', pod({ request: '50m' }, 'Pending'), { request: '100m' }, false],
]

describe('podsToGiveCpu()', () => {
  for (const [rule, live, cpu, isChanged] of rows) {
    it(rule, () => {
      expect(podsToGiveCpu([live], cpuOf({ podTemplate: { spec: { cpu } } }))).to.have.length(isChanged ? 1 : 0)
    })
  }
})

import { expect } from 'chai'
import type { Pod } from '../../../src/kube/types.ts'
import { cpuOf } from '../../../src/resources/podtemplate.ts'
import { type CpuMemory, podsToGiveCpu, readRefusedCpu } from '../../../src/sessionstore/podcpu.ts'

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

describe('readRefusedCpu()', () => {
  const spec = { podTemplate: { spec: { cpu: { request: '100m' } } } } as never
  const cpu = cpuOf(spec)
  const refusedCpu: CpuMemory['refusedCpu'] = new Map([['', { cpu, atMs: 1000, message: 'no' }]])

  it('tells what the API server said while a pod still lacks it, and when it is tried again', () => {
    const refused = readRefusedCpu({ refusedCpu }, { pods: [pod({ request: '50m' })], spec })

    expect(refused?.dueMs).to.equal(61_000)
    expect(refused?.obstacle.reason).to.equal('ResizeInfeasible')
    expect(refused?.obstacle.message).to.contain('pod "s-0"').and.contain('spec.podTemplate.spec.cpu')
  })

  it('names the quota where it was one', () => {
    const message =
      'pods "s-0" is forbidden: exceeded quota: team, requested: limits.cpu=1, used: limits.cpu=1, limited: limits.cpu=1'
    const quota: CpuMemory['refusedCpu'] = new Map([['', { cpu, atMs: 1000, message }]])

    expect(readRefusedCpu({ refusedCpu: quota }, { pods: [pod({ request: '50m' })], spec })?.obstacle.reason).to.equal(
      'QuotaExceeded',
    )
  })

  it('is silent once the pod has it, and of what nobody asked for', () => {
    expect(readRefusedCpu({ refusedCpu }, { pods: [pod({ request: '100m' })], spec })).to.equal(undefined)
    expect(readRefusedCpu({ refusedCpu }, { pods: [pod({ request: '50m' })], spec: {} as never })).to.equal(undefined)
    const other = { podTemplate: { spec: { cpu: { request: '200m' } } } } as never
    expect(readRefusedCpu({ refusedCpu }, { pods: [pod({ request: '50m' })], spec: other })).to.equal(undefined)
  })
})

import { expect } from 'chai'
import { findPodObstacle, type PodTrouble } from '../../../../src/sessionstore/plan/podobstacles.ts'

const HOUR_MS = 3_600_000

function tell(kind: PodTrouble['kind'], detail: string): string | undefined {
  return findPodObstacle([{ pod: 's-0', kind, detail, sinceMs: 0 }], HOUR_MS)?.message
}

describe('findPodObstacle()', () => {
  const capacity = "Node didn't have enough capacity:"
  const rows: readonly [kind: PodTrouble['kind'], detail: string, words: readonly string[]][] = [
    ['ImagePull', 'is not found', ['spec.image or spec.version', 'spec.podTemplate.spec.imagePullSecrets']],
    ['Unschedulable', 'Insufficient cpu', ['spec.capacity', 'spec.podTemplate.spec.cpu']],
    ['Unschedulable', 'node(s) had untolerated taint(s)', ['tolerations', 'in spec.podTemplate.spec']],
    ['ResizeInfeasible', `${capacity} memory, requested: 9`, ['the memory that spec.capacity', 'lower spec.capacity,']],
    [
      'ResizeInfeasible',
      `${capacity} cpu, requested: 9`,
      ['the CPU that spec.podTemplate.spec.cpu', 'lower spec.podTemplate.spec.cpu,'],
    ],
    [
      'ResizeInfeasible',
      'not supported here',
      ['the memory or CPU that', 'lower spec.capacity or spec.podTemplate.spec.cpu,'],
    ],
    ['ResizeFailed', 'no', ['memory or CPU of pod s-0', 'kubectl describe pod s-0', 'spec.podTemplate.spec.cpu back']],
  ]
  for (const [kind, detail, words] of rows) {
    it(`names the field that ends ${kind}: ${detail}`, () => {
      const message = tell(kind, detail)

      for (const word of words) expect(message).to.contain(word)
    })
  }
})

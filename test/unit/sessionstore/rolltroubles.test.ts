import { expect } from 'chai'
import type { Pod } from '../../../src/kube/types.ts'
import type { ProbeFacts } from '../../../src/redis/types.ts'
import { LABELS } from '../../../src/resources/labels.ts'
import type { PodTrouble, TroubleKind } from '../../../src/sessionstore/plan/podobstacles.ts'
import { rollTroubles } from '../../../src/sessionstore/rolltroubles.ts'

const NOW_MS = 1_000_000

function podOf(name: string, role?: string): Pod {
  const labels = role === undefined ? {} : { [LABELS.role]: role }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels } }
}

function troublesOf(kind: TroubleKind, sinceMs: number): readonly PodTrouble[] {
  return [{ pod: 's-1', kind, detail: 'd', sinceMs: NOW_MS - sinceMs }]
}

function tell(troubles: readonly PodTrouble[], versions: Readonly<Record<string, string>> = {}) {
  const facts = (name: string): ProbeFacts =>
    ({ kind: 'reached', role: name === 's-0' ? 'master' : 'replica', version: versions[name] ?? '8.0.4' }) as ProbeFacts
  const pods = [podOf('s-0', 'primary'), podOf('s-1', 'replica')]
  return rollTroubles({ pods, troubles, facts, nowMs: NOW_MS, engine: 'Redis' })
}

describe('rollTroubles()', () => {
  const rows: readonly [kind: TroubleKind, sinceMs: number, isOne: boolean][] = [
    ['ImagePull', 19_999, false],
    ['ImagePull', 20_000, true],
    ['StartFailed', 20_000, true],
    ['CrashLoop', 0, true],
    ['Unschedulable', 119_999, false],
    ['Unschedulable', 120_000, true],
    ['NodeNotReady', 900_000, false],
    ['Starting', 900_000, false],
    ['ResizeDeferred', 900_000, false],
  ]
  for (const [kind, sinceMs, isOne] of rows) {
    it(`${isOne ? 'counts' : 'does not count'} ${kind} after ${sinceMs} ms against the template`, () => {
      expect(tell(troublesOf(kind, sinceMs)).troubles).to.have.length(isOne ? 1 : 0)
    })
  }

  it('knows the version of the primary, and the server that cannot read what it sends', () => {
    expect(tell([], { 's-1': '7.0.15' })).to.deep.equal({
      troubles: [{ pod: 's-1', kind: 'OlderServer', detail: 'it cannot read the data of the primary' }],
      primaryVersion: '8.0',
    })
  })
})

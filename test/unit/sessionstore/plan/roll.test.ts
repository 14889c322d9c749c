import { expect } from 'chai'
import { planRollout, type RolloutPod } from '../../../../src/sessionstore/plan/rollout.ts'
import { itPlans } from '../../../support/topology/table.ts'

/** Facts from words: a pod is a ready, current replica unless a word says otherwise. */
function pod(words: string): RolloutPod {
  const [name = '', ...is] = words.split(' ')
  const isBroken = is.includes('broken')
  const isReady = !is.includes('unready') && !isBroken
  return { name, uid: name, isPrimary: is.includes('primary'), isOutdated: is.includes('old'), isReady, isBroken }
}

const cases: readonly [rule: string, pods: readonly string[], want: string][] = [
  ['does nothing when every pod is current', ['s-0 primary', 's-1'], 'UpToDate: none'],
  ['restarts the last replica first', ['s-0 primary old', 's-1 old', 's-2 old'], 'PodOutdated: restart s-2 s-2'],
  ['waits for a restarted replica', ['s-0 primary old', 's-1 unready'], 'PodNotReady: wait s-1'],
  ['repairs the pod that is down first', ['s-0 primary', 's-1 old broken', 's-2 old'], 'PodOutdated: restart s-1 s-1'],
  [
    'spares a replica that lost its link for a moment',
    ['s-0 primary', 's-1 old unready', 's-2 old'],
    'PodNotReady: wait s-1',
  ],
  ['leaves a down primary to failover', ['s-0 primary old broken', 's-1'], 'PodNotReady: wait s-0'],
  ['hands over before the primary', ['s-0 primary old', 's-1'], 'PrimaryOutdated: handOver s-0 s-1'],
  ['hands over to no outdated pod', ['s-0 primary old', 's-1 old', 's-2'], 'PodOutdated: restart s-1 s-1'],
  ['repairs a lone primary', ['s-0 primary old unready'], 'PodOutdated: restart s-0 s-0'],
  ['restarts a lone primary, as there is no other way', ['s-0 primary old'], 'PodOutdated: restart s-0 s-0'],
  [
    'never restarts the primary beside a replica that is not ready',
    ['s-0 primary old', 's-1 unready'],
    'PodNotReady: wait s-1',
  ],
]

describe('planRollout()', () => {
  for (const [rule, pods, want] of cases) {
    it(rule, () => {
      const { reason, ...act } = planRollout(pods.map(pod))

      expect(`${reason}: ${Object.values(act).join(' ')}`).to.equal(want)
    })
  }
})

describe('planTopology(): rolls (dataplane 7, F7)', () => {
  itPlans([
    ['restarts the last replica first', '', ['s-0 primary old', 's-1 old', 's-2 old'], 'restart s-2: RollingUpdate'],
    ['waits until it is back', '', ['s-0 primary old', 's-1 old', 's-2 gone'], 'wait RollingUpdate'],
    ['waits for its kubelet', '', ['s-0 primary old', 's-1 old', 's-2 unready'], 'wait RollingUpdate'],
    ['waits for its link', '', ['s-0 primary old', 's-1 old', 's-2 cut:1'], 'wait RollingUpdate'],
    ['waits for its copy', '', ['s-0 primary old', 's-1 old', 's-2 syncing'], 'wait RollingUpdate'],
    ['goes on with the next', '', ['s-0 primary old', 's-1 old', 's-2'], 'restart s-1: RollingUpdate'],
    [
      'moves the primary last',
      '',
      ['s-0 primary old', 's-1', 's-2'],
      'intent Move epoch 2 s-1 from s-0 (RollingUpdate)',
    ],
    ['moves it to nobody outdated', '', ['s-0 primary old', 's-1', 's-2 old offset:200'], 'restart s-2: RollingUpdate'],
    [
      'restarts the former primary',
      'mark:2/3/1 last:s-1',
      ['s-0 old', 's-1 primary', 's-2'],
      'restart s-0: RollingUpdate',
    ],
    ['restarts a lone member at once', 'n:1', ['s-0 primary old'], 'restart s-0: RollingUpdate'],
    ['rolls nothing while suspended', 'suspended', ['s-0 primary old', 's-1 old', 's-2 old'], 'none'],
    [
      'spares replicas that lost their link for a moment',
      '',
      ['s-0 primary', 's-1 old cut:1', 's-2 old cut:1'],
      'wait RollingUpdate',
    ],
    [
      'spares a replica that only the operator cannot reach',
      '',
      ['s-0 primary feeds:s-1', 's-1 old silent:9', 's-2 old'],
      'wait RollingUpdate',
    ],
    [
      'replaces one that nobody hears of',
      '',
      ['s-0 primary', 's-1 old silent:9', 's-2 old'],
      'restart s-1: RollingUpdate',
    ],
    [
      'replaces one whose version cannot follow the primary, whatever its link',
      '',
      ['s-0 primary version:9.1', 's-1 old cut:1 version:9.0', 's-2 old'],
      'restart s-1: RollingUpdate',
    ],
    [
      'waits for one of a newer version',
      '',
      ['s-0 primary version:9.1', 's-1 old cut:1 version:9.2', 's-2 old'],
      'wait RollingUpdate',
    ],
    [
      'waits for one of the same version',
      '',
      ['s-0 primary version:9.1', 's-1 old cut:1 version:9.1.2', 's-2 old'],
      'wait RollingUpdate',
    ],
    [
      'replaces a pod that never ran under an old template, before there is a primary',
      'virgin',
      ['s-0 stopped old', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'restart s-0: PodBroken',
    ],
    [
      'but none that may still run',
      'virgin',
      ['s-0 silent:9 old', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
    [
      'and none twice',
      'virgin',
      ['s-0 stopped old leaving', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
    [
      'and none while suspended',
      'suspended virgin',
      ['s-0 stopped old', 's-1 nowhere shown empty', 's-2 nowhere shown empty'],
      'intent Bootstrap epoch 1 s-1 (FirstPrimary)',
    ],
  ])
})

import { expect } from 'chai'
import { readRefusal } from '../../../../src/sessionstore/plan/refusals.ts'

type Row = readonly [what: string, message: string, reason: string | undefined, words: readonly string[]]

const POD = 'create Pod s-0 in StatefulSet s failed error: pods "s-0" is forbidden: '

describe('readRefusal()', () => {
  const rows: readonly Row[] = [
    [
      'a quota that is full',
      `${POD}exceeded quota: team, requested: limits.memory=365Mi,requests.memory=365Mi, used: limits.memory=1Gi,requests.memory=1Gi, limited: limits.memory=1Gi,requests.memory=1Gi`,
      'QuotaExceeded',
      [
        '"team"',
        'pod "s-0"',
        '(limits.memory=365Mi,requests.memory=365Mi)',
        'raise the quota, free what others use, or lower spec.replicas or spec.capacity',
      ],
    ],
    [
      'a quota of CPU that is full',
      `${POD}exceeded quota: team, requested: requests.cpu=50m, used: requests.cpu=1, limited: requests.cpu=1`,
      'QuotaExceeded',
      ['lower spec.replicas or spec.podTemplate.spec.cpu'],
    ],
    [
      'a quota of volumes that is full',
      `${POD}exceeded quota: team, requested: requests.storage=1Gi, used: requests.storage=1Gi, limited: requests.storage=1Gi`,
      'QuotaExceeded',
      ['lower spec.replicas or spec.persistence.size'],
    ],
    [
      'a quota that demands a limit',
      `${POD}failed quota: cpu: must specify limits.cpu for: server`,
      'QuotaExceeded',
      ['"cpu"', 'limits.cpu for: server', 'set spec.podTemplate.spec.cpu.limit, add a LimitRange'],
    ],
    [
      'a LimitRange',
      `${POD}[maximum memory usage per Container is 100Mi, but limit is 365Mi, maximum memory usage per Pod is 100Mi, but limit is 365Mi]`,
      'LimitRangeViolated',
      ['maximum memory usage per Container is 100Mi, but limit is 365Mi', 'change the LimitRange or spec.capacity'],
    ],
    [
      'a LimitRange of CPU',
      `${POD}minimum cpu usage per Container is 100m, but request is 50m`,
      'LimitRangeViolated',
      ['change the LimitRange or spec.podTemplate.spec.cpu'],
    ],
    [
      'a PriorityClass that is missing',
      `${POD}no PriorityClass with name gold was found`,
      'AdmissionRefused',
      ['PriorityClass "gold" does not exist', 'spec.podTemplate.spec.priorityClassName'],
    ],
    [
      'Pod Security',
      `${POD}violates PodSecurity "restricted:latest": runAsNonRoot != true`,
      'AdmissionRefused',
      ['"restricted:latest"', 'runAsNonRoot != true', 'label pod-security.kubernetes.io/enforce'],
    ],
    [
      'a webhook',
      'Cannot create Service "a/s": admission webhook "guard.example" denied the request: no Services here',
      'AdmissionRefused',
      ['"guard.example"', 'no Services here'],
    ],
    ['a missing right', 'services is forbidden: User "x" cannot create resource', undefined, []],
  ]
  for (const [what, message, reason, words] of rows) {
    it(`reads ${what}`, () => {
      const obstacle = readRefusal({ what: 'pod "s-0"', message })

      expect(obstacle?.reason).to.equal(reason)
      for (const word of words) expect(obstacle?.message).to.contain(word)
    })
  }

  it('leaves out what is used, which changes by itself', () => {
    const message = `${POD}exceeded quota: team, requested: pods=1, used: pods=7, limited: pods=7`

    expect(readRefusal({ what: 'pod "s-0"', message })?.message).to.not.contain('7')
  })
})

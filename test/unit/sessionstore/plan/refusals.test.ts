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
      ['"team"', 'pod "s-0"', '(limits.memory=365Mi,requests.memory=365Mi)', 'raise the quota'],
    ],
    [
      'a quota that demands a limit',
      `${POD}failed quota: cpu: must specify limits.cpu for: server`,
      'QuotaExceeded',
      ['"cpu"', 'limits.cpu for: server', 'LimitRange'],
    ],
    [
      'a LimitRange',
      `${POD}[maximum memory usage per Container is 100Mi, but limit is 365Mi, maximum memory usage per Pod is 100Mi, but limit is 365Mi]`,
      'LimitRangeViolated',
      ['maximum memory usage per Container is 100Mi, but limit is 365Mi', 'spec.capacity'],
    ],
    [
      'a PriorityClass that is missing',
      `${POD}no PriorityClass with name gold was found`,
      'AdmissionRefused',
      ['PriorityClass "gold" does not exist'],
    ],
    [
      'Pod Security',
      `${POD}violates PodSecurity "restricted:latest": runAsNonRoot != true`,
      'AdmissionRefused',
      ['"restricted:latest"', 'runAsNonRoot != true'],
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

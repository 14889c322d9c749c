import { expect } from 'chai'
import { OperatorError } from '../../../src/kube/errors.ts'
import { lookUpRefusedPods, RefusedPods, type RefusedPodsContext } from '../../../src/sessionstore/refusedpods.ts'
import { recordingLog } from '../../support/recording-log.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const QUOTA = 'exceeded quota: team, requested: pods=1, used: pods=7, limited: pods=7'

type Snapshot = Parameters<typeof lookUpRefusedPods>[1]

/** A StatefulSet of two of which the second pod is missing, or not, at so many seconds. */
function snapshot(seconds: number, isMissing: boolean): Snapshot {
  const metadata = { namespace: 'a', name: 's', uid: 'uid-s' }
  const pod = { uid: 'x' }
  const members = [
    { name: 's-0', ordinal: 0, pod },
    { name: 's-1', ordinal: 1, ...(!isMissing && { pod }) },
  ]
  return {
    statefulSet: { metadata, spec: { replicas: 2 } },
    facts: { members },
    nowMs: START + seconds * 1000,
  } as unknown as Snapshot
}

class Api {
  readonly asked: string[] = []
  readonly refusedPods = new RefusedPods()
  readonly log = recordingLog()
  events: object[] = []
  failure: Error | undefined

  async pass(seconds: number, isMissing = true): Promise<string | undefined> {
    const client = {
      list: async (_: unknown, { fieldSelector }: { fieldSelector: string }) => {
        this.asked.push(`${seconds} list ${fieldSelector}`)
        if (this.failure) throw this.failure
        return { items: this.events }
      },
      patch: async () => {
        this.asked.push(`${seconds} patch`)
      },
    }
    const signal = new AbortController().signal
    const context = { client, refusedPods: this.refusedPods, log: this.log, signal }
    await lookUpRefusedPods(context as unknown as RefusedPodsContext, snapshot(seconds, isMissing))
    return this.refusedPods.obstacle?.reason
  }

  tell(seconds: number, cause: string): void {
    const message = `Create Pod s-1 in StatefulSet s failed error: pods "s-1" is forbidden: ${cause}`
    this.events.push({ message, lastTimestamp: new Date(START + seconds * 1000).toISOString() })
  }
}

describe('lookUpRefusedPods()', () => {
  it('asks for nothing while no pod is missing, or one only for a moment', async () => {
    const api = new Api()

    await api.pass(0, false)
    await api.pass(1)
    await api.pass(5)
    await api.pass(6, false)

    expect(api.asked).to.deep.equal([])
  })

  it('reads why, ever more seldom, and has the controller try again', async () => {
    const api = new Api()
    api.tell(1, QUOTA)

    for (let seconds = 0; seconds <= 60; seconds += 1) await api.pass(seconds)

    const list = 'list involvedObject.uid=uid-s,reason=FailedCreate'
    expect(api.asked).to.deep.equal([`5 ${list}`, '20 patch', `20 ${list}`, '50 patch', `50 ${list}`])
    expect(api.refusedPods.obstacle?.reason).to.equal('QuotaExceeded')
    expect(api.refusedPods.obstacle?.message).to.contain('pod "s-1"')
  })

  it('forgets it when the pod is there', async () => {
    const api = new Api()
    api.tell(1, QUOTA)
    await api.pass(0)
    await api.pass(6)

    expect(await api.pass(7, false)).to.equal(undefined)
  })

  it('takes the newest event, and none that is old or of another pod', async () => {
    const api = new Api()
    api.tell(-900, 'violates PodSecurity "restricted:latest": x')
    api.events.push({
      message: 'create Pod s-9 in StatefulSet s failed error: x',
      lastTimestamp: '2026-01-01T00:00:04Z',
    })
    await api.pass(0)

    expect(await api.pass(6)).to.equal(undefined)

    api.tell(10, 'maximum memory usage per Pod is 1Mi, but limit is 2Mi')
    api.tell(9, QUOTA)

    expect(await api.pass(30)).to.equal('LimitRangeViolated')
  })

  it('names a refusal that it does not know in the words of the API server', async () => {
    const api = new Api()
    api.tell(1, 'no pods on Sundays')
    await api.pass(0)
    await api.pass(6)

    expect(api.refusedPods.obstacle).to.deep.equal({
      reason: 'AdmissionRefused',
      message: 'pod "s-1" cannot be made: pods "s-1" is forbidden: no pods on Sundays',
    })
  })

  it('goes on when events may not be read', async () => {
    const api = new Api()
    api.failure = new OperatorError('Forbidden', 'no')
    await api.pass(0)

    expect(await api.pass(6)).to.equal(undefined)
    expect(api.log.lines).to.have.length(1)
  })
})

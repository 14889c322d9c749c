import { expect } from 'chai'
import { kubeconfigPath } from '../../support/kube.ts'
import { LeaseRace, type Racer } from '../../support/lease-race.ts'

/** Shorter than in production, so that 20 losses take half a minute. */
const PERIODS = { leaseMs: 2_000, deadlineMs: 1_200, retryMs: 400 }
/** Nobody may wait for longer than this for a lease that ran out: that is not slow but stuck. */
const STUCK_MS = 20_000

describe('two managers that race for a Lease', function () {
  this.timeout(60_000)
  let race: LeaseRace

  before(async () => {
    race = await LeaseRace.open({ kubeconfig: kubeconfigPath(), periods: PERIODS })
    await race.add()
  })

  after(() => race.close())

  /** Ends the leader so many times; the former leaders are given back. */
  async function end(times: number, act: (leader: Racer) => void): Promise<readonly Racer[]> {
    const formers: Racer[] = []
    const takeoversMs: number[] = []
    for (let count = 0; count < times; count += 1) {
      const { takeoverMs, former } = await race.replace(act)
      takeoversMs.push(takeoverMs)
      formers.push(former)
    }
    const sorted = [...takeoversMs].sort((a, b) => a - b).map(Math.round)
    const median = sorted[Math.floor(sorted.length / 2)]
    console.log(`      # takeover: median ${median} ms, longest ${sorted.at(-1)} ms of ${times}`)
    expect(Math.max(...takeoversMs)).to.be.below(STUCK_MS)
    return formers
  }

  it('follow a killed leader, 12 times', async () => {
    await end(12, (racer) => racer.process.kill('SIGKILL'))
  }).timeout(240_000)

  it('follow a clean exit, 5 times, and the exit code is 0', async () => {
    const formers = await end(5, (racer) => racer.process.kill('SIGTERM'))

    expect(await Promise.all(formers.map(({ exit }) => exit))).to.deep.equal([0, 0, 0, 0, 0])
  }).timeout(120_000)

  it('do no work after they were frozen for longer than the lease, 3 times, and exit with 1', async () => {
    const formers = await end(3, (racer) => racer.process.kill('SIGSTOP'))

    for (const former of formers) former.process.kill('SIGCONT')
    expect(await Promise.all(formers.map(({ exit }) => exit))).to.deep.equal([1, 1, 1])
  }).timeout(120_000)

  it('never worked at the same time', () => {
    expect(race.turns()).to.have.length(21)
    expect(race.overlaps()).to.deep.equal([])
  })
})

import { expect } from 'chai'
import { type ChurnResult, runChurn } from '../../support/churn/run.ts'
import { kubeconfigPath } from '../../support/kube.ts'

const OBJECTS = 2_000
const MIB = 1024 ** 2

describe(`an operator under a minute of churn over ${OBJECTS.toLocaleString('en')} objects`, function () {
  this.timeout(240_000)
  const seed = Date.now() % 1_000_000
  let churn: ChurnResult

  before(async () => {
    console.log(`      # churn: seed ${seed}`)
    const cut = { cutEveryMs: 25_000, sampleEveryMs: 5_000 }
    churn = await runChurn({
      kubeconfig: kubeconfigPath(),
      forMs: 60_000,
      objects: OBJECTS,
      changesPerSecond: 20,
      seed,
      ...cut,
    })
    const { heapUsedBytes = 0, sockets, wholeLoopP99Ms } = churn.samples.at(-1) ?? {}
    console.log(
      `      # churn: heap ${Math.round(heapUsedBytes / MIB)} MiB, ${sockets} sockets, loop p99 ${wholeLoopP99Ms} ms`,
    )
  })

  it('does all that was asked, though its connections were cut twice', () => {
    expect(churn.cuts).to.equal(2)
    expect(churn.changes).to.be.above(500)
    expect(churn.wrong).to.deep.equal([])
    expect(churn.exitCode).to.equal(0)
  })

  it('keeps no more objects than before', () => {
    const heaps = churn.samples.map(({ heapUsedBytes }) => heapUsedBytes)

    // Code that is compiled meanwhile is live, too: some hundred kilobytes. 2,000 objects are 6 MiB.
    expect(heaps.at(-1)).to.be.below((heaps[0] ?? 0) + 3 * MIB)
  })

  it('keeps no more sockets and handles than requests and watches need', () => {
    // Two watches, a Lease, and one connection for each of the four workers and their successors after a reset.
    expect(Math.max(...churn.samples.map(({ sockets }) => sockets))).to.be.below(25)
    expect(churn.samples.at(-1)?.handles).to.be.below(25)
  })

  it('follows its watches without a list in between', () => {
    expect(churn.samples.at(-1)?.lists).to.equal(2)
  })
})

import { expect } from 'chai'
import { poll, withDeadline } from '../../../src/redis/deadline.ts'

describe('withDeadline()', () => {
  it('gives the value in time', async () => {
    expect(await withDeadline(Promise.resolve(1), 1000)).to.deep.equal({ kind: 'done', value: 1 })
  })

  it('gives up on what never comes', async () => {
    expect(await withDeadline(new Promise(() => undefined), 5)).to.deep.equal({ kind: 'timeout' })
  })

  it('hands on a rejection', async () => {
    const error = await withDeadline(Promise.reject(new Error('x')), 1000).catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(Error)
  })

  it('does not blame the other side for a delay of this process', async () => {
    // The answer is there before the process looks: its own work held it up past the deadline.
    const answer = new Promise<string>((resolve) => setImmediate(() => resolve('here')))
    const raced = withDeadline(answer, 5)
    const startMs = performance.now()
    while (performance.now() - startMs < 20);
    expect(await raced).to.deep.equal({ kind: 'done', value: 'here' })
  })
})

describe('poll()', () => {
  it('asks until there is an answer', async () => {
    let asked = 0
    const answer = await poll(async () => (++asked === 3 ? 'yes' : undefined), { timeoutMs: 1000, everyMs: 1 })
    expect([answer, asked]).to.deep.equal(['yes', 3])
  })

  it('asks at least once, and gives up when the time is over', async () => {
    let asked = 0
    const answer = await poll(
      async () => {
        asked += 1
        return undefined
      },
      { timeoutMs: 0, everyMs: 1 },
    )
    expect([answer, asked]).to.deep.equal([undefined, 1])
  })
})

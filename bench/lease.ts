/** Two managers race for one Lease: how long nobody leads after a kill and after a clean exit, and that never two do. */
import { parseArgs } from 'node:util'
import { LeaseRace, type Racer } from '../test/support/lease-race.ts'
import { withApiServer } from './support/apiserver.ts'
import { percentile } from './support/percentiles.ts'
import { publish, type Row } from './support/publish.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    exits: { type: 'string', default: '50' },
    /** Lease, renew deadline and retry period in ms; those of production are 6000,4000,2000. */
    periods: { type: 'string', default: '2000,1200,400' },
    port: { type: 'string' },
    note: { type: 'string', default: '' },
  },
})
const [leaseMs = 0, deadlineMs = 0, retryMs = 0] = values.periods.split(',').map(Number)
const [kills, exits] = [Number(values.kills), Number(values.exits)]

await withApiServer(values.port === undefined ? {} : { port: Number(values.port) }, async ({ kubeconfig }) => {
  const race = await LeaseRace.open({ kubeconfig, periods: { leaseMs, deadlineMs, retryMs } })
  try {
    await race.add()
    const killed = await takeovers(race, kills, (racer) => racer.process.kill('SIGKILL'))
    const left = await takeovers(race, exits, (racer) => racer.process.kill('SIGTERM'))
    const [afterKill, afterExit] = [Math.max(...killed), Math.max(...left)]
    const overlaps = race.overlaps()
    const missed = [
      ...(afterKill > leaseMs + 2_000 ? [`takeover after a kill ≤ lease + 2 s: ${Math.round(afterKill)} ms`] : []),
      ...(afterExit > 3_000 ? [`takeover after a clean exit ≤ 3 s: ${Math.round(afterExit)} ms`] : []),
      ...overlaps.map((pair) => `never two at once: ${pair}`),
    ]
    const note = values.note === '' ? {} : { note: values.note }
    publish({
      bench: 'lease',
      parameters: { leaseMs, deadlineMs, retryMs, turns: race.turns().length, overlaps: overlaps.length, ...note },
      rows: [summary('SIGKILL', killed), summary('clean exit', left)],
      missed,
    })
    process.exitCode = missed.length > 0 ? 1 : 0
  } finally {
    await race.close()
  }
})

async function takeovers(race: LeaseRace, times: number, act: (leader: Racer) => void): Promise<readonly number[]> {
  const takeoversMs: number[] = []
  for (let count = 0; count < times; count += 1) {
    takeoversMs.push((await race.replace(act)).takeoverMs)
    if (count % 20 === 19) console.log(`${count + 1} of ${times}`)
  }
  return takeoversMs
}

function summary(end: string, takeoversMs: readonly number[]): Row {
  const at = (share: number): number => Math.round(percentile(takeoversMs, share))
  return { end, times: takeoversMs.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

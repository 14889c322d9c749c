/** A day in an hour: objects that change for a long time, connections that break, and what becomes of the process. */
import { parseArgs } from 'node:util'
import type { ChurnReport } from '../test/support/churn/program.ts'
import { runChurn } from '../test/support/churn/run.ts'
import { withApiServer } from './support/apiserver.ts'
import { median, round } from './support/percentiles.ts'
import { publish, type Row } from './support/publish.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    objects: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    port: { type: 'string' },
    note: { type: 'string', default: '' },
  },
})
const [minutes, objects, rate, seed] = [values.minutes, values.objects, values.rate, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
]
const MIB = 1024 ** 2
/** Requests in flight come and go; one leak per reset of the connections would be more than this. */
const LEAK = 5
const sampleEveryMs = Math.max(5_000, (minutes * 60_000) / 60)
const cutEveryMs = Math.max(40_000, (minutes * 60_000) / 48)

await withApiServer(values.port === undefined ? {} : { port: Number(values.port) }, async ({ kubeconfig }) => {
  const result = await runChurn({
    kubeconfig,
    forMs: minutes * 60_000,
    objects,
    changesPerSecond: rate,
    cutEveryMs,
    sampleEveryMs,
    seed,
    onSample: (sample, elapsedMs) => console.log(`${round(elapsedMs / 60_000, 1)} min`, JSON.stringify(sample)),
  })
  const { samples, changes, cuts, wrong, exitCode } = result
  const third = Math.max(1, Math.floor(samples.length / 3))
  const [first, last] = [samples.slice(0, third), samples.slice(-third)]
  const before = summary('first third', first)
  const after = summary('last third', last)
  const loopP99Ms = samples.at(-1)?.wholeLoopP99Ms ?? Number.NaN
  const missed = [
    ...(after.heapMiB > before.heapMiB * 1.1 ? [`heap flat: ${before.heapMiB} → ${after.heapMiB} MiB`] : []),
    ...(after.sockets > before.sockets + LEAK ? [`no socket leak: ${before.sockets} → ${after.sockets}`] : []),
    ...(after.handles > before.handles + LEAK ? [`no handle leak: ${before.handles} → ${after.handles}`] : []),
    ...(loopP99Ms > 20 ? [`event-loop delay p99 ≤ 20 ms: ${loopP99Ms}`] : []),
    ...(wrong.length > 0 ? [`every child follows: ${wrong.length} do not`] : []),
    ...(exitCode === 0 ? [] : [`a clean end: exit code ${exitCode}`]),
  ]
  const { reconciles = 0, requests = 0, lists = 0, failures = 0 } = samples.at(-1) ?? {}
  const note = values.note === '' ? {} : { note: values.note }
  publish({
    bench: 'churn',
    parameters: {
      minutes,
      objects,
      changesPerSecond: rate,
      seed,
      changes,
      cuts,
      reconciles,
      requests,
      lists,
      failures,
      ...note,
    },
    rows: [before, after, { ...summary('all', samples), loopP99Ms }],
    missed,
  })
  process.exitCode = missed.length > 0 ? 1 : 0
})

function summary(
  what: string,
  samples: readonly ChurnReport[],
): Row & Readonly<Record<'heapMiB' | 'sockets' | 'handles', number>> {
  return {
    what,
    heapMiB: round(median(samples.map(({ heapUsedBytes }) => heapUsedBytes / MIB)), 1),
    heapMaxMiB: round(Math.max(...samples.map(({ heapUsedBytes }) => heapUsedBytes / MIB)), 1),
    rssMiB: round(median(samples.map(({ rssBytes }) => rssBytes / MIB)), 1),
    rssMaxMiB: round(Math.max(...samples.map(({ rssBytes }) => rssBytes / MIB)), 1),
    sockets: median(samples.map(({ sockets }) => sockets)),
    socketsMax: Math.max(...samples.map(({ sockets }) => sockets)),
    handles: median(samples.map(({ handles }) => handles)),
    loopP99Ms: median(samples.map(({ loopP99Ms }) => loopP99Ms)),
    loopMaxMs: Math.max(...samples.map(({ loopMaxMs }) => loopMaxMs)),
  }
}

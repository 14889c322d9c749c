import { until } from '../until.ts'
import { type ClientPod, execJson, startIn } from './client.ts'

/** What a writer saw, in its own words (test/cluster/client/tally.mjs). */
export type WriterSummary = Readonly<{
  acknowledged: number
  failed: number
  reconnects: number
  /** Connections whose last write failed. */
  unrecovered: number
  /** The longest a connection was without a good write, from the sending of its first failed one. */
  downtimeMs: number
  /** The longest time in which no connection had a good write. */
  serviceGapMs: number
  latencyMs: Readonly<{ p50: number; p99: number; max: number }>
  causes: Readonly<Record<string, number>>
}>

/** What a later reading of every acknowledged key found (test/cluster/client/verify.mjs). */
export type Verified = Readonly<{
  keys: number
  checked: number
  lost: number
  lostIdle: number
  lostFirstMs: number | null
  lostLastMs: number | null
  /** Time between the acknowledgements of the first and the last lost write. */
  lostSpanMs: number
  examples: readonly string[]
}>

export type WriterOptions = Readonly<{
  binding: string
  /** Default: 4. */
  connections?: number
  /** Writes per second over all connections. Default: 100. */
  rate?: number
  /** Size of the fixed set of keys. Default: 0, ever new keys. */
  keys?: number
  /** Connections that write nothing until `wake()`. Default: 0. */
  idle?: number
  /** Lets the client queue and resend, as ioredis does by default. Default: false. */
  retries?: boolean
}>

export type Writer = Readonly<{
  acknowledged: () => number
  /** Waits until that many more writes were acknowledged and every connection writes again. */
  untilFlowing: (more: number, deadlineMs?: number) => Promise<void>
  /** Lets the idle connections write. */
  wake: () => void
  stop: () => Promise<WriterSummary>
  /** Reads every acknowledged key; after `stop()`. */
  verify: () => Promise<Verified>
  /** Ends the program when a test failed before `stop()`. */
  kill: () => void
}>

let count = 0
const running = new Set<Writer>()

/** Ends the writers that a test started and, as it failed, did not stop. */
export function killWriters(): void {
  for (const writer of running) writer.kill()
  running.clear()
}

/** Starts a writer in the client pod and waits until all of its connections are logged in. */
export async function startWriter(client: ClientPod, options: WriterOptions): Promise<Writer> {
  count += 1
  const run = `w${process.pid}x${count}`
  const log = `/logs/${run}.log`
  const program = startIn(client, ['node', '/client/writer.mjs', ...argumentsOf(options), '--run', run, '--log', log])

  function last(event: string): Readonly<Record<string, unknown>> | undefined {
    return program.lines().findLast((line) => line['event'] === event)
  }
  function acknowledged(): number {
    return Number(last('numbers')?.['acknowledged'] ?? 0)
  }
  async function assertRuns(): Promise<void> {
    if (program.isEnded()) await program.ended
  }

  await until(async () => last('ready') ?? (await assertRuns()), { what: 'the writer to log in', deadlineMs: 60_000 })
  const writer: Writer = {
    acknowledged,
    async untilFlowing(more, deadlineMs = 60_000) {
      const before = acknowledged()
      await until(
        async (see) => {
          await assertRuns()
          see(program.lines().slice(-5))
          return acknowledged() >= before + more && last('numbers')?.['out'] === 0
        },
        { what: `${more} more acknowledged writes on every connection`, deadlineMs },
      )
    },
    wake: () => program.type('wake'),
    async stop() {
      program.type('stop')
      await program.ended
      running.delete(writer)
      return last('summary') as unknown as WriterSummary
    },
    verify: () =>
      execJson<Verified>(client, ['node', '/client/verify.mjs', '--binding', options.binding, '--log', log]),
    kill: () => program.kill(),
  }
  running.add(writer)
  return writer
}

function argumentsOf(options: WriterOptions): readonly string[] {
  const { binding, connections = 4, rate = 100, keys = 0, idle = 0, retries = false } = options
  const numbers = { connections, rate, keys, idle }
  return [
    '--binding',
    binding,
    ...Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(retries ? ['--retries'] : []),
  ]
}

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import { LEASES } from '../../../src/kube/resources.ts'
import { adminClient, kubeconfigPath, newNamespace } from '../../support/kube.ts'
import { until } from '../../support/until.ts'

const LEASE = 'race'
/** Shorter than in production, so that 20 losses take half a minute. */
const PERIODS = { leaseMs: 2_000, deadlineMs: 1_200, retryMs: 400 }
const PROGRAM = new URL('../../support/lease-racer.ts', import.meta.url).pathname

/** One turn of leadership, in milliseconds of the monotonic clock that all processes share. */
type Turn = { readonly identity: string; readonly firstMs: number; lastMs: number }

type Racer = Readonly<{
  identity: string
  process: ChildProcessByStdio<null, Readable, Readable>
  turn: () => Turn | undefined
  hasStarted: () => boolean
  exit: Promise<number | null>
  errors: () => string
}>

function startRacer(namespace: string, identity: string): Racer {
  const { leaseMs, deadlineMs, retryMs } = PERIODS
  const args = [PROGRAM, namespace, LEASE, identity, `${leaseMs},${deadlineMs},${retryMs}`]
  const env = { ...process.env, KUBECONFIG: kubeconfigPath() }
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let turn: Turn | undefined
  let hasStarted = false
  let rest = ''
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [what, ns = '0'] = line.split(' ')
      const atMs = Number(BigInt(ns) / 1_000n) / 1_000
      if (what === 'start') hasStarted = true
      if (what === 'work' && turn) turn.lastMs = atMs
      if (what === 'work') turn ??= { identity, firstMs: atMs, lastMs: atMs }
    }
  })
  const exit = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  return { identity, process: child, turn: () => turn, hasStarted: () => hasStarted, exit, errors: () => errors }
}

function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

describe('two managers that race for a Lease', () => {
  let client: KubeClient
  let namespace: string
  let started = 0
  const racers: Racer[] = []

  before(async () => {
    client = await adminClient()
    namespace = await newNamespace(client)
  })

  after(async () => {
    for (const racer of racers) racer.process.kill('SIGKILL')
    await Promise.all(racers.map(({ exit }) => exit))
    await client.close()
  })

  async function addRacer(): Promise<Racer> {
    const racer = startRacer(namespace, `racer-${started++}`)
    racers.push(racer)
    await until(() => racer.hasStarted(), { what: `${racer.identity} to start`, deadlineMs: 20_000, everyMs: 10 })
    return racer
  }

  function leader(among: readonly Racer[], what: string): Promise<Racer> {
    const find = () => among.find((racer) => racer.turn() !== undefined)
    return until(find, { what, deadlineMs: 15_000, everyMs: 5 })
  }

  /** Ends the leader by `act`, waits for the other one, and returns how long nobody worked after the act. */
  async function replace(act: (leader: Racer) => void): Promise<number> {
    const live = racers.filter(({ process }) => process.exitCode === null && process.signalCode === null)
    const first = await leader(live, 'the first leader')
    const standby = live.filter((racer) => racer !== first)
    await standbyWatches(standby)
    const atMs = nowMs()
    act(first)
    const next = await leader(standby, `a leader after ${first.identity}`)
    return (next.turn()?.firstMs ?? Number.POSITIVE_INFINITY) - atMs
  }

  /** A standby that has just started has not seen the lease yet: another renewal gives it the time. */
  async function standbyWatches(standby: readonly Racer[]): Promise<void> {
    expect(standby).to.have.length(1)
    const ref = { namespace, name: LEASE }
    const before = (await client.get(LEASES, ref)).spec?.renewTime
    const hasMoved = async () => (await client.get(LEASES, ref)).spec?.renewTime !== before
    await until(hasMoved, { what: 'a renewal', deadlineMs: 5_000, everyMs: 50 })
  }

  function report(what: string, takeoversMs: readonly number[]): void {
    const sorted = [...takeoversMs].sort((a, b) => a - b).map(Math.round)
    const median = sorted[Math.floor(sorted.length / 2)]
    console.log(`      ${what}: median ${median} ms, longest ${sorted.at(-1)} ms of ${sorted.length}`)
  }

  it('follow a killed leader within lease + 2 s, 12 times', async function () {
    this.timeout(120_000)
    await addRacer()
    const takeoversMs: number[] = []
    for (let kill = 0; kill < 12; kill++) {
      await addRacer()
      takeoversMs.push(await replace((racer) => racer.process.kill('SIGKILL')))
    }

    report('takeover after SIGKILL', takeoversMs)
    expect(Math.max(...takeoversMs)).to.be.below(PERIODS.leaseMs + 2_000)
  })

  it('follow a clean exit within 3 s, 5 times, and the exit code is 0', async function () {
    this.timeout(120_000)
    const takeoversMs: number[] = []
    for (let exit = 0; exit < 5; exit++) {
      await addRacer()
      const leaving: Racer[] = []
      takeoversMs.push(
        await replace((racer) => {
          leaving.push(racer)
          racer.process.kill('SIGTERM')
        }),
      )
      expect(await leaving[0]?.exit, leaving[0]?.errors()).to.equal(0)
    }

    report('takeover after SIGTERM', takeoversMs)
    expect(Math.max(...takeoversMs)).to.be.below(3_000)
  })

  it('do no work after they were frozen for longer than the lease, 3 times, and exit with 1', async function () {
    this.timeout(120_000)
    const takeoversMs: number[] = []
    for (let freeze = 0; freeze < 3; freeze++) {
      await addRacer()
      const frozen: Racer[] = []
      takeoversMs.push(
        await replace((racer) => {
          frozen.push(racer)
          racer.process.kill('SIGSTOP')
        }),
      )
      frozen[0]?.process.kill('SIGCONT')
      expect(await frozen[0]?.exit, frozen[0]?.errors()).to.equal(1)
    }

    report('takeover after SIGSTOP', takeoversMs)
    expect(Math.max(...takeoversMs)).to.be.below(PERIODS.leaseMs + 2_000)
  })

  it('never worked at the same time', () => {
    const turns = racers.flatMap((racer) => racer.turn() ?? []).sort((a, b) => a.firstMs - b.firstMs)
    const overlaps = turns.flatMap((turn, index) => {
      const next = turns[index + 1]
      return next && next.firstMs <= turn.lastMs ? [`${turn.identity} and ${next.identity}`] : []
    })

    expect(turns).to.have.length(21)
    expect(overlaps).to.deep.equal([])
  })
})

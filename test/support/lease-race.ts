import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { KubeClient } from '../../src/kube/client.ts'
import { LEASES } from '../../src/kube/resources.ts'
import { adminClient, newNamespace } from './kube.ts'
import { until } from './until.ts'

const LEASE = 'race'
const PROGRAM = new URL('./lease-racer.ts', import.meta.url).pathname

/** Of the Lease, in milliseconds: how long others wait, when the holder gives up, how often it renews. */
export type LeasePeriods = Readonly<{ leaseMs: number; deadlineMs: number; retryMs: number }>

/** One turn of leadership, in milliseconds of the monotonic clock that all processes share. */
export type Turn = { readonly identity: string; readonly firstMs: number; lastMs: number }

export type Racer = Readonly<{
  identity: string
  process: ChildProcessByStdio<null, Readable, Readable>
  turn: () => Turn | undefined
  hasStarted: () => boolean
  exit: Promise<number | null>
  errors: () => string
}>

/** How a turn ended, and how long nobody worked after that. */
export type Takeover = Readonly<{ takeoverMs: number; former: Racer }>

/** Managers in processes of their own that race for one Lease: always one that leads and one that waits. */
export class LeaseRace {
  readonly racers: Racer[] = []
  readonly #client: KubeClient
  readonly #namespace: string
  readonly #kubeconfig: string
  readonly #periods: LeasePeriods
  /** Leaders that were ended or frozen: a frozen process still lives. */
  readonly #formers = new Set<Racer>()

  private constructor(client: KubeClient, namespace: string, setting: LeaseRaceSetting) {
    this.#client = client
    this.#namespace = namespace
    this.#kubeconfig = setting.kubeconfig
    this.#periods = setting.periods
  }

  static async open(setting: LeaseRaceSetting): Promise<LeaseRace> {
    const client = await adminClient(setting.kubeconfig)
    return new LeaseRace(client, await newNamespace(client), setting)
  }

  /** Starts one more racer; resolves when it runs. */
  async add(): Promise<Racer> {
    const racer = this.#start(`racer-${this.racers.length}`)
    this.racers.push(racer)
    await until(() => racer.hasStarted(), { what: `${racer.identity} to start`, deadlineMs: 20_000, everyMs: 10 })
    return racer
  }

  /** Adds a racer, ends the leader by `act` and waits for the one that follows. */
  async replace(act: (leader: Racer) => void): Promise<Takeover> {
    await this.add()
    const live = this.racers.filter((racer) => !this.#formers.has(racer))
    const former = await leader(live, 'the first leader')
    const standby = live.filter((racer) => racer !== former)
    await this.#standbyWatches(standby)
    const atMs = nowMs()
    this.#formers.add(former)
    act(former)
    const next = await leader(standby, `a leader after ${former.identity}`)
    return { takeoverMs: (next.turn()?.firstMs ?? Number.POSITIVE_INFINITY) - atMs, former }
  }

  /** Turns in order. */
  turns(): readonly Turn[] {
    return this.racers.flatMap((racer) => racer.turn() ?? []).sort((a, b) => a.firstMs - b.firstMs)
  }

  /** Turns that began while the one before still worked. */
  overlaps(): readonly string[] {
    const turns = this.turns()
    return turns.flatMap((turn, index) => {
      const next = turns[index + 1]
      return next && next.firstMs <= turn.lastMs ? [`${turn.identity} and ${next.identity}`] : []
    })
  }

  async close(): Promise<void> {
    for (const racer of this.racers) racer.process.kill('SIGKILL')
    await Promise.all(this.racers.map(({ exit }) => exit))
    await this.#client.close()
  }

  /** A standby that has just started has not seen the lease yet: another renewal gives it the time. */
  async #standbyWatches(standby: readonly Racer[]): Promise<void> {
    if (standby.length !== 1) throw new Error(`Cannot race: ${standby.length} racers wait, must be one`)
    const read = async () => (await this.#client.get(LEASES, { namespace: this.#namespace, name: LEASE })).spec
    const before = (await read())?.renewTime
    const hasMoved = async () => (await read())?.renewTime !== before
    await until(hasMoved, { what: 'a renewal', deadlineMs: 15_000, everyMs: 50 })
  }

  #start(identity: string): Racer {
    const { leaseMs, deadlineMs, retryMs } = this.#periods
    const args = [PROGRAM, this.#namespace, LEASE, identity, `${leaseMs},${deadlineMs},${retryMs}`]
    const env = { ...process.env, KUBECONFIG: this.#kubeconfig }
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
}

type LeaseRaceSetting = Readonly<{ kubeconfig: string; periods: LeasePeriods }>

function leader(among: readonly Racer[], what: string): Promise<Racer> {
  const find = () => among.find((racer) => racer.turn() !== undefined)
  return until(find, { what, deadlineMs: 30_000, everyMs: 5 })
}

function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

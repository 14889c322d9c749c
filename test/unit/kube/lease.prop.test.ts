import { expect } from 'chai'
import fc from 'fast-check'
import type { Clock } from '../../../src/kube/clock.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import { LeaderElector } from '../../../src/kube/lease.ts'
import type { LeaseClient } from '../../../src/kube/lease-client.ts'
import { type FakeClock, fakeClock, settle } from '../../support/fake-clock.ts'
import { FakeLeaseServer } from '../../support/fake-lease-server.ts'

/** How the network of a process treats a request. */
type Network = 'fine' | 'refuses' | 'swallowsAnswers' | 'delaysRequests'

type Step = Readonly<
  | { kind: 'pass'; byMs: number }
  | { kind: 'freeze' | 'thaw' | 'kill' | 'exit'; who: number }
  | { kind: 'network'; who: number; network: Network }
>

const who = fc.nat(2)
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), byMs: fc.integer({ min: 1, max: 4_000 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('freeze', 'thaw', 'kill', 'exit'), who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('network' as const),
      who,
      network: fc.constantFrom('fine', 'refuses', 'swallowsAnswers', 'delaysRequests'),
    }),
  },
)

/** One process: its timers and answers stand still while it is frozen, its clock does not. */
class Process {
  network: Network = 'fine'
  readonly elector: LeaderElector
  readonly #stop = new AbortController()
  readonly #held: (() => void)[] = []
  #isFrozen = false
  #isDead = false

  constructor(world: FakeClock, server: FakeLeaseServer, identity: string) {
    const clock: Clock = {
      ...world,
      schedule: (callback, delayMs) => world.schedule(() => this.#whenAwake(callback), delayMs),
    }
    const client = this.#connect(server.client(), world)
    const names = { namespace: 'system', name: 'lead', fieldManager: 'test' }
    this.elector = new LeaderElector({ client, clock, identity, ...names })
    void this.elector.acquire(this.#stop.signal)
  }

  /** What this process believes; a dead one believes nothing. */
  isLeader(): boolean {
    return !this.#isDead && this.elector.isLeader()
  }

  hasEnded(): boolean {
    return this.#isDead || this.elector.lost.aborted || this.#stop.signal.aborted
  }

  freeze(): void {
    this.#isFrozen = true
  }

  thaw(): void {
    this.#isFrozen = false
    for (const callback of this.#held.splice(0)) if (!this.#isDead) callback()
  }

  kill(): void {
    this.#isDead = true
  }

  exit(): void {
    this.#stop.abort()
    void this.elector.release()
  }

  #whenAwake(callback: () => void): void {
    if (this.#isDead) return
    if (this.#isFrozen) this.#held.push(callback)
    else callback()
  }

  #awake(): Promise<void> {
    return new Promise((resolve) => this.#whenAwake(resolve))
  }

  #connect(inner: LeaseClient, world: FakeClock): LeaseClient {
    const call = async <T>(send: () => Promise<T>): Promise<T> => {
      const { network } = this
      if (this.#isDead || network === 'refuses') throw new OperatorError('ConnectionLost', 'refused')
      // Late requests land at the server though nobody waits for their answer any more.
      if (network === 'delaysRequests') await new Promise<void>((resolve) => world.schedule(resolve, 2_500))
      const outcome = await send().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      )
      await this.#awake()
      if (network === 'swallowsAnswers') throw new OperatorError('Timeout', 'no answer')
      if ('error' in outcome) throw outcome.error
      return outcome.value
    }
    const isMute = (): boolean => this.network !== 'fine'
    const awake = (): Promise<void> => this.#awake()
    return {
      get: (...args) => call(() => inner.get(...args)),
      create: (...args) => call(() => inner.create(...args)),
      patch: (...args) => call(() => inner.patch(...args)),
      async *watch(...args) {
        for await (const event of inner.watch(...args)) {
          await awake()
          if (!isMute()) yield event
        }
      },
    }
  }
}

class World {
  readonly clock = fakeClock()
  readonly server = new FakeLeaseServer(this.clock)
  readonly processes: Process[] = []
  readonly #places: Process[] = []
  #count = 0

  constructor() {
    for (let place = 0; place < 3; place++) this.#fill(place)
  }

  async act(step: Step): Promise<void> {
    if (step.kind === 'pass') return this.pass(step.byMs)
    const process = this.#places[step.who]
    if (step.kind === 'network' && process) process.network = step.network
    else if (step.kind !== 'network') process?.[step.kind]()
    await settle()
    // As the kubelet does: what has ended is started again, under another identity.
    if (process?.hasEnded()) this.#fill(step.who)
  }

  /** Moves on in small steps, as two leaders may overlap for a moment only. */
  async pass(byMs: number): Promise<void> {
    for (let leftMs = byMs; leftMs > 0; leftMs -= 250) {
      await this.clock.advance(Math.min(250, leftMs))
      this.check()
      this.#places.forEach((process, place) => {
        if (process.elector.lost.aborted) this.#fill(place)
      })
    }
  }

  check(): void {
    expect(this.leaders(), 'leaders at the same time').to.be.at.most(1)
  }

  leaders(): number {
    return this.processes.filter((process) => process.isLeader()).length
  }

  #fill(place: number): void {
    const process = new Process(this.clock, this.server, `process-${this.#count++}`)
    this.#places[place] = process
    this.processes.push(process)
  }
}

describe('LeaderElector in random histories of three processes', () => {
  it('never has two leaders, and has one 15 s after the last fault', async function () {
    this.timeout(120_000)
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 25, size: 'max' }), async (history) => {
        const world = new World()
        for (const step of history) {
          await world.act(step)
          world.check()
        }
        for (const process of world.processes) {
          process.network = 'fine'
          process.thaw()
        }
        await world.pass(15_000)

        expect(world.leaders(), 'leaders in the end').to.equal(1)
      }),
      { numRuns: Number(process.env['LEASE_HISTORIES'] ?? 150) },
    )
  })
})

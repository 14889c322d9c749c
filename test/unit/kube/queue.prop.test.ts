import { expect } from 'chai'
import fc from 'fast-check'
import { WorkQueue } from '../../../src/kube/queue.ts'
import { type FakeClock, fakeClock } from '../../support/fake-clock.ts'

const KEYS = ['a', 'b', 'c', 'd'] as const

/** 100,000 are for an evening. */
const HISTORIES = Number(process.env['QUEUE_HISTORIES'] ?? 5_000)

type Step =
  | Readonly<{ kind: 'add' | 'done' | 'fail' | 'forget'; key: string; priority: number }>
  | Readonly<{ kind: 'after'; key: string; priority: number; delayMs: number }>
  | Readonly<{ kind: 'take' }>
  | Readonly<{ kind: 'pass'; byMs: number }>

const keys = fc.constantFrom(...KEYS)
const priorities = fc.constantFrom(-100, 0, 5)
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('add', 'done', 'fail', 'forget'), key: keys, priority: priorities }),
  fc.record({
    kind: fc.constant('after'),
    key: keys,
    priority: priorities,
    delayMs: fc.integer({ min: 1, max: 3_000 }),
  }),
  fc.record({ kind: fc.constant('take') }),
  fc.record({ kind: fc.constant('pass'), byMs: fc.integer({ min: 1, max: 4_000 }) }),
)

/** The naive model: what is owed to each key, by linear scans over plain arrays. */
class Model {
  readonly ready: { key: string; priority: number }[] = []
  readonly again = new Map<string, number>()
  readonly running = new Set<string>()
  readonly delays: { key: string; atMs: number; priority: number }[] = []
  readonly failures = new Map<string, number>()

  add(key: string, priority: number): void {
    if (this.running.has(key)) {
      this.again.set(key, Math.max(priority, this.again.get(key) ?? Number.NEGATIVE_INFINITY))
      return
    }
    const at = this.ready.findIndex((entry) => entry.key === key)
    const waiting = this.ready[at]
    if (waiting && waiting.priority >= priority) return
    if (waiting) this.ready.splice(at, 1)
    this.ready.push({ key, priority })
  }

  after(key: string, atMs: number, priority: number): void {
    const known = this.delays.findIndex((delay) => delay.key === key)
    const before = known < 0 ? undefined : this.delays.splice(known, 1)[0]
    this.delays.push({
      key,
      atMs: Math.min(atMs, before?.atMs ?? atMs),
      priority: Math.max(priority, before?.priority ?? priority),
    })
  }

  pass(nowMs: number): void {
    const due = this.delays.filter(({ atMs }) => atMs <= nowMs)
    for (const delay of due) {
      this.delays.splice(this.delays.indexOf(delay), 1)
    }
    for (const { key, priority } of due) this.add(key, priority)
  }

  /** Keys that a correct queue may hand out now. */
  next(): readonly string[] {
    const highest = Math.max(...this.ready.map(({ priority }) => priority))
    return this.ready.filter(({ priority }) => priority === highest).map(({ key }) => key)
  }

  take(key: string): void {
    const at = this.ready.findIndex((entry) => entry.key === key)
    this.ready.splice(at, 1)
    this.running.add(key)
  }

  done(key: string): void {
    if (!this.running.delete(key)) return
    const priority = this.again.get(key)
    this.again.delete(key)
    if (priority !== undefined) this.add(key, priority)
  }
}

type Run = Readonly<{ queue: WorkQueue; model: Model; clock: FakeClock }>

async function step({ queue, model, clock }: Run, action: Step): Promise<void> {
  const nowMs = clock.monotonicMs()
  switch (action.kind) {
    case 'add':
      queue.add(action.key, { priority: action.priority })
      model.add(action.key, action.priority)
      break
    case 'after':
      queue.addAfter(action.key, action.delayMs, { priority: action.priority })
      model.after(action.key, nowMs + action.delayMs, action.priority)
      break
    case 'fail': {
      const failures = model.failures.get(action.key) ?? 0
      const delayMs = queue.addRateLimited(action.key)
      expect(delayMs, 'backoff').to.equal(Math.min(300_000, 500 * 2 ** failures))
      model.failures.set(action.key, failures + 1)
      model.after(action.key, nowMs + delayMs, 0)
      break
    }
    case 'forget':
      queue.forget(action.key)
      model.failures.delete(action.key)
      break
    case 'done':
      queue.done(action.key)
      model.done(action.key)
      break
    case 'take':
      await take({ queue, model, clock })
      break
    case 'pass':
      await passTime({ queue, model, clock }, action.byMs)
      break
  }
}

async function take({ queue, model }: Run): Promise<void> {
  if (queue.length === 0) return
  const candidates = model.next()
  const key = (await queue.take()) ?? ''
  expect(candidates, 'only a ready key of the highest priority').to.include(key)
  expect(model.running.has(key), 'never twice at a time').to.equal(false)
  model.take(key)
}

/** Moves from due time to due time, as several keys that fall due in one jump have their order by time. */
async function passTime({ model, clock }: Run, byMs: number): Promise<void> {
  const endMs = clock.monotonicMs() + byMs
  for (;;) {
    const dueMs = Math.min(endMs, ...model.delays.map(({ atMs }) => atMs))
    clock.tick(dueMs - clock.monotonicMs())
    model.pass(clock.monotonicMs())
    if (dueMs >= endMs) return
  }
}

describe('WorkQueue against a naive model', () => {
  it(`loses no key, runs none twice at a time and none late, in ${HISTORIES} random histories`, async function () {
    this.timeout(60_000 + 10 * HISTORIES)
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60, size: 'max' }), async (history) => {
        const clock = fakeClock()
        const queue = new WorkQueue({ name: 'test', clock, backoff: { random: () => 0 } })
        const run: Run = { queue, model: new Model(), clock }

        for (const action of history) {
          await step(run, action)
          expect(queue.length, action.kind).to.equal(run.model.ready.length)
          expect(queue.inWork).to.equal(run.model.running.size)
        }
      }),
      { numRuns: HISTORIES },
    )
  })
})

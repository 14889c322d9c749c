import { expect } from 'chai'
import fc from 'fast-check'
import { OperatorError } from '../../../src/kube/errors.ts'
import { Reflector } from '../../../src/kube/reflector.ts'
import { CONFIG_MAPS } from '../../../src/kube/resources.ts'
import { FakeApi } from '../../support/fake-api.ts'
import { fakeClock, settle } from '../../support/fake-clock.ts'

const name = fc.constantFrom('a', 'b', 'c', 'd')
const step = fc.oneof(
  { weight: 6, arbitrary: name.map((each) => ({ kind: 'put', name: each }) as const) },
  { weight: 4, arbitrary: name.map((each) => ({ kind: 'remove', name: each }) as const) },
  fc.constant({ kind: 'bookmark' } as const),
  fc.constant({ kind: 'compact' } as const),
  fc.constant({ kind: 'end' } as const),
  fc.constant({ kind: 'cut' } as const),
  fc.constant({ kind: 'failList' } as const),
  fc.constant({ kind: 'failWatch' } as const),
  fc.constant({ kind: 'gone' } as const),
  fc.nat(40_000).map((ms) => ({ kind: 'wait', ms }) as const),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

async function play(api: FakeApi, each: Step, advance: (ms: number) => Promise<void>): Promise<void> {
  const lost = new OperatorError('ConnectionLost', 'text')
  const gone = new OperatorError('Gone', 'text')
  if (each.kind === 'put') api.put(each.name, String(api.calls.length))
  if (each.kind === 'remove') api.remove(each.name)
  if (each.kind === 'bookmark') api.bookmark()
  if (each.kind === 'compact') api.compact()
  if (each.kind === 'end') api.endWatches()
  if (each.kind === 'cut') api.endWatches(lost)
  if (each.kind === 'failList') api.fail('list', lost)
  if (each.kind === 'failWatch') api.fail('watch', lost)
  if (each.kind === 'gone') api.fail('watch', gone)
  if (each.kind === 'wait') await advance(each.ms)
}

describe('Reflector', () => {
  it('ends up with what the server has, and has told it, after any history of changes and faults', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true })),
        async (steps, chances) => {
          const api = new FakeApi()
          const clock = fakeClock()
          const stop = new AbortController()
          const random = (): number => chances.next().value ?? 0
          const reflector = new Reflector({ client: api.client, resource: CONFIG_MAPS, clock, random, pageSize: 2 })
          const told = new Map<string, string | undefined>()
          reflector.store.onChange(({ kind, object }) => {
            if (kind === 'deleted') told.delete(object.metadata.name)
            else told.set(object.metadata.name, object.metadata.resourceVersion)
          })
          const running = reflector.start(stop.signal)

          for (const each of steps) await play(api, each, clock.advance)
          await clock.advance(700_000)
          stop.abort()
          await running

          const want = new Map([...api.objects].map(([key, { metadata }]) => [key, metadata.resourceVersion]))
          expect(
            new Map(reflector.store.list().map(({ metadata }) => [metadata.name, metadata.resourceVersion])),
          ).to.deep.equal(want)
          expect(told).to.deep.equal(want)
          expect(clock.timers()).to.equal(0)
          await settle()
        },
      ),
      { numRuns: 300 },
    )
  }).timeout(60_000)
})

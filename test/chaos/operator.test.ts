import { PODS } from '../../src/kube/resources.ts'
import { deleteObject } from '../support/cluster/api.ts'
import { disturb, type Outcome } from '../support/cluster/disturb.ts'
import { signalProcesses, signalServer } from '../support/cluster/faults.ts'
import { operatorPods, untilOperatorReady } from '../support/cluster/operator.ts'
import { useOwnStores } from '../support/cluster/shared.ts'
import { primaryPod } from '../support/cluster/store.ts'
import { until } from '../support/until.ts'
import { judge, roundsOf } from './rounds.ts'

/** Longest time after the fault at which the operator is killed: a failover takes about this long. */
const LATEST_MS = 4000

/** See kill.test.ts. */
const ROUNDS_PER_STORE = 3

/** A small generator of our own (mulberry32), as the seed must be printed and given again. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The kubelet lets a container that died often wait longer before each start: 10 s, 20 s, … A new pod begins anew. */
async function renewOperator(): Promise<void> {
  const pods = await operatorPods()
  await Promise.all(pods.map(({ metadata }) => deleteObject(PODS, metadata)))
}

describe('the operator killed in the middle of failovers (F20)', function () {
  const rounds = roundsOf(3)
  this.timeout(rounds * 180_000)
  const makeStore = useOwnStores('chaos-operator')
  const seed = Number(process.env['SESSIONSTORE_CHAOS_SEED'] ?? Date.now() % 1_000_000)

  it(`is survived ${rounds} times at random moments (seed ${seed})`, async () => {
    let store = await makeStore('store-1')
    const random = randomFrom(seed)
    const outcomes: Outcome[] = []
    for (let round = 1; round <= rounds; round += 1) {
      if (round > 1) await renewOperator()
      await untilOperatorReady()
      if (round % ROUNDS_PER_STORE === 0) store = await makeStore(`store-${round}`)
      const { ref, client } = store
      const primary = await primaryPod(ref)
      const delayMs = Math.round(random() * LATEST_MS)
      const outcome = await disturb(client, ref, {
        title: `operator killed ${delayMs} ms into failover ${round}`,
        act: async () => {
          const killAtMs = performance.now() + delayMs
          await signalServer(primary, 'KILL')
          const what = 'the moment of the kill'
          await until(() => performance.now() >= killAtMs, { what, deadlineMs: LATEST_MS + 1000, everyMs: 5 })
          const pods = await operatorPods()
          await Promise.all(pods.map((pod) => signalProcesses(pod, { signal: 'KILL', pattern: '[nM]*' })))
        },
        deadlineMs: 150_000,
      })
      outcomes.push(outcome)
    }

    // A Lease that nobody gave back runs 6 s; the container starts again in about 2 s; then the failover itself.
    judge('operator killed during failovers', outcomes, { downtimeMs: 20_000 })
  })
})

import { disturb, type Outcome } from '../support/cluster/disturb.ts'
import { signalServer } from '../support/cluster/faults.ts'
import { useOwnStores } from '../support/cluster/shared.ts'
import { primaryPod, untilAnotherPrimary } from '../support/cluster/store.ts'
import { judge, roundsOf } from './rounds.ts'

describe('SIGSTOP of the primary', function () {
  const rounds = roundsOf(2)
  this.timeout(rounds * 180_000)
  const makeStore = useOwnStores('chaos-freeze')

  it(`is survived ${rounds} times, and idle clients that wake up after the thaw lose nothing more (F23, F26)`, async () => {
    const { ref, client } = await makeStore('frozen')
    const outcomes: Outcome[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const primary = await primaryPod(ref)
      const outcome = await disturb(client, ref, {
        title: `freeze ${round}: ${primary.metadata.name}`,
        writer: { idle: 20 },
        act: async (writer) => {
          await signalServer(primary, 'STOP')
          await untilAnotherPrimary(ref, primary)
          // Thawed at the worst moment: the new primary serves, and the old one may not know. It may be gone already.
          await signalServer(primary, 'CONT').catch(() => undefined)
          writer.wake()
        },
        deadlineMs: 150_000,
      })
      outcomes.push(outcome)
    }

    judge('SIGSTOP of the primary', outcomes, { downtimeMs: 10_000 })
  })
})

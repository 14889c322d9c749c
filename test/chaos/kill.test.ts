import { disturb, type Outcome } from '../support/cluster/disturb.ts'
import { signalServer } from '../support/cluster/faults.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { primaryPod } from '../support/cluster/store.ts'
import { judge, roundsOf } from './rounds.ts'

describe('SIGKILL of the primary, again and again', function () {
  const rounds = roundsOf(5)
  this.timeout(rounds * 120_000)
  const store = useSharedStore()

  it(`is survived ${rounds} times within the bounds of gap and loss`, async () => {
    const { ref, client } = store()
    const outcomes: Outcome[] = []
    for (let round = 1; round <= rounds; round += 1) {
      const primary = await primaryPod(ref)
      const outcome = await disturb(client, ref, {
        title: `kill ${round}: ${primary.metadata.name}`,
        act: () => signalServer(primary, 'KILL'),
      })
      outcomes.push(outcome)
    }

    judge('SIGKILL of the primary', outcomes, { downtimeMs: 5000 })
  })
})

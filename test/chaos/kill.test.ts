import { disturb, type Outcome } from '../support/cluster/disturb.ts'
import { signalServer } from '../support/cluster/faults.ts'
import { useOwnStores } from '../support/cluster/shared.ts'
import { primaryPod } from '../support/cluster/store.ts'
import { judge, roundsOf } from './rounds.ts'

/** Each member dies about once per store, so that the kubelet's growing pause before a restart is not what is measured. */
const ROUNDS_PER_STORE = 3

describe('SIGKILL of the primary, again and again', function () {
  const rounds = roundsOf(5)
  this.timeout(rounds * 120_000)
  const makeStore = useOwnStores('chaos-kill')

  it(`is survived ${rounds} times within the bounds of gap and loss`, async () => {
    const outcomes: Outcome[] = []
    let store = await makeStore('store-1')
    for (let round = 1; round <= rounds; round += 1) {
      if (round % ROUNDS_PER_STORE === 0) store = await makeStore(`store-${round}`)
      const { ref, client } = store
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

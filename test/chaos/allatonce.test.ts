import { expect } from 'chai'
import { disturb } from '../support/cluster/disturb.ts'
import { signalServer } from '../support/cluster/faults.ts'
import { useOwnStores } from '../support/cluster/shared.ts'
import { isSettled, podRuns, primaryPod, serverPods } from '../support/cluster/store.ts'
import { roundsOf } from './rounds.ts'

describe('several members at once', function () {
  const rounds = roundsOf(1)
  this.timeout(rounds * 240_000)
  const makeStore = useOwnStores('chaos-several')

  it('keeps the data when both replicas die, and takes writes again by itself', async () => {
    for (let round = 1; round <= rounds; round += 1) {
      const { ref, client } = await makeStore(`lonely-${round}`)
      const before = await podRuns(ref)
      const primary = (await primaryPod(ref)).metadata.name
      const replicas = (await serverPods(ref)).filter((pod) => pod.metadata.name !== primary)

      const { verified } = await disturb(client, ref, {
        title: `both replicas killed ${round}`,
        act: async () => {
          await Promise.all(replicas.map((pod) => signalServer(pod, 'KILL')))
        },
        isOver: async (current) => {
          if (!isSettled(current)) return false
          const runs = await podRuns(ref)
          return replicas.every(({ metadata: { name } }) => runs[name] !== before[name])
        },
      })

      expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    }
  })

  it('keeps the data when the primary and one replica die', async () => {
    for (let round = 1; round <= rounds; round += 1) {
      const { ref, client } = await makeStore(`halved-${round}`)
      const primary = await primaryPod(ref)
      const replica = (await serverPods(ref)).find((pod) => pod.metadata.name !== primary.metadata.name)
      if (!replica) throw new Error('Cannot choose a replica: the store has one member')

      const { verified } = await disturb(client, ref, {
        title: `primary and one replica killed ${round}`,
        act: async () => {
          await Promise.all([primary, replica].map((pod) => signalServer(pod, 'KILL')))
        },
      })

      expect(verified.lostSpanMs, 'time over which acknowledged writes were lost').to.be.at.most(3000)
    }
  })
})

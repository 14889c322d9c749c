import { expect } from 'chai'
import { kubectl } from '../support/cluster/command.ts'
import { disturb } from '../support/cluster/disturb.ts'
import { STUCK_MS } from '../support/cluster/report.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { podRuns } from '../support/cluster/store.ts'

describe('deleting the pod of the primary', function () {
  this.timeout(300_000)
  const store = useSharedStore()

  it('hands over first: no acknowledged write is lost, and the other members go on', async () => {
    const { ref, client } = store()
    const before = await podRuns(ref)
    const selector = `sessionstore.dev/store=${ref.name},sessionstore.dev/role=primary`

    const { summary, verified, history } = await disturb(client, ref, {
      title: 'primary pod deleted',
      act: async () => {
        await kubectl(['delete', 'pod', '-n', ref.namespace, '-l', selector, '--wait=false'])
      },
    })

    const after = await podRuns(ref)
    const changed = Object.keys(after).filter((name) => after[name] !== before[name])
    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(changed, 'pods that were started anew').to.deep.equal(history[0])
    expect(summary.downtimeMs, 'gap in ms').to.be.at.most(STUCK_MS)
  })
})

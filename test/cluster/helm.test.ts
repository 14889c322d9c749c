import { join } from 'node:path'
import { expect } from 'chai'
import { repoDir } from '../../hack/paths.ts'
import { runCommand } from '../../hack/processes.ts'
import { helm, kubectl } from '../support/cluster/command.ts'
import { untilAgreed } from '../support/cluster/members.ts'
import { OPERATOR, operatorPods, untilOperatorReady } from '../support/cluster/operator.ts'
import { report } from '../support/cluster/report.ts'
import { useSharedStore } from '../support/cluster/shared.ts'
import { podRuns } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

const CHART = join(repoDir, 'charts', OPERATOR.name)
const RELEASE = [OPERATOR.name, '-n', OPERATOR.namespace]

describe('helm', function () {
  this.timeout(300_000)
  const store = useSharedStore()

  it('upgrades, uninstalls and installs the operator while the store goes on serving', async () => {
    const { ref, client } = store()
    const before = await podRuns(ref)
    const values = await helm(['get', 'values', ...RELEASE, '-o', 'yaml'])
    const install = ['helm', 'upgrade', '--install', OPERATOR.name, CHART, '-n', OPERATOR.namespace, '-f', '-']
    const writer = await startWriter(client, { binding: ref.name })

    await runCommand(install, { input: values })
    await helm(['uninstall', ...RELEASE, '--wait'])
    await until(async () => (await operatorPods()).length === 0, { what: 'no operator pod', deadlineMs: 60_000 })
    await writer.untilFlowing(500)
    const listed = await kubectl(['get', 'sess', '-n', ref.namespace, '-o', 'name'])
    await runCommand(install, { input: values })
    await untilOperatorReady()
    await untilAgreed(client, ref)
    await writer.untilFlowing(100)

    const summary = await writer.stop()
    const verified = await writer.verify()
    report('helm uninstall and install', {
      acknowledged: verified.checked,
      failed: summary.failed,
      lost: verified.lost,
    })
    expect(listed.trim()).to.equal('sessionstore.sessionstore.dev/minimal')
    expect(summary.failed, 'failed writes').to.equal(0)
    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(await podRuns(ref)).to.deep.equal(before)
  })
})

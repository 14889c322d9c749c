import { expect } from 'chai'
import { WriteProber, type WriteTarget } from '../../../src/sessionstore/writeprober.ts'
import { startRespServer } from '../../support/sessionstore/respserver.ts'
import { until } from '../../support/until.ts'

const EVERY = { deadlineMs: 5000, everyMs: 10 }

function targetOf(port: number, runId: string): WriteTarget {
  const primary = { name: 's-0', runId, epoch: 1 }
  return { host: '127.0.0.1', port, username: 'operator', passwords: ['p'], primary }
}

describe('WriteProber', () => {
  let server: Awaited<ReturnType<typeof startRespServer>>
  let changes: string[]
  let prober: WriteProber

  beforeEach(async () => {
    server = await startRespServer('run-1')
    changes = []
    prober = new WriteProber(() => changes.push(prober.result.kind))
  })

  afterEach(async () => {
    prober.stop()
    await server.close()
  })

  it('knows nothing before the first try, and tells of the first success', async () => {
    prober.setTarget(targetOf(server.port, 'run-1'))
    expect(prober.result).to.deep.equal({ kind: 'unknown' })

    await until(() => changes.length > 0, { what: 'a result', ...EVERY })

    expect(changes).to.deep.equal(['succeeded'])
    expect(server.commands).to.include('SET __ss:probe')
  })

  it('fails when the Service leads to another server than the primary', async () => {
    prober.setTarget(targetOf(server.port, 'run-2'))

    await until(() => changes.length > 0, { what: 'a result', ...EVERY })

    expect(prober.result).to.deep.equal({ kind: 'failed', message: 'the Service leads to another server than s-0' })
  })

  it('tells of a refused write once, tries again soon, and tells of the end', async () => {
    server.runId = undefined
    prober.setTarget(targetOf(server.port, 'run-1'))
    await until(() => changes.length > 0, { what: 'a failure', ...EVERY })
    server.runId = 'run-1'

    await until(() => changes.length > 1, { what: 'a success', ...EVERY })

    expect(changes).to.deep.equal(['failed', 'succeeded'])
  })

  it('forgets the result with the primary', async () => {
    prober.setTarget(targetOf(server.port, 'run-1'))
    await until(() => changes.length > 0, { what: 'a result', ...EVERY })

    prober.setTarget({ ...targetOf(server.port, 'run-1'), primary: { name: 's-0', runId: 'run-1', epoch: 2 } })

    expect(prober.result).to.deep.equal({ kind: 'unknown' })
  })

  it('goes on after something was thrown', async () => {
    // No CA at all is refused by node:tls before a connection is made.
    prober.setTarget({ ...targetOf(server.port, 'run-1'), tls: { ca: 'none', servername: 's' } })

    await until(() => changes.length > 0, { what: 'a result', ...EVERY })

    expect(prober.result.kind).to.equal('failed')
  })

  it('is silent once it is stopped', async () => {
    prober.setTarget(targetOf(server.port, 'run-1'))
    prober.stop()
    prober.setTarget(targetOf(server.port, 'run-2'))

    const other = new WriteProber(() => changes.push('other'))
    other.setTarget(targetOf(server.port, 'run-1'))
    await until(() => changes.length > 0, { what: 'the result of another prober', ...EVERY })
    other.stop()

    expect(changes).to.deep.equal(['other'])
  })
})

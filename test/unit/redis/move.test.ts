import { expect } from 'chai'
import { abortUnwatched, moveTo } from '../../../src/redis/move.ts'
import { type Answer, fakeConnection } from './fakeconnection.ts'

const MASTER = ['master', 1, []]
const REPLICA = ['slave', '10.0.0.2', 6379, 'connected', 1]
const HOST = 's-1.nodes.'

/** A primary with one replica, which announces its name with a dot. */
function server(role: () => Answer, failoverState = 'failover-in-progress') {
  return fakeConnection((command) => {
    if (command === 'ROLE') return role()
    if (command !== 'INFO replication') return undefined
    return [
      'role:master',
      `master_failover_state:${failoverState}`,
      `slave0:ip=${HOST},port=6379,state=online,offset=1,lag=0`,
    ].join('\r\n')
  })
}

function run(from: ReturnType<typeof server>, to: ReturnType<typeof server>) {
  const end = { host: 's-1.nodes', port: 6379 }
  return moveTo(
    { ...end, host: 's-0.nodes', connection: from },
    { ...end, connection: to },
    { timeoutMs: 2000, watchMs: 40, alignMs: 0 },
  )
}

describe('moveTo()', () => {
  it('names the target as it announced itself, without FORCE, and cuts the old clients at the end', async () => {
    const [from, to] = [server(() => REPLICA), server(() => MASTER)]
    expect(await run(from, to)).to.have.property('ok', true)
    expect(from.asked).to.include(`FAILOVER TO ${HOST} 6379 TIMEOUT 2000`)
    expect(from.asked.slice(-2)).to.deep.equal([
      'CLIENT KILL TYPE normal SKIPME yes',
      'CLIENT KILL TYPE pubsub SKIPME yes',
    ])
  })

  it('calls off what does not move, and reads both roles', async () => {
    const [from, to] = [server(() => MASTER), server(() => REPLICA)]
    expect(await run(from, to)).to.deep.include({ ok: false, reason: 'Aborted' })
    expect(from.asked).to.include('FAILOVER ABORT')
    expect(from.asked.some((command) => command.startsWith('CLIENT KILL'))).to.equal(false)
  })

  it('does not wait longer than the server itself did', async () => {
    const [from, to] = [server(() => MASTER, 'no-failover'), server(() => REPLICA)]
    expect(await run(from, to)).to.deep.include({ ok: false, reason: 'Aborted' })
    expect(from.asked).not.to.include('FAILOVER ABORT')
  })

  it('fences the target when both say primary', async () => {
    const [from, to] = [server(() => MASTER), server(() => MASTER)]
    expect(await run(from, to)).to.deep.include({ ok: false, reason: 'TwoPrimaries' })
    expect(to.asked).to.include('CONFIG SET min-replicas-to-write 1000')
    expect(from.asked.some((command) => command.startsWith('CONFIG SET'))).to.equal(false)
  })

  it('says that it does not know when neither says primary', async () => {
    const [from, to] = [server(() => REPLICA), server(() => new Error('no reply'))]
    expect(await run(from, to)).to.deep.include({ ok: false, reason: 'Unresolved' })
  })

  it('takes a move that ended while it was called off for what it is', async () => {
    let isAborted = false
    const from = fakeConnection((command) => {
      if (command === 'FAILOVER ABORT') {
        isAborted = true
        return new Error('ERR No failover in progress.')
      }
      if (command === 'ROLE') return isAborted ? REPLICA : MASTER
      if (command !== 'INFO replication') return undefined
      return `role:master\r\nmaster_failover_state:failover-in-progress\r\nslave0:ip=${HOST},port=6379,state=online,offset=1,lag=0`
    })
    const to = server(() => (isAborted ? MASTER : REPLICA))
    expect(await run(from, to)).to.have.property('ok', true)
  })

  it('begins nothing with a target that does not answer', async () => {
    const to = fakeConnection((command) => (command === 'PING' ? new Error('no reply') : undefined))
    const from = server(() => MASTER)
    expect(await run(from, to)).to.deep.include({ ok: false, reason: 'TargetSilent' })
    expect(from.asked.some((command) => command.startsWith('FAILOVER'))).to.equal(false)
  })
})

describe('abortUnwatched()', () => {
  const infoWith = (state: string) => (command: string) =>
    command.startsWith('INFO') ? `role:master\r\nmaster_failover_state:${state}\r\n` : undefined

  it('calls off a FAILOVER that is under way', async () => {
    const connection = fakeConnection(infoWith('waiting-for-sync'))

    const result = await abortUnwatched(connection)

    expect(result).to.deep.equal({ ok: true, wasMoving: true })
    expect(connection.asked).to.deep.equal(['INFO replication', 'FAILOVER ABORT'])
  })

  it('leaves a primary alone that hands nothing over', async () => {
    const connection = fakeConnection(infoWith('no-failover'))

    const result = await abortUnwatched(connection)

    expect(result).to.deep.equal({ ok: true, wasMoving: false })
    expect(connection.asked).to.deep.equal(['INFO replication'])
  })
})

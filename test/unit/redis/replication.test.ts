import { expect } from 'chai'
import { promote } from '../../../src/redis/promote.ts'
import { awaitReplicaOnline, fence, join, setQuorum, waitReplicas } from '../../../src/redis/replication.ts'
import { fakeConnection } from './fakeconnection.ts'

const REPLICA = ['slave', '127.0.0.1', 1, 'connect', 0]

describe('join()', () => {
  const names = [
    ['s-0.nodes.shop.svc', 's-0.nodes.shop.svc.'],
    ['s-0.nodes.shop.svc.', 's-0.nodes.shop.svc.'],
    ['10.0.0.7', '10.0.0.7'],
    ['fd00::7', 'fd00::7'],
  ] as const
  for (const [host, sent] of names) {
    it(`points at ${host} as ${sent}`, async () => {
      const connection = fakeConnection((command) => (command === 'ROLE' ? REPLICA : undefined))
      expect(await join(connection, { host, port: 6379 })).to.deep.equal({ ok: true })
      expect(connection.asked).to.deep.equal(['ROLE', `REPLICAOF ${sent} 6379`])
    })
  }

  it('asks nothing of a primary', async () => {
    const connection = fakeConnection((command) => (command === 'ROLE' ? ['master', 0, []] : undefined))
    expect(await join(connection, { host: '10.0.0.7', port: 6379 })).to.deep.include({ ok: false, reason: 'IsPrimary' })
    expect(connection.asked).to.deep.equal(['ROLE'])
  })
})

describe('fence()', () => {
  const gate = (replicas: string, lag: string) => ['min-replicas-to-write', replicas, 'min-replicas-max-lag', lag]

  it('shuts the gate before it cuts the clients', async () => {
    const connection = fakeConnection((command) => (command.startsWith('CONFIG GET') ? gate('1000', '2') : undefined))
    expect(await fence(connection)).to.deep.equal({ ok: true })
    expect(connection.asked).to.deep.equal([
      'CONFIG SET min-replicas-to-write 1000',
      'CONFIG GET min-replicas-*',
      'CLIENT KILL TYPE normal SKIPME yes',
      'CLIENT KILL TYPE pubsub SKIPME yes',
    ])
  })

  for (const [name, shown] of [
    ['is read back open', gate('1', '2')],
    ['does not look at the lag', gate('1000', '0')],
  ] as const) {
    it(`is no fence when the gate ${name}`, async () => {
      const connection = fakeConnection((command) => (command.startsWith('CONFIG GET') ? shown : undefined))
      expect(await fence(connection)).to.deep.include({ ok: false, reason: 'NotAsserted' })
    })
  }
})

describe('setQuorum()', () => {
  it('is not done when it is read back otherwise', async () => {
    const shown = ['min-replicas-to-write', '1000', 'min-replicas-max-lag', '2']
    const connection = fakeConnection((command) => (command.startsWith('CONFIG GET') ? shown : undefined))
    expect(await setQuorum(connection, 1, 2)).to.deep.include({ ok: false, reason: 'NotAsserted' })
  })
})

describe('awaitReplicaOnline()', () => {
  const info = (...lines: string[]) => lines.join('\r\n')
  const online = 'slave0:ip=10.0.0.2,port=6379,state=online,offset=1,lag=0'

  it('waits until the write gate counts the replica too', async () => {
    const answers = [info(online, 'min_slaves_good_slaves:0'), info(online, 'min_slaves_good_slaves:1')]
    const connection = fakeConnection(() => answers.shift())
    expect(await awaitReplicaOnline(connection, { count: 1, timeoutMs: 1000 })).to.deep.equal({ ok: true })
    expect(connection.asked).to.have.lengthOf(2)
  })

  it('gives up when the time is over', async () => {
    const connection = fakeConnection(() => info('connected_slaves:0'))
    const done = await awaitReplicaOnline(connection, { count: 1, timeoutMs: 1 })
    expect(done).to.deep.include({ ok: false, reason: 'Timeout' })
  })
})

describe('waitReplicas()', () => {
  it('asks in pieces, so that a probe behind it is not held up', async () => {
    const counts = [0, 0, 1]
    const connection = fakeConnection(() => counts.shift() ?? 1)
    expect(await waitReplicas(connection, 1, 5000)).to.deep.equal({ ok: true })
    expect(connection.asked).to.deep.equal(['WAIT 1 200', 'WAIT 1 200', 'WAIT 1 200'])
  })
})

describe('promote()', () => {
  const record = (epoch: string | null) => (epoch === null ? [null, null] : ['uid-1', epoch])

  it('shuts the gate, looks, acts only on what it saw, and checks the role', async () => {
    const connection = fakeConnection((command) => {
      if (command.startsWith('HMGET')) return record('3')
      if (command === 'EXEC') return ['OK']
      return command === 'ROLE' ? ['master', 0, []] : undefined
    })
    expect(await promote(connection, { expectedEpoch: 3 })).to.deep.equal({ ok: true })
    expect(connection.asked).to.deep.equal([
      'CONFIG SET replica-serve-stale-data yes repl-diskless-sync-delay 0 min-replicas-to-write 1000',
      'WATCH __ss:meta',
      'HMGET __ss:meta storeUID epoch',
      'MULTI',
      'REPLICAOF NO ONE',
      'EXEC',
      'ROLE',
    ])
  })

  const refusals: readonly [
    name: string,
    read: readonly (string | null)[] | Error,
    expectedEpoch: number | 'none',
    reason: string,
  ][] = [
    ['another epoch', record('4'), 3, 'EpochMismatch'],
    ['no record', record(null), 3, 'EpochMismatch'],
    ['a record where there must be none', record('1'), 'none', 'RecordExists'],
    ['a hidden record', new Error('MASTERDOWN Link with MASTER is down'), 3, 'MASTERDOWN'],
    ['a hidden record at bootstrap', new Error('MASTERDOWN Link with MASTER is down'), 'none', 'MASTERDOWN'],
    ['a server that is loading', new Error('LOADING the dataset'), 'none', 'LOADING'],
    ['a server that does not answer', new Error('no reply'), 3, 'Timeout'],
  ]
  for (const [name, read, expectedEpoch, reason] of refusals) {
    it(`does not act on ${name}, and shuts the candidate again`, async () => {
      const connection = fakeConnection((command) => (command.startsWith('HMGET') ? read : undefined))
      expect(await promote(connection, { expectedEpoch })).to.deep.include({ ok: false, reason })
      expect(connection.asked).to.include('UNWATCH').and.not.include('REPLICAOF NO ONE')
      expect(connection.asked.at(-1)).to.equal('CONFIG SET replica-serve-stale-data no repl-diskless-sync-delay 1')
    })
  }

  it('looks again when the record changed meanwhile, and gives up after three times', async () => {
    const connection = fakeConnection((command) => {
      if (command.startsWith('HMGET')) return record('3')
      return command === 'EXEC' ? null : undefined
    })
    expect(await promote(connection, { expectedEpoch: 3 })).to.deep.include({ ok: false, reason: 'RecordMoves' })
    expect(connection.asked.filter((command) => command.startsWith('HMGET'))).to.have.lengthOf(3)
  })
})

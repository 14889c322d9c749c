import { expect } from 'chai'
import type { ServerContext } from '../../../src/sessionstore/actservers.ts'
import { actDemote, actEstablish, actFence, actJoin, actSetQuorum } from '../../../src/sessionstore/actservers.ts'
import { StoreMemory } from '../../../src/sessionstore/memory.ts'
import { FakeServer } from '../../support/sessionstore/fakeserver.ts'
import { facts } from '../../support/topology/words.ts'

const MEMBERS = ['s-0 primary', 's-1', 's-2']

/** Servers in memory, s-0 a master, whose commands are told in the order they came, over all of them. */
function stage() {
  const observed = facts('', MEMBERS)
  const log: string[] = []
  const servers: FakeServer[] = []
  for (const { name, host } of observed.members) {
    const server = new FakeServer(name, host, (wanted) => servers.find((each) => each.host === wanted))
    server.log.push = (command) => log.push(`${name} ${command}`)
    servers.push(server)
  }
  const [primary] = servers
  if (primary) primary.role = 'master'
  const memory = new StoreMemory(0)
  const connectionOf = (name: string) => servers.find((server) => server.name === name && !server.isDown)
  const dataPlane = { connection: (name: string) => connectionOf(name)?.connection(servers) }
  const context = { snapshot: { facts: observed }, dataPlane, memory, nowMs: () => 0 } as unknown as ServerContext
  const host = (name: string): string => observed.members.find((member) => member.name === name)?.host ?? ''
  return { context, log, servers, memory, host }
}

describe('actEstablish()', () => {
  const step = { kind: 'establish', primary: 's-0', epoch: 2, n: 3, w: 1, replicas: ['s-1', 's-2'] } as const

  it('shuts the gate, points the replicas, then opens it and writes the record, and serves no stale data any more', async () => {
    const { context, log, servers, host } = stage()

    const result = await actEstablish(context, step)

    expect(result).to.deep.equal({ isDone: true })
    expect(log).to.deep.equal([
      's-0 CONFIG SET min-replicas-to-write 1000',
      `s-1 REPLICAOF ${host('s-0')} 6379`,
      `s-2 REPLICAOF ${host('s-0')} 6379`,
      's-1 CONFIG SET replica-serve-stale-data no',
      's-2 CONFIG SET replica-serve-stale-data no',
      's-0 CONFIG SET min-replicas-to-write 1',
      's-0 EVAL record',
      's-0 CONFIG SET replica-serve-stale-data no',
    ])
    expect(servers[1]?.record).to.include({ epoch: '2', primary: 's-0' })
  })

  it('writes no record when too few replicas can be pointed at it', async () => {
    const { context, log, servers } = stage()
    for (const server of servers.slice(1)) server.isDown = true

    const result = await actEstablish(context, step)

    expect(result).to.deep.include({ isDone: false })
    expect(log.join()).to.not.contain('EVAL')
  })

  it('is not done by a primary that is gone', async () => {
    const { context, servers } = stage()
    if (servers[0]) servers[0].isDown = true

    expect(await actEstablish(context, step)).to.deep.equal({ isDone: false, message: 's-0 is not connected' })
  })
})

describe('actFence()', () => {
  it('shuts the gate before it cuts the clients', async () => {
    const { context, log } = stage()

    await actFence(context, { kind: 'fence', member: 's-0' })

    expect(log).to.deep.equal([
      's-0 CONFIG SET min-replicas-to-write 1000',
      's-0 CLIENT KILL TYPE normal',
      's-0 CLIENT KILL TYPE pubsub',
    ])
  })
})

describe('actDemote()', () => {
  it('fences before it repoints', async () => {
    const { context, log, servers, host } = stage()
    const zombie = servers[2]
    if (zombie) zombie.role = 'master'

    const result = await actDemote(context, { kind: 'demote', member: 's-2', primary: 's-0' })

    expect(result).to.deep.equal({ isDone: true })
    expect(log[0]).to.equal('s-2 CONFIG SET min-replicas-to-write 1000')
    expect(log.indexOf(`s-2 REPLICAOF ${host('s-0')} 6379`)).to.be.above(log.indexOf('s-2 CLIENT KILL TYPE pubsub'))
  })
})

describe('actJoin()', () => {
  it('refuses a member that says it is a primary, and names it', async () => {
    const { context } = stage()

    const result = await actJoin(context, { kind: 'join', members: ['s-0', 's-1'], primary: 's-2' })

    expect(result).to.have.property('isDone', false)
    expect(result).to.have.property('message').that.contains('s-0: ')
  })
})

describe('actSetQuorum()', () => {
  it('tells every server before the record', async () => {
    const { context, log, servers, host } = stage()
    for (const server of servers.slice(1)) server.upstream = { host: host('s-0'), port: '6379' }

    await actSetQuorum(context, { kind: 'setQuorum', primary: 's-0', epoch: 1, n: 3, w: 1 })

    expect(log.slice(0, 3).sort()).to.deep.equal([0, 1, 2].map((i) => `s-${i} CONFIG SET min-replicas-to-write 1`))
    expect(log[3]).to.equal('s-0 EVAL record')
  })
})

import { expect } from 'chai'
import type { Connection } from '../../../src/redis/connection.ts'
import type { ProbeFacts } from '../../../src/redis/types.ts'
import { Stragglers } from '../../../src/sessionstore/stragglers.ts'
import { until } from '../../support/until.ts'

const ROLES: Readonly<Record<string, 'master' | 'replica' | 'silent'>> = {
  's-0': 'replica',
  's-1': 'master',
  's-2': 'silent',
  's-3': 'master',
}

/** Members by their roles; every CLIENT KILL is written down. */
function servers(cuts: string[]) {
  return {
    members: () => Object.keys(ROLES),
    facts: (member: string) =>
      ({ kind: ROLES[member] === 'silent' ? 'unreachable' : 'reached', role: ROLES[member] }) as ProbeFacts,
    connection: (member: string) =>
      ({
        async callAll(commands: readonly (readonly string[])[]) {
          for (const command of commands) cuts.push(`${member} ${command.join(' ')}`)
          return commands.map(() => ({ ok: true, value: 0 }) as const)
        },
      }) as unknown as Connection,
  }
}

describe('Stragglers', () => {
  it('cuts clients and subscribers of replicas only, again and again, and then no more', async () => {
    const cuts: string[] = []
    const stragglers = new Stragglers(servers(cuts), { forMs: 20, everyMs: 5 })

    stragglers.follow('s-1')
    await until(() => cuts.length >= 8, { what: 'four rounds of two cuts', deadlineMs: 2000 })

    expect(new Set(cuts)).to.deep.equal(
      new Set(['s-0 CLIENT KILL TYPE normal SKIPME yes', 's-0 CLIENT KILL TYPE pubsub SKIPME yes']),
    )
    expect(cuts).to.have.length(8)
  })

  it('ends when it is stopped', async () => {
    const cuts: string[] = []
    const stragglers = new Stragglers(servers(cuts), { forMs: 1000, everyMs: 5 })

    stragglers.follow('s-1')
    stragglers.stop()
    const after = cuts.length
    await new Promise((resolve) => setImmediate(resolve))

    expect(cuts).to.have.length(after)
  })
})

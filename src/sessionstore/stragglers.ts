import type { Connection } from '../redis/connection.ts'
import { cutClients } from '../redis/replication.ts'
import type { ProbeFacts } from '../redis/types.ts'

/** How long every node may take to lead new connections to the new primary (kube-proxy collects changes for a second). */
const TIMES = { forMs: 6000, everyMs: 500 } as const

type Servers = Readonly<{
  members(): readonly string[]
  facts(member: string): ProbeFacts
  connection(member: string): Connection | undefined
}>

/**
 * Sends clients away from former primaries (F15). One cut is not enough: until the last node has learned of the moved
 * Service, a client that was cut connects to the old pod again, and would then get READONLY for as long as it lives
 * (measured: 6,125 refused writes on a store that had long settled).
 */
export class Stragglers {
  readonly #servers: Servers
  readonly #times: Readonly<{ forMs: number; everyMs: number }>
  #timer: NodeJS.Timeout | undefined

  constructor(servers: Servers, times: Readonly<{ forMs: number; everyMs: number }> = TIMES) {
    this.#servers = servers
    this.#times = times
  }

  /** Begins anew with each primary. */
  follow(primary: string): void {
    this.stop()
    let left = Math.ceil(this.#times.forMs / this.#times.everyMs)
    const round = (): void => {
      void this.#cut(primary)
      left -= 1
      this.#timer = left > 0 ? setTimeout(round, this.#times.everyMs) : undefined
    }
    round()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  async #cut(primary: string): Promise<void> {
    const { members, facts, connection } = this.#servers
    const others = members().filter((member) => {
      const seen = facts(member)
      return member !== primary && seen.kind === 'reached' && seen.role === 'replica'
    })
    // A failure means that the server is gone, and its clients with it.
    await Promise.all(others.map(connection).map((held) => held && cutClients(held)))
  }
}

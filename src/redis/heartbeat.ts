import type { Connection, Opened } from './connection.ts'
import { raiseSeq } from './recordscript.ts'

/**
 * Raises the record's `seq` on the primary about once a second: the liveness of writing, and the order of copies.
 * It has a connection of its own: while a server hands over it holds writes back, and a probe behind one would make it
 * look hung.
 */
export class Heartbeat {
  readonly #open: () => Promise<Opened>
  readonly #epoch: number
  readonly #intervalMs: number
  #connection: Connection | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(open: () => Promise<Opened>, options: Readonly<{ epoch: number; intervalMs: number }>) {
    this.#open = open
    this.#epoch = options.epoch
    this.#intervalMs = options.intervalMs
    void this.#beat()
  }

  /** Closes its connection; nothing is written afterwards. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#connection?.close()
  }

  async #beat(): Promise<void> {
    await this.#raise()
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#beat(), this.#intervalMs)
  }

  async #raise(): Promise<void> {
    if (!this.#connection?.isOpen()) {
      const opened = await this.#open()
      if (!opened.ok) return
      this.#connection = opened.connection
    }
    if (this.#isStopped) return this.#connection.close()
    const raised = await raiseSeq(this.#connection, this.#epoch)
    // A server's refusal (fenced, another epoch) is an answer; without one the next beat needs a new connection.
    if (!raised.ok && (raised.reason === 'Timeout' || raised.reason === 'Closed')) this.#connection.close()
  }
}

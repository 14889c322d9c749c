import { type Clock, wait } from '../../src/kube/clock.ts'
import { OperatorError } from '../../src/kube/errors.ts'
import type { LeaseClient } from '../../src/kube/lease-client.ts'
import type { Lease } from '../../src/kube/types.ts'
import type { WatchEvent } from '../../src/kube/watch.ts'

/** A lease client whose methods and faults a test may change. */
export type FakeLeaseClient = { -readonly [Method in keyof LeaseClient]: LeaseClient[Method] } & {
  fault: 'none' | 'down' | 'hangs' | 'noWatch' | 'mute'
}

/** One Lease in memory with compare-and-swap, watches and faults. */
export class FakeLeaseServer {
  lease: Lease | undefined
  /** Every write that was accepted, as the holder it named. */
  readonly writes: string[] = []
  readonly #watchers = new Set<(event: WatchEvent<Lease>) => void>()
  readonly #clock: Clock
  #version = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A client with its own faults: `down` refuses, `hangs` lets every request run into its timeout, `noWatch` refuses watches, `mute` sends no events. */
  client(): FakeLeaseClient {
    const server = this
    const client: FakeLeaseClient = {
      fault: 'none',
      async get(_, __, { timeoutMs } = {}) {
        await server.#faultOf(client.fault, timeoutMs)
        if (!server.lease) throw new OperatorError('NotFound', 'no lease')
        return server.lease
      },
      async create(_, object, { timeoutMs }) {
        await server.#faultOf(client.fault, timeoutMs)
        if (server.lease) throw new OperatorError('AlreadyExists', 'there is one')
        return server.write(object.spec)
      },
      async patch(_, __, { body, timeoutMs }) {
        await server.#faultOf(client.fault, timeoutMs)
        const { metadata, spec } = body as Readonly<{ metadata: Lease['metadata']; spec: Lease['spec'] }>
        if (!server.lease) throw new OperatorError('NotFound', 'no lease')
        const isCurrent = metadata.resourceVersion === server.lease.metadata.resourceVersion
        if (!isCurrent) throw new OperatorError('Conflict', 'changed meanwhile')
        return server.write({ ...server.lease.spec, ...spec })
      },
      async *watch(_, { signal }) {
        await server.#faultOf(client.fault, undefined)
        if (client.fault === 'noWatch') throw new OperatorError('Unavailable', 'no watch')
        yield* server.#follow(signal, () => client.fault === 'mute')
      },
    }
    return client
  }

  write(spec: Lease['spec']): Lease {
    const metadata = { name: 'lead', namespace: 'system', uid: 'lease-1', resourceVersion: `${++this.#version}` }
    this.lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, ...(spec && { spec }) }
    this.writes.push(spec?.holderIdentity ?? '')
    for (const watcher of this.#watchers) watcher({ kind: 'modified', object: this.lease })
    return this.lease
  }

  delete(): void {
    const object = this.lease
    this.lease = undefined
    for (const watcher of this.#watchers) if (object) watcher({ kind: 'deleted', object })
  }

  async *#follow(signal: AbortSignal, isMute: () => boolean): AsyncGenerator<WatchEvent<Lease>> {
    const events: WatchEvent<Lease>[] = []
    let wake: () => void = () => undefined
    const watcher = (event: WatchEvent<Lease>): void => {
      if (!isMute()) events.push(event)
      wake()
    }
    const onAbort = (): void => wake()
    signal.addEventListener('abort', onAbort)
    this.#watchers.add(watcher)
    try {
      while (!signal.aborted) {
        const event = events.shift()
        if (event) yield event
        else {
          const { promise, resolve } = Promise.withResolvers<void>()
          wake = resolve
          await promise
        }
      }
    } finally {
      this.#watchers.delete(watcher)
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #faultOf(fault: FakeLeaseClient['fault'], timeoutMs = 60_000): Promise<void> {
    if (fault === 'down') throw new OperatorError('ConnectionLost', 'connection refused')
    if (fault !== 'hangs') return
    await wait(this.#clock, timeoutMs)
    throw new OperatorError('Timeout', 'no answer')
  }
}

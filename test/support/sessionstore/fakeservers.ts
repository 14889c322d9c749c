import type { Connection } from '../../../src/redis/connection.ts'
import { probeServer } from '../../../src/redis/probe.ts'
import type { ProbeFacts } from '../../../src/redis/types.ts'
import { podHostAbsolute } from '../../../src/resources/names.ts'
import type { DataPlane } from '../../../src/sessionstore/dataplane.ts'
import { StoreMemory } from '../../../src/sessionstore/memory.ts'
import type { Snapshot } from '../../../src/sessionstore/observe.ts'
import type { WriteProbe } from '../../../src/sessionstore/plan/conditions/inputs.ts'
import type { TopologyPlan } from '../../../src/sessionstore/plan/topology.ts'
import type { Runtime, RuntimeOptions, WatchInputs } from '../../../src/sessionstore/runtime.ts'
import { FakeServer } from './fakeserver.ts'

/** The servers of the pods of all stores: one for each pod UID, alive for as long as the pod. */
export class FakeServers {
  readonly #byUID = new Map<string, FakeServer>()
  /** By pod name: the record that lies on its volume. */
  readonly disks = new Map<string, Readonly<Record<string, string>>>()

  /** The server of a pod, started when the pod is new. */
  ensure(uid: string, name: string, host: string): FakeServer {
    const known = this.#byUID.get(uid)
    if (known) return known
    const server = new FakeServer(name, host, (wanted) => this.#find(wanted))
    server.record = this.disks.get(name)
    this.#byUID.set(uid, server)
    return server
  }

  end(uid: string): void {
    const server = this.#byUID.get(uid)
    if (server) server.isDown = true
    this.#byUID.delete(uid)
  }

  /** All pods are gone at once. */
  endAll(): void {
    for (const uid of this.#byUID.keys()) this.end(uid)
  }

  all(): readonly FakeServer[] {
    return [...this.#byUID.values()]
  }

  get(name: string): FakeServer {
    const server = this.all().find((each) => each.name === name)
    if (!server) throw new Error(`Cannot find server "${name}": the pods are ${this.all().map((each) => each.name)}`)
    return server
  }

  #find(host: string): FakeServer | undefined {
    return this.all().find((server) => server.host === host)
  }
}

type Watched = Readonly<{ uid: string; server: FakeServer; connection: Connection }>

/** The living part of a store over fake servers; what it remembers dies with it, as with a process. */
export class FakeRuntime implements Runtime {
  readonly memory: StoreMemory
  readonly dataPlane: DataPlane
  readonly #options: RuntimeOptions
  readonly #servers: FakeServers
  readonly #members = new Map<string, Watched>()
  readonly #facts = new Map<string, ProbeFacts>()
  readonly #prepared = new Map<string, Readonly<{ runId: string; preparedHash: string }>>()
  write: WriteProbe = { kind: 'unknown' }
  isStopped = false

  constructor(servers: FakeServers, options: RuntimeOptions) {
    this.#options = options
    this.#servers = servers
    this.memory = new StoreMemory(options.steadyMs(), options.nowMs())
    this.dataPlane = {
      facts: (member) => this.#facts.get(member) ?? { kind: 'unknown' },
      lastHeardMs: () => 0,
      degradedSinceMs: undefined,
      connection: (member) => this.#alive(member)?.connection,
      notePrepared: (member, { runId, hash }) => {
        this.#prepared.set(member, { runId, preparedHash: hash })
      },
      noteParting: () => undefined,
      sendAwayFromAllBut: () => undefined,
      reconnect: () => this.#refresh(),
      refresh: () => this.#refresh(),
    }
  }

  watch({ identity, credentials, pods, clusterDomain }: WatchInputs): void {
    if (!credentials.logins.operator) return
    const names = new Set(pods.map((pod) => pod.metadata.name))
    for (const name of this.#members.keys()) if (!names.has(name)) this.#forget(name)
    for (const { metadata } of pods) {
      const { name, uid = '' } = metadata
      if (this.#members.get(name)?.uid === uid) continue
      this.#forget(name)
      const server = this.#servers.ensure(uid, name, podHostAbsolute(identity, name, clusterDomain))
      this.#members.set(name, { uid, server, connection: server.connection(this.#all()) })
    }
  }

  follow(snapshot: Snapshot, plan: TopologyPlan): void {
    const primary = snapshot.facts.members.find((member) => member.name === plan.primary)
    const write: WriteProbe = primary?.pod?.role === 'primary' ? { kind: 'succeeded' } : { kind: 'unknown' }
    if (write.kind === this.write.kind) return
    this.write = write
    // As the real probe, the answer comes later.
    setImmediate(() => this.#options.wake())
  }

  /** A change that the real monitor would have seen. */
  wake(): void {
    void this.#refresh().then(() => this.#options.wake())
  }

  stop(): void {
    this.isStopped = true
  }

  #all(): Iterable<FakeServer> {
    const servers = this.#servers
    return { [Symbol.iterator]: () => servers.all()[Symbol.iterator]() }
  }

  #alive(name: string): Watched | undefined {
    const member = this.#members.get(name)
    return member && !member.server.isDown ? member : undefined
  }

  #forget(name: string): void {
    this.#members.delete(name)
    this.#facts.delete(name)
    this.#prepared.delete(name)
  }

  async #refresh(): Promise<void> {
    await Promise.all([...this.#members].map(([name, member]) => this.#look(name, member)))
  }

  async #look(name: string, { server, connection }: Watched): Promise<void> {
    const nowMs = this.#options.nowMs
    if (server.isDown) {
      const before = this.#facts.get(name)
      const sinceMs = before?.kind === 'unreachable' ? before.sinceMs : nowMs()
      this.#facts.set(name, { kind: 'unreachable', reason: 'Refused', sinceMs, isRefusalConfirmed: true })
      return
    }
    server.sync()
    const previous = this.#prepared.get(name)
    const probed = await probeServer(connection, { nowMs, ...(previous && { previous }) })
    if (probed.ok) this.#facts.set(name, probed.facts)
  }
}

import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import type { Pod } from '../kube/types.ts'
import type { TrustedPeer } from '../redis/connection.ts'
import { StoreMonitor } from '../redis/monitor.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { PORT, podHost, serviceHost } from '../resources/names.ts'
import { CapacityWatch, capacityTarget } from './capacity.ts'
import type { Served } from './certificates.ts'
import type { Credentials } from './credentials.ts'
import type { DataPlane } from './dataplane.ts'
import { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import type { WriteProbe } from './plan/conditions/inputs.ts'
import { isReached } from './plan/facts.ts'
import type { TopologyPlan } from './plan/topology.ts'
import { Stragglers } from './stragglers.ts'
import { WriteProber } from './writeprober.ts'

/** What is watched of one store's servers. */
export type WatchInputs = Readonly<{
  identity: StoreIdentity
  spec: EffectiveSpec
  credentials: Credentials
  pods: readonly Pod[]
  clusterDomain: string
}>

/** What a reconcile needs of the living part of a store. */
export type Runtime = Pick<StoreRuntime, 'memory' | 'dataPlane' | 'write' | 'watch' | 'follow' | 'stop'>

export type RuntimeOptions = Readonly<{
  /** The time of day. */
  nowMs: () => number
  /** A clock that nobody sets. */
  steadyMs: () => number
  /** Asks for a reconcile of the store. */
  wake: () => void
}>

/** The living part of one store in this process: held connections, the write prober, and what is remembered. */
export class StoreRuntime {
  readonly memory: StoreMemory
  readonly dataPlane: DataPlane
  readonly #monitor: StoreMonitor
  readonly #prober: WriteProber
  readonly #stragglers: Stragglers
  readonly #capacity: CapacityWatch
  #members: readonly string[] = []
  #isTaken = false
  #hasFollowed = false

  constructor(options: RuntimeOptions) {
    this.memory = new StoreMemory(options.steadyMs(), options.nowMs())
    const monitor = new StoreMonitor({ nowMs: options.steadyMs })
    this.#monitor = monitor
    monitor.onChange(options.wake)
    this.#prober = new WriteProber(options.wake)
    const servers = {
      facts: (member: string) => monitor.facts(member),
      connection: (member: string) => monitor.connection(member),
    }
    this.#capacity = new CapacityWatch({
      ...options,
      facts: servers.facts,
      write: () => this.write,
      memory: this.memory.capacity,
    })
    this.#stragglers = new Stragglers({ ...servers, members: () => this.#members })
    this.dataPlane = {
      ...servers,
      lastHeardMs: (member) => monitor.lastHeardMs(member),
      get degradedSinceMs() {
        return monitor.degradedSinceMs
      },
      notePrepared: (member, { runId, hash }) => monitor.recordPrepared(member, runId, hash),
      noteParting: (member) => monitor.noteParting(member),
      sendAwayFromAllBut: (primary) => this.#stragglers.follow(primary),
      reconnect: (member) => monitor.reconnect(member),
      refresh: (signal) => monitor.refresh(signal),
    }
  }

  get write(): WriteProbe {
    return this.#prober.result
  }

  /** Points the probes at the pods that there are; nothing is watched before the operator's own login exists. */
  watch(inputs: WatchInputs): void {
    const { identity, spec, credentials, pods, clusterDomain } = inputs
    const login = credentials.logins.operator
    const needsTls = spec.tlsMode === 'Required'
    if (!login || (needsTls && !credentials.served)) return
    const members = pods.map(({ metadata, status }) => ({
      name: metadata.name,
      podUID: metadata.uid ?? '',
      ...(status?.podIP && { ip: status.podIP }),
      host: podHost(identity, metadata.name, clusterDomain),
    }))
    this.#members = members.map(({ name }) => name)
    this.#monitor.setTarget({
      members,
      maxLagSeconds: Math.floor(spec.durability.maxLagMs / 1000),
      port: PORT,
      ...(credentials.served && needsTls && { tls: peerOf(credentials.served) }),
      username: 'operator',
      passwords: login.passwords,
    })
    // A Lease is no fence: a stale leader's connections die before this one's first act.
    if (!this.#isTaken) void this.#monitor.takeOver()
    this.#isTaken = true
  }

  /** Follows a decided primary: heartbeat of the record, and the write through the Service. */
  follow(snapshot: Snapshot, plan: TopologyPlan): void {
    const { identity, spec, credentials, facts } = snapshot
    const primary = facts.members.filter(isReached).find((member) => member.name === plan.primary)
    const epoch = primary?.probe.record?.epoch
    // While an intent is recorded nobody's epoch is settled.
    this.#monitor.setPrimary(facts.intent ? undefined : primary?.name, epoch)
    const login = credentials.logins.operator
    const isServed = primary?.pod?.role === 'primary' && epoch !== undefined
    if (!primary || !login || !isServed) {
      this.#prober.setTarget(undefined)
      this.#capacity.follow(undefined)
      return
    }
    // The process that moved the label may have ended before every node had learned of it.
    if (!this.#hasFollowed) this.#stragglers.follow(primary.name)
    this.#hasFollowed = true
    this.#capacity.follow(capacityTarget(snapshot, primary.name))
    const host = serviceHost(identity, 'primary')
    const served = spec.tlsMode === 'Required' ? credentials.served : undefined
    this.#prober.setTarget({
      host,
      port: PORT,
      ...(served && { tls: { ...peerOf(served), servername: host } }),
      username: 'operator',
      passwords: login.passwords,
      primary: { name: primary.name, runId: primary.probe.runId, epoch },
    })
  }

  stop(): void {
    this.#prober.stop()
    this.#capacity.stop()
    this.#stragglers.stop()
    this.#monitor.stop()
  }
}

function peerOf({ bundlePem, client }: Served): TrustedPeer {
  return { ca: bundlePem, ...(client && { client: client.pair }) }
}

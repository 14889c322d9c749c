import type { MonitorAccess } from './access.ts'
import type { Connection } from './connection.ts'
import { Heartbeat } from './heartbeat.ts'
import { inSyncReplicas, isHearing, materialOf } from './material.ts'
import { MemberMonitor, type MonitorMember, type MonitorTimes } from './member.ts'
import { withoutTrailingDot } from './parse.ts'
import type { Done } from './replication.ts'
import type { ProbeFacts } from './types.ts'

/** The members of a store and how to reach them. */
export type MonitorTarget = MonitorAccess &
  Readonly<{
    members: readonly MonitorMember[]
    /** `min-replicas-max-lag`: replicas that lag more do not count for the write gate. */
    maxLagSeconds: number
  }>

/** How a monitor works; all has a default. */
export type MonitorOptions = Partial<MonitorTimes> &
  Readonly<{
    /** Local clock, in ms of a clock that nobody sets. */
    nowMs?: () => number
    /** Shown in CLIENT LIST. */
    clientName?: string
  }>

/** Once a second, with a deadline of a second for the answer and as much for a fresh connection. */
const DEFAULT_TIMES: MonitorTimes = { intervalMs: 1000, probeTimeoutMs: 1000, connectTimeoutMs: 1000 }

/**
 * Watches the servers of one store, on its own: no API server is in its way. It lives as long as the store is ours; all
 * that is learned of a member is kept for as long as its pod lives.
 */
export class StoreMonitor {
  readonly #times: MonitorTimes
  readonly #nowMs: () => number
  readonly #clientName: string
  readonly #observesSinceMs: number
  readonly #members = new Map<string, MemberMonitor>()
  readonly #heardMs = new Map<string, number>()
  readonly #callbacks = new Set<() => void>()
  #maxLagSeconds = 2
  #hasTakenOver = false
  #primary: Readonly<{ name: string; epoch: number; podUID: string | undefined; heartbeat?: Heartbeat }> | undefined
  #degradedSinceMs: number | undefined
  #material = ''
  #isStopped = false

  constructor(options: MonitorOptions = {}) {
    this.#times = {
      intervalMs: options.intervalMs ?? DEFAULT_TIMES.intervalMs,
      probeTimeoutMs: options.probeTimeoutMs ?? DEFAULT_TIMES.probeTimeoutMs,
      connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_TIMES.connectTimeoutMs,
    }
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#clientName = options.clientName ?? 'sessionstore-operator'
    this.#observesSinceMs = this.#nowMs()
  }

  /** Sets whom to watch. A pod with another UID is another member: nothing known of the old one is carried over. */
  setTarget(target: MonitorTarget): void {
    if (this.#isStopped) return
    const { members, maxLagSeconds, ...access } = target
    this.#maxLagSeconds = maxLagSeconds
    const wanted = new Map(members.map((member) => [member.name, member] as const))
    for (const [name, monitor] of this.#members) {
      if (wanted.get(name)?.podUID === monitor.member.podUID) continue
      monitor.stop()
      this.#members.delete(name)
    }
    const setup = {
      times: this.#times,
      nowMs: this.#nowMs,
      clientName: this.#clientName,
      looked: () => this.#looked(),
    }
    for (const [name, member] of wanted) {
      const known = this.#members.get(name)
      if (known) known.update(member, access)
      else this.#members.set(name, new MemberMonitor(member, access, setup, { takeOver: this.#hasTakenOver }))
    }
    if (this.#primary) this.setPrimary(this.#primary.name, this.#primary.epoch)
    this.#looked()
  }

  /** What a member said last; `unknown` until the first look at it has ended. */
  facts(name: string): ProbeFacts {
    return this.#members.get(name)?.facts ?? { kind: 'unknown' }
  }

  /** The connection held to a member, for commands; undefined while it is not reached. Nobody but the monitor closes it. */
  connection(name: string): Connection | undefined {
    return this.#members.get(name)?.connection
  }

  /** Whether a member took the current password: the previous one may go only when all did. */
  isLoggedInWithCurrent(name: string): boolean {
    return this.#members.get(name)?.isLoggedInWithCurrent ?? false
  }

  /** Remembers for the run id what prepare() asserted. */
  recordPrepared(name: string, runId: string, hash: string): void {
    this.#members.get(name)?.recordPrepared(runId, hash)
  }

  /** The upstream that a member had, and heard, when it was last looked at was heard by it until now. */
  noteParting(name: string): void {
    const facts = this.facts(name)
    const upstream = isHearing(facts) && facts.kind === 'reached' ? this.#nameOf(facts.upstream?.host) : undefined
    if (upstream) this.#heardMs.set(upstream, this.#nowMs())
  }

  /** Looks at all members at once, now; resolves when each look has ended, or the signal fires. */
  async refresh(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return
    const looks = Promise.all([...this.#members.values()].map((member) => member.refresh()))
    if (!signal) return void (await looks)
    const { promise, resolve } = Promise.withResolvers<void>()
    const end = () => resolve()
    signal.addEventListener('abort', end, { once: true })
    await Promise.race([looks, promise])
    signal.removeEventListener('abort', end)
  }

  /** Holds a new connection to a member, as after a reload of its certificate. */
  async reconnect(name: string): Promise<void> {
    await this.#members.get(name)?.reconnect()
  }

  /**
   * Local time at which a reached member was last seen hearing the named one (its replica, link up, a byte within 2 s);
   * the time since which this process observes when that never was.
   */
  lastHeardMs(name: string): number {
    return this.#heardMs.get(name) ?? this.#observesSinceMs
  }

  /** Since when the primary has had fewer in-sync replicas than the record's w; undefined: it has enough. */
  get degradedSinceMs(): number | undefined {
    return this.#degradedSinceMs
  }

  /** Calls back after a change that a reconcile has to know (see materialOf); gives a function that ends this. */
  onChange(callback: () => void): () => void {
    this.#callbacks.add(callback)
    return () => this.#callbacks.delete(callback)
  }

  /** Names the primary of an epoch, on which `seq` is raised from now on; undefined: on nobody. */
  setPrimary(name: string | undefined, epoch = 0): void {
    const member = name === undefined ? undefined : this.#members.get(name)
    const podUID = member?.member.podUID
    const { name: oldName, epoch: oldEpoch, podUID: oldPodUID } = this.#primary ?? {}
    if (name === oldName && (name === undefined || epoch === oldEpoch) && podUID === oldPodUID) return
    this.#primary?.heartbeat?.stop()
    this.#degradedSinceMs = undefined
    if (name === undefined || this.#isStopped) this.#primary = undefined
    else if (!member) this.#primary = { name, epoch, podUID }
    else {
      const heartbeat = new Heartbeat(() => member.open(), { epoch, intervalMs: this.#times.intervalMs })
      this.#primary = { name, epoch, podUID, heartbeat }
    }
    this.#looked()
  }

  /**
   * A new leader's first act: cuts every other connection of the operator's user on every member, so that a stale
   * leader's next command dies. A member that is not reached now is cut before anything else once it is.
   */
  async takeOver(): Promise<ReadonlyMap<string, Done>> {
    this.#hasTakenOver = true
    const members = [...this.#members]
    const results = await Promise.all(members.map(([, member]) => member.takeOver()))
    return new Map(
      members.map(([name], index) => [name, results[index] ?? { ok: false, reason: 'Closed', message: '' }]),
    )
  }

  /** Closes all connections and ends all timers; no callback comes afterwards. */
  stop(): void {
    this.#isStopped = true
    this.#callbacks.clear()
    this.#primary?.heartbeat?.stop()
    for (const member of this.#members.values()) member.stop()
  }

  #looked(): void {
    if (this.#isStopped) return
    for (const { facts } of this.#members.values()) {
      const upstream = isHearing(facts) ? this.#nameOf(facts.upstream?.host) : undefined
      if (upstream && facts.kind === 'reached') {
        this.#heardMs.set(upstream, Math.max(this.#heardMs.get(upstream) ?? 0, facts.observedAtMs))
      }
    }
    this.#degradedSinceMs = this.#isDegraded() ? (this.#degradedSinceMs ?? this.#nowMs()) : undefined
    const material = [...this.#members].map(([name, member]) => `${name} ${materialOf(member.facts)}`).sort()
    const text = [...material, `degraded ${this.#degradedSinceMs !== undefined}`].join('\n')
    if (text === this.#material) return
    this.#material = text
    for (const callback of this.#callbacks) callback()
  }

  #isDegraded(): boolean {
    const facts = this.#primary ? this.facts(this.#primary.name) : undefined
    if (facts?.kind !== 'reached' || facts.role !== 'master') return false
    return inSyncReplicas(facts, this.#maxLagSeconds).length < (facts.record?.w ?? 0)
  }

  /** A replica may follow a pod's name or, in a failover, its IP. */
  #nameOf(host: string | undefined): string | undefined {
    if (host === undefined) return undefined
    const bare = withoutTrailingDot(host)
    for (const [name, { member }] of this.#members) {
      if (withoutTrailingDot(member.host) === bare || member.ip === bare) return name
    }
    return undefined
  }
}

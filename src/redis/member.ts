import { loginOf, type MonitorAccess } from './access.ts'
import { type Connection, type Opened, openConnection } from './connection.ts'
import { type ProbeResult, probeServer } from './probe.ts'
import { cutUser, type Done } from './replication.ts'
import { NO_SUSPICION, nextLookMs, type Suspicion, suspect, suspectClosed, suspectFailed } from './suspicion.ts'
import type { ProbeFacts, ServerFacts, UnreachableReason } from './types.ts'

/** A member of a store as the API server knows it. */
export type MonitorMember = Readonly<{
  /** Pod name. */
  name: string
  podUID: string
  /** Absent: the pod has no address yet. */
  ip?: string
  /** The name in the served certificate, also the name others replicate from. */
  host: string
}>

/** How often and how long, in ms. */
export type MonitorTimes = Readonly<{ intervalMs: number; probeTimeoutMs: number; connectTimeoutMs: number }>

type Setup = Readonly<{
  times: MonitorTimes
  nowMs: () => number
  clientName: string
  /** Called after each finished look. */
  looked: () => void
}>

/** Watches one member on a connection it holds; lives as long as the pod. */
export class MemberMonitor {
  #member: MonitorMember
  #access: MonitorAccess
  readonly #setup: Setup
  #facts: ProbeFacts = { kind: 'unknown' }
  #held: Connection | undefined
  /** The held connection owes an answer: nothing more is sent on it, but its close by the peer is still a sign. */
  #isStuck = false
  #mustTakeOver: boolean
  /** Rises with each change of the credentials; the held connection was opened with those of #heldLogin. */
  #login = 0
  #heldLogin = 0
  #prepared: Readonly<{ runId: string; preparedHash: string }> | undefined
  #lastKnown: Readonly<{ runId: string; role: 'master' | 'replica' }> | undefined
  #suspicion: Suspicion = NO_SUSPICION
  #timer: NodeJS.Timeout | undefined
  #look: Promise<void> | undefined
  #isDue = false
  readonly #stopped = new AbortController()

  constructor(member: MonitorMember, access: MonitorAccess, setup: Setup, options: Readonly<{ takeOver: boolean }>) {
    this.#member = member
    this.#access = access
    this.#setup = setup
    this.#mustTakeOver = options.takeOver
    this.#lookIn(0)
  }

  /** What the member said last. */
  get facts(): ProbeFacts {
    return this.#facts
  }

  get member(): MonitorMember {
    return this.#member
  }

  /** The held connection, when it is open and not waiting for an overdue answer. */
  get connection(): Connection | undefined {
    return this.#held?.isOpen() && !this.#isStuck ? this.#held : undefined
  }

  /** Whether the member took the current password since it was set. */
  get isLoggedInWithCurrent(): boolean {
    return this.connection?.passwordIndex === 0 && this.#heldLogin === this.#login
  }

  /** Takes a new address (of the same pod) or new credentials; a held connection is kept until a new one works. */
  update(member: MonitorMember, access: MonitorAccess): void {
    const isMoved = member.ip !== this.#member.ip || access.port !== this.#access.port
    const isOtherLogin = loginOf(access) !== loginOf(this.#access)
    this.#member = member
    this.#access = access
    if (isOtherLogin) this.#login += 1
    if (isMoved) {
      this.#drop()
      // Refusals by another address say nothing about this one.
      this.#suspicion = suspect(NO_SUSPICION, this.#suspicion.sinceMs ?? this.#setup.nowMs())
    }
    if (isMoved || isOtherLogin) this.#lookIn(0)
  }

  /** Remembers what prepare() asserted; it holds while the run id stays. */
  recordPrepared(runId: string, hash: string): void {
    this.#prepared = { runId, preparedHash: hash }
    if (this.#held && this.#held.passwordIndex > 0) {
      // The member may have been given the new password just now.
      this.#login += 1
      this.#lookIn(0)
    }
    if (this.#facts.kind !== 'reached' || this.#facts.runId !== runId) return
    this.#facts = { ...this.#facts, preparedHash: hash }
    this.#setup.looked()
  }

  /** Looks now; resolves when a look that began after the call has ended. */
  async refresh(): Promise<void> {
    await this.#look
    if (!this.#stopped.signal.aborted) await this.#run()
  }

  /** Replaces the held connection by one that sees what is served now; it is kept when that fails. */
  reconnect(): Promise<void> {
    this.#login += 1
    return this.refresh()
  }

  /** Cuts every other connection of the operator's user: now, or as soon as the member is reached. */
  async takeOver(): Promise<Done> {
    this.#mustTakeOver = true
    const { connection } = this
    if (!connection) return { ok: false, reason: 'Unreachable', message: 'it is done as soon as the member answers' }
    return this.#cutOthers(connection)
  }

  /** Opens one more connection to the member, e.g. for the heartbeat. */
  open(): Promise<Opened> {
    const { ip, host } = this.#member
    const { port, tls, username, passwords } = this.#access
    const { connectTimeoutMs, probeTimeoutMs } = this.#setup.times
    if (!ip) return Promise.resolve({ ok: false, reason: 'NoAddress', message: 'the pod has no address' })
    return openConnection({
      address: { host: ip, port },
      ...(tls ? { tls: { ...tls, servername: host } } : {}),
      username,
      passwords,
      connectTimeoutMs,
      commandTimeoutMs: Math.max(probeTimeoutMs, 1000),
      clientName: this.#setup.clientName,
      signal: this.#stopped.signal,
    })
  }

  /** Closes everything; no callback comes afterwards. */
  stop(): void {
    this.#stopped.abort()
    clearTimeout(this.#timer)
    this.#drop()
  }

  #lookIn(delayMs: number): void {
    if (this.#stopped.signal.aborted) return
    clearTimeout(this.#timer)
    if (this.#look) {
      // The running look may be from before the event: another follows it.
      this.#isDue ||= delayMs === 0
      return
    }
    this.#timer = setTimeout(() => void this.#run(), delayMs)
  }

  #run(): Promise<void> {
    // Two callers of refresh() that awaited the same look share the next one.
    this.#look ??= this.#lookOnce().finally(() => {
      this.#look = undefined
      if (this.#stopped.signal.aborted) return
      this.#setup.looked()
      const isAtOnce = this.#isDue && this.#suspicion.failures === 0
      this.#isDue = false
      this.#lookIn(isAtOnce ? 0 : nextLookMs(this.#suspicion, this.#setup.times.intervalMs))
    })
    clearTimeout(this.#timer)
    return this.#look
  }

  async #lookOnce(): Promise<void> {
    const [startedMs, connection] = [this.#setup.nowMs(), this.connection]
    if (connection) {
      const result = await this.#probe(connection)
      if (this.#stopped.signal.aborted || this.#held !== connection) return
      if (result.ok) this.#reached(result.facts)
      else {
        this.#isStuck = true
        this.#suspicion = suspect(this.#suspicion, startedMs)
      }
      if (result.ok && this.#heldLogin === this.#login) return
    }
    await this.#lookAfresh(startedMs)
  }

  /** On a connection of its own, so that neither a hung nor a cut one is taken for a hung or dead server. */
  async #lookAfresh(startedMs: number): Promise<void> {
    const [ip, login] = [this.#member.ip, this.#login]
    const opened = await this.open()
    if (!opened.ok) return ip === this.#member.ip ? this.#failed(opened.reason, startedMs) : undefined
    const { connection } = opened
    const cut: Done = this.#mustTakeOver ? await this.#cutOthers(connection) : { ok: true }
    const result = await this.#probe(connection)
    if (this.#stopped.signal.aborted || ip !== this.#member.ip) return connection.close()
    if (!cut.ok || !result.ok) {
      connection.close()
      return this.#failed(result.ok ? 'Unknown' : result.reason, startedMs)
    }
    this.#hold(connection, login)
    this.#reached(result.facts)
  }

  #probe(connection: Connection): Promise<ProbeResult> {
    return probeServer(connection, {
      nowMs: this.#setup.nowMs,
      timeoutMs: this.#setup.times.probeTimeoutMs,
      ...(this.#prepared ? { previous: this.#prepared } : {}),
    })
  }

  #hold(connection: Connection, login: number): void {
    this.#drop()
    this.#held = connection
    this.#heldLogin = login
    connection.onClose((by) => {
      if (by !== 'peer' || this.#held !== connection) return
      this.#suspicion = suspectClosed(this.#suspicion, this.#setup.nowMs())
      this.#lookIn(0)
    })
  }

  #drop(): void {
    const held = this.#held
    this.#held = undefined
    this.#isStuck = false
    held?.close()
  }

  #reached(facts: ServerFacts): void {
    this.#facts = facts
    this.#lastKnown = { runId: facts.runId, role: facts.role }
    this.#suspicion = NO_SUSPICION
  }

  #failed(reason: UnreachableReason, startedMs: number): void {
    // While the held connection answers, a failure of another one (a log-in with a new password) is no sign.
    if (this.#stopped.signal.aborted || this.connection) return
    this.#suspicion = suspectFailed(this.#suspicion, reason, { startedMs, monotonicMs: performance.now() })
    this.#facts = {
      kind: 'unreachable',
      reason,
      sinceMs: this.#suspicion.sinceMs ?? startedMs,
      isRefusalConfirmed: this.#suspicion.isRefusalConfirmed,
      ...(this.#lastKnown ? { lastKnown: this.#lastKnown } : {}),
    }
  }

  async #cutOthers(connection: Connection): Promise<Done> {
    const cut = await cutUser(connection, this.#access.username)
    if (cut.ok) this.#mustTakeOver = false
    return cut
  }
}

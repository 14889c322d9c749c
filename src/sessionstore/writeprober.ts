import type { TrustedPeer } from '../redis/connection.ts'
import { probeService } from '../redis/serviceprobe.ts'
import type { WriteProbe } from './plan/conditions/inputs.ts'

/** How often a write through the Service is tried on a fresh connection. */
const EVERY_MS = 10_000
/** After a failure, or while none succeeded yet. */
const AGAIN_MS = 1000
const TIMEOUT_MS = 2000

/** Where the Service is and who must answer there. */
export type WriteTarget = Readonly<{
  host: string
  port: number
  tls?: TrustedPeer & Readonly<{ servername: string }>
  username: string
  passwords: readonly string[]
  /** Pod and run of the primary that the Service must lead to; another answer is a failure. */
  primary: Readonly<{ name: string; runId: string; epoch: number }>
}>

/** Tries a write through the primary Service, as an application would: every 10 s, and at once after a change of the primary. */
export class WriteProber {
  readonly #onChange: () => void
  #target: WriteTarget | undefined
  #key = ''
  #result: WriteProbe = { kind: 'unknown' }
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get result(): WriteProbe {
    return this.#result
  }

  /** undefined: there is no primary, so nothing can be written. */
  setTarget(target: WriteTarget | undefined): void {
    this.#target = target
    const key = target ? JSON.stringify([target.host, target.primary]) : ''
    if (key === this.#key) return
    this.#key = key
    this.#result = { kind: 'unknown' }
    clearTimeout(this.#timer)
    if (target && !this.#isStopped) this.#timer = setTimeout(() => void this.#run(key), 0)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  async #run(key: string): Promise<void> {
    const target = this.#target
    if (!target || this.#isStopped) return
    const result = await tryWrite(target).catch(toFailed)
    if (this.#isStopped || key !== this.#key) return
    const isChanged = JSON.stringify(result) !== JSON.stringify(this.#result)
    this.#result = result
    if (isChanged) this.#onChange()
    this.#timer = setTimeout(() => void this.#run(key), result.kind === 'succeeded' ? EVERY_MS : AGAIN_MS)
  }
}

/** Whatever was thrown, the next try has to follow. */
function toFailed(error: unknown): WriteProbe {
  return { kind: 'failed', message: error instanceof Error ? error.message : String(error) }
}

async function tryWrite(target: WriteTarget): Promise<WriteProbe> {
  const { host, port, tls, username, passwords, primary } = target
  const times = { connectTimeoutMs: TIMEOUT_MS, commandTimeoutMs: TIMEOUT_MS }
  const clientName = 'sessionstore-operator-write'
  const probed = await probeService({
    address: { host, port },
    ...(tls && { tls }),
    username,
    passwords,
    ...times,
    clientName,
  })
  if (!probed.ok) {
    const kind = probed.reason === 'NoAddress' ? 'unreachable' : 'failed'
    return { kind, message: `${probed.reason}: ${probed.message}` }
  }
  if (probed.runId === primary.runId) return { kind: 'succeeded' }
  return { kind: 'failed', message: `the Service leads to another server than ${primary.name}` }
}

import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { Redis } from 'ioredis'
import { withDeadline } from './deadline.ts'
import type { Reply } from './parse.ts'
import { withoutTrailingDot } from './parse.ts'
import type { UnreachableReason } from './types.ts'

/** How a command ended. `code` is the first word of the server's error: MASTERDOWN, NOREPLICAS, READONLY, … */
export type CallResult =
  | Readonly<{ ok: true; value: Reply }>
  | Readonly<{ ok: false; reason: 'Closed' | 'Timeout' | 'ServerError'; code: string; message: string }>

/** A logged-in connection to one server. It never reconnects: who holds it decides what a close means. */
export type Connection = Readonly<{
  /** Sends one command. After a timeout it is unknown whether the server ran it. */
  call: (command: readonly string[], options?: Readonly<{ timeoutMs?: number }>) => Promise<CallResult>
  /** Sends commands in one go and gives their results in order; no other command of this connection comes between. */
  callAll: (
    commands: readonly (readonly string[])[],
    options?: Readonly<{ timeoutMs?: number }>,
  ) => Promise<readonly CallResult[]>
  isOpen: () => boolean
  /** Calls back once, when the connection has ended; at once when it already has. */
  onClose: (callback: (by: 'peer' | 'us') => void) => void
  close: () => void
  /** Which of the offered passwords the server took: 0 is the current one. */
  passwordIndex: number
  /** SHA-256 of the certificate the server presented, in the form of node:tls' `fingerprint256`; absent: plain TCP. */
  servedFingerprint?: string
}>

/** Whom a connection trusts, and what it shows of itself. PEM. */
export type TrustedPeer = Readonly<{
  ca: string
  /** Presented when the server asks for a certificate. */
  client?: Readonly<{ certificatePem: string; keyPem: string }>
}>

/** How to reach a server and log in. */
export type ConnectionOptions = Readonly<{
  /** The pod's IP, or the name of a Service. */
  address: Readonly<{ host: string; port: number }>
  /** The store's CA (PEM, may hold several) and the name the served certificate must carry. Absent: plain TCP. */
  tls?: TrustedPeer & Readonly<{ servername: string }>
  username: string
  /** The current password, then the previous one while a rotation is under way. */
  passwords: readonly string[]
  /** For TCP, TLS and log-in together, in ms. */
  connectTimeoutMs: number
  /** Longest wait for the reply of one command, in ms. */
  commandTimeoutMs: number
  clientName: string
  /** Default: 1, the operator's own database. */
  db?: number
  /** Gives up connecting at once. */
  signal?: AbortSignal
}>

/** A connection, or why there is none. */
export type Opened =
  | Readonly<{ ok: true; connection: Connection }>
  | Readonly<{ ok: false; reason: UnreachableReason; message: string }>

/** Connects, verifies chain and name, and logs in; the previous password is tried when the current one is refused. */
export async function openConnection(options: ConnectionOptions): Promise<Opened> {
  const deadlineMs = performance.now() + options.connectTimeoutMs
  if (options.signal?.aborted) return { ok: false, reason: 'Closed', message: 'connecting was given up' }
  let refused: Opened = { ok: false, reason: 'AuthFailed', message: 'no password is known' }
  for (const passwordIndex of options.passwords.keys()) {
    const opened = await openOnce(options, passwordIndex, deadlineMs - performance.now())
    if (opened.ok || opened.reason !== 'AuthFailed') return opened
    refused = opened
  }
  return refused
}

async function openOnce(options: ConnectionOptions, passwordIndex: number, timeoutMs: number): Promise<Opened> {
  const redis = new Redis({
    host: options.address.host,
    port: options.address.port,
    username: options.username,
    password: options.passwords[passwordIndex] ?? '',
    db: options.db ?? 1,
    connectionName: options.clientName,
    ...(options.tls
      ? { tls: { secureContext: contextOf(options.tls), servername: withoutTrailingDot(options.tls.servername) } }
      : {}),
    // RESP3 would bring HELLO and replies of other shapes for nothing.
    protocol: 2,
    disableClientInfo: true,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A frozen server would hold connect() for this long after connectTimeout.
    disconnectTimeout: 1,
    connectTimeout: Math.max(1, Math.ceil(timeoutMs)),
    keepAlive: 5000,
  })
  // connect() rejects with one text for a wrong password, a refusal and a timeout: the cause is in this event.
  let cause: unknown
  redis.on('error', (error: unknown) => {
    cause ??= error
  })
  const connecting = redis.connect().then(
    () => true,
    () => false,
  )
  const abort = () => destroy(redis)
  options.signal?.addEventListener('abort', abort, { once: true })
  const raced = await withDeadline(connecting, Math.max(1, timeoutMs))
  options.signal?.removeEventListener('abort', abort)
  if (raced.kind === 'timeout') {
    destroy(redis)
    return { ok: false, reason: 'Timeout', message: `no answer within ${options.connectTimeoutMs} ms` }
  }
  if (!raced.value) {
    destroy(redis)
    return { ok: false, ...explain(cause) }
  }
  return { ok: true, connection: hold(redis, options.commandTimeoutMs, passwordIndex) }
}

/** One context for all connections of a store: parsing the CA for each costs 100 KB and 1 ms. */
const contexts = new Map<string, SecureContext>()
const MAX_CONTEXTS = 1000

function contextOf({ ca, client }: TrustedPeer): SecureContext {
  const key = `${ca}${client?.certificatePem ?? ''}`
  const known = contexts.get(key)
  if (known) return known
  const context = createSecureContext({ ca, ...(client && { cert: client.certificatePem, key: client.keyPem }) })
  // The oldest goes first: a CA that was replaced is never asked for again.
  const [oldest] = contexts.keys()
  if (contexts.size >= MAX_CONTEXTS && oldest !== undefined) contexts.delete(oldest)
  contexts.set(key, context)
  return context
}

function hold(redis: Redis, commandTimeoutMs: number, passwordIndex: number): Connection {
  let closedBy: 'peer' | 'us' | undefined = redis.status === 'ready' ? undefined : 'peer'
  const callbacks: ((by: 'peer' | 'us') => void)[] = []
  function ended(by: 'peer' | 'us'): void {
    if (closedBy) return
    closedBy = by
    for (const callback of callbacks.splice(0)) callback(by)
  }
  redis.once('close', () => ended('peer'))

  async function call(
    [name = '', ...args]: readonly string[],
    callOptions: Readonly<{ timeoutMs?: number }> = {},
  ): Promise<CallResult> {
    if (closedBy) return closed
    // ioredis reshapes replies of commands it knows by their lower-case name.
    const sent = redis.call(name.toUpperCase(), ...args) as Promise<Reply>
    const outcome = sent.then((value): CallResult => ({ ok: true, value }), toFailure)
    const timeoutMs = callOptions.timeoutMs ?? commandTimeoutMs
    const raced = await withDeadline(outcome, timeoutMs)
    // A broken socket refuses commands at once, and its close event waits for a turn of the event loop: whoever sends while
    // the connection is open would never let that turn come.
    if (raced.kind === 'done' && !raced.value.ok && raced.value.reason === 'Closed') ended('peer')
    if (raced.kind === 'done') return raced.value
    return { ok: false, reason: 'Timeout', code: '', message: `no reply to ${name} within ${timeoutMs} ms` }
  }

  return {
    call,
    callAll: (commands, callOptions = {}) => Promise.all(commands.map((command) => call(command, callOptions))),
    isOpen: () => closedBy === undefined,
    onClose: (callback) => {
      if (closedBy) callback(closedBy)
      else callbacks.push(callback)
    },
    close: () => {
      ended('us')
      destroy(redis)
    },
    passwordIndex,
    ...(redis.stream instanceof TLSSocket && { servedFingerprint: redis.stream.getPeerCertificate().fingerprint256 }),
  }
}

const closed: CallResult = { ok: false, reason: 'Closed', code: '', message: 'the connection is closed' }

/** Takes only the text: ioredis hangs the whole command, passwords included, on its errors. */
function toFailure(error: unknown): CallResult {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return closed
  const message = error.message.replace(/'[<>#!][^']*'/g, "'(password)'")
  return { ok: false, reason: 'ServerError', code: /^[A-Z]+/.exec(message)?.[0] ?? '', message }
}

function destroy(redis: Redis): void {
  redis.disconnect()
  redis.stream?.destroy()
}

const REASONS: Readonly<Record<string, UnreachableReason>> = {
  ECONNREFUSED: 'Refused',
  ETIMEDOUT: 'Timeout',
  EHOSTUNREACH: 'Timeout',
  ENETUNREACH: 'Timeout',
  EHOSTDOWN: 'Timeout',
  ENOTFOUND: 'NoAddress',
  EAI_AGAIN: 'NoAddress',
  ECONNRESET: 'Closed',
  EPIPE: 'Closed',
  EPROTO: 'TLSFailed',
}

function explain(cause: unknown): Readonly<{ reason: UnreachableReason; message: string }> {
  if (!(cause instanceof Error)) return { reason: 'Closed', message: 'the server closed the connection' }
  const code = 'code' in cause ? String(cause.code) : ''
  const { message } = cause
  if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(message)) return { reason: 'AuthFailed', message }
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_|INVALID_CA)/.test(code)) {
    return { reason: 'TLSFailed', message }
  }
  return { reason: REASONS[code] ?? (code === '' && /closed/i.test(message) ? 'Closed' : 'Unknown'), message }
}

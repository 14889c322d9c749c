import { Client, type Dispatcher, Pool } from 'undici'
import type { Access, AccessSource, TlsMaterial } from './auth.ts'
import { type Clock, systemClock } from './clock.ts'
import { hasCode, OperatorError, toOperatorError } from './errors.ts'

/** One request, as the transport needs it. */
export type HttpCall = Readonly<{
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT'
  /** Path and query. */
  path: string
  body?: string
  contentType?: string
  /** Sending it twice does what sending it once does: tried once more when a kept connection turns out dead. */
  isIdempotent: boolean
  timeoutMs: number
  signal?: AbortSignal | undefined
}>

export type HttpAnswer = Readonly<{ status: number; retryAfter: string | undefined; text: string }>

export type HttpStream = Readonly<{
  status: number
  retryAfter: string | undefined
  body: AsyncIterable<Uint8Array>
  /** Closes the socket, whatever is still to come. */
  close: () => void
}>

export type TransportOptions = Readonly<{
  access: AccessSource
  /** Requests on the wire at once; others wait within their deadline. Default 32. */
  maxInFlight?: number
  /** A stream that is silent for longer is taken for half-open and cut: the server sends a bookmark a minute. Default 150,000. */
  silenceMs?: number
  userAgent?: string
  clock?: Clock
}>

type Link = Readonly<{ server: string; tls: TlsMaterial; pool: Pool }>

const CONNECT_TIMEOUT_MS = 10_000
// Below the 90 s after which the API server closes an idle connection, so that we rarely write into a closing one.
const KEEP_ALIVE_MS = 45_000

/** Keep-alive HTTP/1.1 to one API server: a pool for requests, one socket of its own for each stream. */
export class Transport {
  readonly #access: AccessSource
  readonly #maxInFlight: number
  readonly #silenceMs: number
  readonly #userAgent: string
  readonly #clock: Clock
  readonly #streams = new Set<Client>()
  #link: Link | undefined
  #isClosed = false

  constructor(options: TransportOptions) {
    this.#access = options.access
    this.#maxInFlight = options.maxInFlight ?? 32
    this.#silenceMs = options.silenceMs ?? 150_000
    this.#userAgent = options.userAgent ?? 'sessionstore-operator'
    this.#clock = options.clock ?? systemClock
  }

  /** Host and port of the API server, for metrics; empty before the first call. */
  get host(): string {
    return this.#link ? new URL(this.#link.server).host : ''
  }

  /** Sends one request and reads the whole answer; rejects with ConnectionLost, Timeout or Aborted when none came. */
  async request(call: HttpCall): Promise<HttpAnswer> {
    const deadline = startDeadline(call, this.#clock)
    try {
      const answer = await this.#tryTwice(call, deadline.signal)
      if (answer.status !== 401) return answer
      await this.#access.refresh()
      return await this.#tryTwice(call, deadline.signal)
    } catch (error) {
      throw deadline.explain(error)
    } finally {
      deadline.clear()
    }
  }

  /** Opens a stream on a socket of its own; `timeoutMs` is for the head of the answer only. */
  async stream(call: HttpCall): Promise<HttpStream> {
    const access = await this.#access.current()
    const { origin, prefix } = split(access.server)
    const client = new Client(origin, {
      ...this.#clientOptions(access.tls),
      headersTimeout: call.timeoutMs,
      bodyTimeout: this.#silenceMs,
    })
    this.#streams.add(client)
    const close = (): void => {
      this.#streams.delete(client)
      client.destroy().catch(ignore)
    }
    try {
      if (this.#isClosed) throw closedError()
      const response = await client.request(this.#toRequest(call, { access, prefix, signal: call.signal }))
      if (response.statusCode === 401) await this.#access.refresh()
      return { status: response.statusCode, retryAfter: headerOf(response), body: response.body, close }
    } catch (error) {
      close()
      throw toOperatorError(error)
    }
  }

  /** Ends every connection at once; calls in flight reject. */
  async close(): Promise<void> {
    this.#isClosed = true
    const streams = [...this.#streams]
    this.#streams.clear()
    const pool = this.#link?.pool
    this.#link = undefined
    await Promise.all([...streams.map((client) => client.destroy()), pool?.destroy()])
  }

  async #tryTwice(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await this.#send(call, signal)
    } catch (error) {
      if (!call.isIdempotent || signal.aborted || this.#isClosed || !hasCode(error, 'ConnectionLost')) throw error
      return this.#send(call, signal)
    }
  }

  async #send(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
    const access = await this.#access.current()
    const { prefix } = split(access.server)
    const { pool } = this.#linkTo(access)
    try {
      const response = await pool.request(this.#toRequest(call, { access, prefix, signal }))
      return { status: response.statusCode, retryAfter: headerOf(response), text: await response.body.text() }
    } catch (error) {
      // One connection that hangs means that the others of its age probably hang too: the next request starts fresh.
      if (signal.aborted && !call.signal?.aborted) this.#retire(pool)
      throw toOperatorError(error)
    }
  }

  #toRequest(
    call: HttpCall,
    how: Readonly<{ access: Access; prefix: string; signal: AbortSignal | undefined }>,
  ): Dispatcher.RequestOptions {
    return {
      method: call.method,
      path: how.prefix + call.path,
      headers: {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(call.contentType ? { 'content-type': call.contentType } : {}),
        ...how.access.headers,
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      ...(how.signal ? { signal: how.signal } : {}),
    }
  }

  #linkTo(access: Access): Link {
    if (this.#isClosed) throw closedError()
    const held = this.#link
    if (held && held.server === access.server && isSameTls(held.tls, access.tls)) return held
    if (held) this.#retire(held.pool)
    const pool = new Pool(split(access.server).origin, {
      ...this.#clientOptions(access.tls),
      connections: this.#maxInFlight,
      // The deadline of each call rules; these only back it up.
      headersTimeout: 120_000,
      bodyTimeout: 120_000,
    })
    this.#link = { server: access.server, tls: access.tls, pool }
    return this.#link
  }

  /** No new request takes this pool; those in flight end by themselves. */
  #retire(pool: Pool): void {
    if (this.#link?.pool === pool) this.#link = undefined
    pool.close().catch(ignore)
  }

  #clientOptions(tls: TlsMaterial): Client.Options {
    return {
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: {
        ...tls,
        rejectUnauthorized: true,
        timeout: CONNECT_TIMEOUT_MS,
        keepAlive: true,
        keepAliveInitialDelay: 15_000,
      },
    }
  }
}

type Deadline = Readonly<{ signal: AbortSignal; explain: (error: unknown) => OperatorError; clear: () => void }>

function startDeadline(call: HttpCall, clock: Clock): Deadline {
  const controller = new AbortController()
  let isLate = false
  const cancel = clock.schedule(() => {
    isLate = true
    controller.abort()
  }, call.timeoutMs)
  const onAbort = (): void => controller.abort()
  if (call.signal?.aborted) onAbort()
  else call.signal?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    explain: (error) =>
      isLate
        ? new OperatorError('Timeout', `no answer within ${call.timeoutMs} ms`, { cause: error })
        : toOperatorError(error),
    clear: () => {
      cancel()
      call.signal?.removeEventListener('abort', onAbort)
    },
  }
}

function headerOf(response: Dispatcher.ResponseData): string | undefined {
  const value = response.headers['retry-after']
  return typeof value === 'string' ? value : value?.[0]
}

function split(server: string): Readonly<{ origin: string; prefix: string }> {
  const url = new URL(server)
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') }
}

function isSameTls(a: TlsMaterial, b: TlsMaterial): boolean {
  return a === b || (a.ca === b.ca && a.cert === b.cert && a.key === b.key && a.servername === b.servername)
}

function closedError(): OperatorError {
  return new OperatorError('Aborted', 'the client is closed')
}

function ignore(): void {}

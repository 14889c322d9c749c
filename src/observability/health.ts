import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** True when all is well, else what is not. */
export type HealthCheck = () => true | string

export type HealthOptions = Readonly<{
  /** 0 = any free port. */
  port: number
  /** Default: all addresses. */
  host?: string
  /** Fails only what a restart cures. */
  live: Readonly<Record<string, HealthCheck>>
  ready: Readonly<Record<string, HealthCheck>>
  metrics: () => Promise<Readonly<{ contentType: string; body: string }>>
}>

export type HealthServer = Readonly<{ port: number; close(): Promise<void> }>

type Answer = Readonly<{ status: number; contentType: string; body: string }>

/** Serves /healthz, /readyz and /metrics; a failing check is 503 and named in the body. */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    void reply(options, { request, response })
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  return { port, close: () => close(server) }
}

async function reply(
  options: HealthOptions,
  { request, response }: Readonly<{ request: IncomingMessage; response: ServerResponse }>,
): Promise<void> {
  const { status, contentType, body } = await answer(options, request).catch(() => text(500, 'internal error'))
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function answer(options: HealthOptions, request: IncomingMessage): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'method not allowed')
  const path = (request.url ?? '/').split('?')[0]
  switch (path) {
    case '/healthz':
      return evaluate(options.live)
    case '/readyz':
      return evaluate(options.ready)
    case '/metrics':
      return { status: 200, ...(await options.metrics()) }
    default:
      return text(404, 'not found')
  }
}

function evaluate(checks: Readonly<Record<string, HealthCheck>>): Answer {
  const results = Object.entries(checks).map(([name, check]) => ({ name, result: check() }))
  const isWell = results.every(({ result }) => result === true)
  const lines = results.map(({ name, result }) => (result === true ? `[+] ${name} ok` : `[-] ${name}: ${result}`))
  return text(isWell ? 200 : 503, [...lines, isWell ? 'ok' : 'failed'].join('\n'))
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` }
}

function listen(server: Server, { port, host }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

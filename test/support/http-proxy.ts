import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import type { Access } from '../../src/kube/auth.ts'

export type SeenRequest = Readonly<{ method: string; path: string }>

/** A proxy that reads HTTP: it counts the requests for the API server and answers some of them itself. */
export type HttpProxy = Readonly<{
  /** How to reach the API server through it. */
  access: Access
  /** All requests since the start or the last `forget`. */
  seen: () => readonly SeenRequest[]
  forget: () => void
  /** The next `count` requests that match are answered here. */
  answer: (
    matches: (seen: SeenRequest) => boolean,
    reply: Readonly<{ status: number; headers?: Readonly<Record<string, string>>; body?: string; count?: number }>,
  ) => void
  /** The next matching answer breaks off after this many bytes of its body, without an end. */
  cut: (matches: (seen: SeenRequest) => boolean, afterBytes: number) => void
  /** The next matching request is forwarded after so long. */
  delay: (matches: (seen: SeenRequest) => boolean, delayMs: number) => void
  /** Breaks every open connection; new ones are taken. */
  dropAll: () => void
  close: () => Promise<void>
}>

type Rule = { matches: (seen: SeenRequest) => boolean; left: number; act: (response: ServerResponse) => void }
type Delay = { matches: (seen: SeenRequest) => boolean; delayMs: number }
type Cut = { matches: (seen: SeenRequest) => boolean; afterBytes: number }

/** Starts a plain HTTP proxy on 127.0.0.1 in front of an API server, whose certificate it verifies. */
export async function startHttpProxy(upstream: Access): Promise<HttpProxy> {
  const seen: SeenRequest[] = []
  const rules: Rule[] = []
  const cuts: Cut[] = []
  const delays: Delay[] = []
  const server = createServer((incoming, response) => {
    const one = { method: incoming.method ?? '', path: incoming.url ?? '' }
    seen.push(one)
    const rule = rules.find((each) => each.left > 0 && each.matches(one))
    if (rule) {
      rule.left -= 1
      incoming.resume()
      rule.act(response)
      return
    }
    const late = delays.findIndex((each) => each.matches(one))
    const [delayed] = late >= 0 ? delays.splice(late, 1) : []
    const at = cuts.findIndex((each) => each.matches(one))
    const [cut] = at >= 0 ? cuts.splice(at, 1) : []
    const pass = (): void => forward(upstream, incoming, { response, afterBytes: cut?.afterBytes })
    if (delayed) setTimeout(pass, delayed.delayMs)
    else pass()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot start a proxy: it has no port')
  return {
    access: { server: `http://127.0.0.1:${address.port}`, tls: {}, headers: upstream.headers },
    seen: () => [...seen],
    forget: () => seen.splice(0),
    answer: (matches, { status, headers = {}, body = '', count = 1 }) => {
      const act = (response: ServerResponse): void => {
        response.writeHead(status, headers).end(body)
      }
      rules.push({ matches, left: count, act })
    },
    delay: (matches, delayMs) => delays.push({ matches, delayMs }),
    cut: (matches, afterBytes) => cuts.push({ matches, afterBytes }),
    dropAll: () => server.closeAllConnections(),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function forward(
  upstream: Access,
  incoming: IncomingMessage,
  { response, afterBytes }: Readonly<{ response: ServerResponse; afterBytes: number | undefined }>,
): void {
  const { ca, cert, key } = upstream.tls
  const { method, headers, url = '/' } = incoming
  const options = { method, headers: { ...headers, host: new URL(upstream.server).host }, ca, cert, key }
  const onward = request(upstream.server + url, options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    response.flushHeaders()
    let passed = 0
    answer.on('data', (chunk: Buffer) => {
      passed += chunk.length
      if (afterBytes === undefined || passed < afterBytes) {
        response.write(chunk)
        return
      }
      response.write(chunk.subarray(0, chunk.length - (passed - afterBytes)), () => response.destroy())
      onward.destroy()
    })
    answer.on('end', () => response.end())
    answer.on('error', () => response.destroy())
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

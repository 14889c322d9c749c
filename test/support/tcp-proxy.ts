import { connect, createServer, type Server, type Socket } from 'node:net'

/** A proxy of bytes that breaks connections on command; TLS passes through it untouched. */
export type TcpProxy = Readonly<{
  port: number
  /** Connections taken since the start. */
  accepted: () => number
  /** Connections that are open now. */
  open: () => number
  /** Resets every open connection. */
  cut: () => void
  /** Open connections stay open, but no byte passes any more: what a host that lost its power looks like. */
  freeze: () => void
  /** New connections are reset until `accept`. */
  refuse: () => void
  accept: () => void
  /** The next connection is reset once this many bytes came from upstream. */
  cutNextAfter: (bytes: number) => void
  close: () => Promise<void>
}>

/** Starts a proxy on 127.0.0.1 in front of a port of 127.0.0.1. */
export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let accepted = 0
  let isRefusing = false
  let cutAfterBytes: number | undefined

  const server = createServer((down) => {
    accepted += 1
    down.on('error', ignore)
    if (isRefusing) {
      down.resetAndDestroy()
      return
    }
    const up = connect(upstreamPort, '127.0.0.1')
    up.on('error', ignore)
    const pair = [down, up] as const
    pairs.add(pair)
    const limit = cutAfterBytes
    cutAfterBytes = undefined
    down.pipe(up)
    let passed = 0
    up.on('data', (chunk: Buffer) => {
      passed += chunk.length
      if (limit === undefined || passed < limit) {
        if (!down.write(chunk)) up.pause()
        return
      }
      // What was allowed still arrives: an end in the middle, as when a process on the way is killed.
      down.end(chunk.subarray(0, Math.max(0, chunk.length - (passed - limit))))
      up.destroy()
    })
    down.on('drain', () => up.resume())
    up.on('end', () => down.end())
    for (const socket of pair) {
      socket.on('close', () => {
        pairs.delete(pair)
        for (const each of pair) each.destroy()
      })
    }
  })
  await listen(server)
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('Cannot start a proxy: it has no port')

  function cut(): void {
    for (const [down, up] of pairs) {
      down.resetAndDestroy()
      up.destroy()
    }
  }

  return {
    port: address.port,
    accepted: () => accepted,
    open: () => pairs.size,
    cut,
    freeze: () => {
      for (const [down, up] of pairs) {
        down.unpipe(up)
        down.pause()
        up.pause()
      }
    },
    refuse: () => {
      isRefusing = true
    },
    accept: () => {
      isRefusing = false
    },
    cutNextAfter: (bytes) => {
      cutAfterBytes = bytes
    },
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}

function ignore(): void {}

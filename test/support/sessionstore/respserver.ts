import { createServer, type Socket } from 'node:net'

/** A TCP server that answers every command with `+OK`, and INFO with this run id; undefined: with an error. */
export type RespServer = Readonly<{
  port: number
  commands: string[]
  runId: string | undefined
  close(): Promise<void>
}>

/** Starts a server on 127.0.0.1 that takes each RESP array for a command. */
export async function startRespServer(runId: string): Promise<RespServer & { runId: string | undefined }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      for (const [, text = ''] of data.toString().matchAll(/\*\d+\r\n((?:\$\d+\r\n[^\r]*\r\n)+)/g)) {
        const words = [...text.matchAll(/\$\d+\r\n([^\r]*)\r\n/g)].map(([, word = '']) => word)
        state.commands.push(words.slice(0, 2).join(' '))
        socket.write(answer(words[0]?.toUpperCase()))
      }
    })
  })
  function answer(name: string | undefined): string {
    if (state.runId === undefined) return '-NOREPLICAS not enough good replicas\r\n'
    if (name !== 'INFO') return '+OK\r\n'
    const text = `run_id:${state.runId}`
    return `$${text.length}\r\n${text}\r\n`
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const state = {
    port: typeof address === 'object' && address ? address.port : 0,
    commands: [] as string[],
    runId: runId as string | undefined,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return state
}

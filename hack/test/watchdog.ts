import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { until } from '../processes.ts'
import { say } from '../steps.ts'

/** The reporter of the tests writes its results again this often, for as long as the event loop turns. */
const HEARTBEAT_MS = 5_000

export type WatchdogOptions = Readonly<{
  /** The file that the reporter writes. */
  resultsFile: string
  /** Of `inspectArguments`. */
  inspectPort: number
  /** Longest silence of the reporter: a busy machine may hold a test up for seconds, not for minutes. Default 90,000. */
  silenceMs?: number
  everyMs?: number
  /** Where lines go. Default: the screen. */
  tell?: (line: string) => void
}>

/** Arguments for Node with which the process can be asked for its stack, also in the middle of a loop without an end. */
export function inspectArguments(inspectPort: number): readonly string[] {
  return [`--inspect-port=127.0.0.1:${inspectPort}`]
}

/**
 * Watches a mocha process whose event loop may be blocked: no time-out of mocha's own can fire then, and nothing says which test it
 * is. After a long silence the test and the stack are printed, and the process is killed. Returns the way to end the watch.
 */
export function watchTests(child: ChildProcess, options: WatchdogOptions): () => void {
  const { resultsFile, silenceMs = 90_000, everyMs = HEARTBEAT_MS } = options
  const startedMs = Date.now()
  const timer = setInterval(() => {
    // Before the first test there is no file, or that of the run before.
    if (!existsSync(resultsFile)) return
    const { mtimeMs } = statSync(resultsFile)
    if (mtimeMs < startedMs || Date.now() - mtimeMs < silenceMs) return
    clearInterval(timer)
    void endStuck(child, options)
  }, everyMs)
  return () => clearInterval(timer)
}

async function endStuck(child: ChildProcess, options: WatchdogOptions): Promise<void> {
  const { resultsFile, inspectPort, tell = say } = options
  tell(`stuck in "${currentTest(resultsFile)}": its event loop is blocked`)
  // SIGUSR1 opens the inspector on a thread of its own.
  child.kill('SIGUSR1')
  const stack = await readStack(inspectPort).catch((error: unknown) => [`no stack could be taken: ${error}`])
  for (const line of stack.slice(0, 40)) tell(`  at ${line}`)
  child.kill('SIGKILL')
}

/** The test or hook that the reporter saw last. */
export function currentTest(resultsFile: string): string {
  try {
    const { current } = JSON.parse(readFileSync(resultsFile, 'utf8')) as Readonly<{ current?: string }>
    return current || 'no test'
  } catch {
    return 'an unknown test'
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

type Frame = Readonly<{ functionName: string; location: Readonly<{ scriptId: string; lineNumber: number }> }>

async function readStack(port: number): Promise<readonly string[]> {
  const url = await until('the inspector', () => inspectorUrl(port), { timeoutMs: 10_000 })
  const socket = new WebSocket(url)
  const files = new Map<string, string>()
  const paused = Promise.withResolvers<readonly Frame[]>()
  socket.addEventListener('error', () => paused.reject(new Error('the inspector closed')))
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }))
    socket.send(JSON.stringify({ id: 2, method: 'Debugger.pause' }))
  })
  socket.addEventListener('message', ({ data }) => {
    const { method, params } = JSON.parse(String(data))
    if (method === 'Debugger.scriptParsed') files.set(params.scriptId, params.url)
    if (method === 'Debugger.paused') paused.resolve(params.callFrames)
  })
  const timer = setTimeout(() => paused.reject(new Error('it does not pause')), 10_000)
  const frames = await paused.promise.finally(() => clearTimeout(timer))
  return frames.map(
    ({ functionName, location: { scriptId, lineNumber } }) =>
      `${functionName || '(anonymous)'} ${files.get(scriptId) ?? '?'}:${lineNumber + 1}`,
  )
}

async function inspectorUrl(port: number): Promise<string | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`)
    const [target] = (await answer.json()) as readonly Readonly<{ webSocketDebuggerUrl: string }>[]
    return target?.webSocketDebuggerUrl
  } catch {
    // The thread of the inspector needs a moment.
    return undefined
  }
}

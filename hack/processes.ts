import { type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** How a command ended. */
export type CommandResult = Readonly<{ code: number; stdout: string; stderr: string }>

/** What may be set for a command. */
export type CommandOptions = Readonly<{
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** Text for its standard input. */
  input?: string
  /** File that gets everything it prints (appended); nothing is collected then. */
  logFile?: string
  /** Longest run in ms, then it gets SIGKILL. Default: no limit. */
  timeoutMs?: number
}>

/** Runs a command and gives its result; a missing program or an exit code other than 0 is data, not an error. */
export function tryCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [file = '', ...args] = argv
  const log = options.logFile === undefined ? 'pipe' : openSync(options.logFile, 'a')
  const spawnOptions: SpawnOptions = {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', log, log],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
  }
  return new Promise((resolve) => {
    const child = spawn(file, args, spawnOptions)
    const out: string[] = []
    const err: string[] = []
    child.stdout?.setEncoding('utf8').on('data', (text: string) => out.push(text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => err.push(text))
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(options.input)
    child.once('error', (error) => err.push(error.message))
    child.once('close', (code) => {
      if (typeof log === 'number') closeSync(log)
      // A program that cannot be started has a negative number of the system here.
      resolve({ code: code === null || code < 0 ? 255 : code, stdout: out.join(''), stderr: err.join('') })
    })
  })
}

/** Runs a command and gives its standard output; any other end than exit code 0 throws with the last lines it printed. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(argv, options)
  if (result.code !== 0) {
    const printed = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-15).join('\n')
    throw new Error(`Cannot run "${argv.join(' ').slice(0, 300)}": exit code is ${result.code}, must be 0\n${printed}`)
  }
  return result.stdout
}

/** Waits until the check gives a value other than undefined and false; throws with what was awaited when the time is up. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  options: Readonly<{ timeoutMs: number; everyMs?: number }>,
): Promise<T> {
  const deadlineMs = Date.now() + options.timeoutMs
  for (;;) {
    const value = await check()
    if (value !== undefined && value !== false) return value
    if (Date.now() >= deadlineMs)
      throw new Error(`Cannot go on: ${what} is still awaited after ${options.timeoutMs} ms`)
    await delay(options.everyMs ?? 100)
  }
}

/** Starts a process that outlives this one, in a session of its own, printing to a file. */
export function startDetached(
  argv: readonly string[],
  options: Readonly<{ env: NodeJS.ProcessEnv; logFile: string }>,
): number {
  const [file = '', ...args] = argv
  const log = openSync(options.logFile, 'a')
  const child = spawn(file, args, { detached: true, stdio: ['ignore', log, log], env: options.env })
  closeSync(log)
  child.on('error', () => undefined)
  child.unref()
  if (child.pid === undefined) throw new Error(`Cannot start "${file}": it is missing or not executable`)
  return child.pid
}

/**
 * Whether a process runs and is the one meant: its command line must hold the marker, as a pid in a file may be of an
 * earlier boot. A zombie counts as gone: some machines' init reaps orphans only every few seconds.
 */
export function isRunning(pid: number, marker: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
    return !'ZX'.includes(state) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker)
  } catch {
    return false
  }
}

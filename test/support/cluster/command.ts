import { spawn } from 'node:child_process'
import { type CommandOptions, runCommand, tryCommand } from '../../../hack/processes.ts'

/** Runs kubectl with the kubeconfig of the environment and gives what it printed. */
export function kubectl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return runCommand(['kubectl', ...args], { timeoutMs: 240_000, ...options })
}

/** Runs kubectl; a failure is a result, not an error. */
export function tryKubectl(args: readonly string[], options: CommandOptions = {}): ReturnType<typeof tryCommand> {
  return tryCommand(['kubectl', ...args], { timeoutMs: 240_000, ...options })
}

export function helm(args: readonly string[]): Promise<string> {
  return runCommand(['helm', ...args], { timeoutMs: 240_000 })
}

export function docker(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return runCommand(['docker', ...args], { timeoutMs: 60_000, ...options })
}

/** A program that goes on beside the test and prints JSON lines. */
export type Running = Readonly<{
  /** Every line so far. */
  lines: () => readonly Readonly<Record<string, unknown>>[]
  /** Writes a line to its standard input. */
  type: (line: string) => void
  /** Resolves when it has ended; throws with its last words on an exit code other than 0. */
  ended: Promise<void>
  isEnded: () => boolean
  kill: () => void
}>

/** Starts a program that prints JSON lines and reads commands from its standard input. */
export function startProgram(argv: readonly string[]): Running {
  const [file = '', ...args] = argv
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: Record<string, unknown>[] = []
  const words: string[] = []
  let rest = ''
  let isEnded = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      if (part.startsWith('{')) lines.push(JSON.parse(part) as Record<string, unknown>)
      else if (part !== '') words.push(part)
    }
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => words.push(text.trim()))
  child.stdin.on('error', () => undefined)
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      isEnded = true
      if (code === 0) resolve()
      else
        reject(
          new Error(`Cannot run "${argv.join(' ')}": exit code is ${code}, must be 0\n${words.slice(-10).join('\n')}`),
        )
    })
  })
  // Whoever awaits `ended` gets the error; until then it must not end the process.
  ended.catch(() => undefined)
  return {
    lines: () => lines,
    type: (line) => child.stdin.write(`${line}\n`),
    ended,
    isEnded: () => isEnded,
    kill: () => child.kill('SIGKILL'),
  }
}

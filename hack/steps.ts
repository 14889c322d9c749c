import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { logDir } from './paths.ts'

/** One step of a longer work. */
export type Step = Readonly<{
  name: string
  /** Names of the steps that must be done before. */
  needs?: readonly string[]
  /** What a person can do when it fails. */
  hint: string
  /** Does the work, printing to the log file; the text it gives (if any) is shown on the step's line. */
  run: (logFile: string) => Promise<string | undefined>
}>

type State = Readonly<{
  running: Map<string, Readonly<{ startedMs: number; end: Promise<void> }>>
  done: Set<string>
  failures: StepError[]
}>

/** A step has failed; what happened and what to do has been printed. */
export class StepError extends Error {
  constructor(step: string, cause: unknown) {
    super(`Cannot go on: the step "${step}" has failed`, { cause })
  }
}

const heartbeatMs = 25_000
const beganMs = Date.now()

/** Prints a line that starts with the time since the start, in whole seconds. */
export function say(text: string): void {
  const seconds = Math.round((Date.now() - beganMs) / 1000)
  console.log(`[${String(seconds).padStart(4)}s] ${text}`)
}

/** Seconds with one digit since a moment given in ms. */
export function secondsSince(startMs: number): string {
  return `${((Date.now() - startMs) / 1000).toFixed(1)}s`
}

/**
 * Runs steps, each as soon as those it needs are done, side by side. Prints a line per step, and what still runs at least
 * every 30 s. When one fails, no new step starts, those that run come to their end, and the failure is told and thrown.
 */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  mkdirSync(logDir, { recursive: true })
  const state: State = { running: new Map(), done: new Set(), failures: [] }
  const heartbeat = setInterval(() => {
    const names = [...state.running].map(([name, work]) => `${name} (${secondsSince(work.startedMs)})`)
    say(`… still running: ${names.join(', ')}`)
  }, heartbeatMs)
  try {
    for (;;) {
      for (const step of steps.filter((one) => canStart(one, state))) start(step, state)
      if (state.running.size === 0) break
      await Promise.race([...state.running.values()].map((work) => work.end))
    }
  } finally {
    clearInterval(heartbeat)
  }
  if (state.failures[0]) throw state.failures[0]
  if (state.done.size < steps.length) throw new Error('Cannot run the steps: some need a step that does not exist')
}

function canStart(step: Step, state: State): boolean {
  if (state.failures.length > 0 || state.done.has(step.name) || state.running.has(step.name)) return false
  return (step.needs ?? []).every((name) => state.done.has(name))
}

function start(step: Step, state: State): void {
  const startedMs = Date.now()
  const logFile = logFileOf(step.name)
  rmSync(logFile, { force: true })
  const end = step
    .run(logFile)
    .then(
      (note) => {
        state.done.add(step.name)
        say(`${step.name} … ok ${secondsSince(startedMs)}${note ? ` (${note})` : ''}`)
      },
      (error: unknown) => {
        say(`${step.name} … FAILED after ${secondsSince(startedMs)}`)
        console.error(describeFailure(step, logFile, error))
        state.failures.push(new StepError(step.name, error))
      },
    )
    .finally(() => state.running.delete(step.name))
  state.running.set(step.name, { startedMs, end })
}

/** Runs a command's main function; a failure ends the process with code 1, and one that was told already is not told again. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof StepError)) console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

/** The log file of a step. */
export function logFileOf(stepName: string): string {
  return join(logDir, `${stepName.replace(/[^A-Za-z0-9.-]+/g, '-')}.log`)
}

function describeFailure(step: Step, logFile: string, error: unknown): string {
  const lines = [error instanceof Error ? error.message : String(error), `What to do: ${step.hint}`]
  try {
    const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-15)
    lines.push(`The log ${logFile} ends with:`, ...tail.map((line) => `  | ${line}`))
  } catch {
    lines.push(`(it wrote no log)`)
  }
  return lines.join('\n')
}

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from '../paths.ts'
import { isRunning, until } from '../processes.ts'
import { say } from '../steps.ts'

const file = join(cacheDir, 'lock')
const longestWaitMs = 45 * 60_000

/** Runs the work while no other `up`, `down` or `test` on this machine builds or changes the cluster. */
export async function withLock<T>(work: () => Promise<T>): Promise<T> {
  mkdirSync(cacheDir, { recursive: true })
  let isTold = false
  await until(
    `the end of the other run that holds ${file}`,
    () => {
      if (take()) return true
      if (!isTold) say(`waiting: process ${holder()} is at work on the cluster`)
      isTold = true
      return false
    },
    { timeoutMs: longestWaitMs, everyMs: 500 },
  )
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(): boolean {
  // A run that was killed has left its lock.
  const pid = holder()
  if (pid > 0 && !isRunning(pid, 'hack/')) rmSync(file, { force: true })
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

function holder(): number {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

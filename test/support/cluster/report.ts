import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { repoDir } from '../../../hack/paths.ts'

/** Where failed tests leave what they saw, and all tests their numbers. */
export const artifactsDir = join(repoDir, 'artifacts')

/** Prints what a test measured, and keeps it in artifacts/numbers.jsonl. */
export function report(title: string, numbers: Readonly<Record<string, string | number | boolean>>): void {
  const text = Object.entries(numbers).map(([name, value]) => `${name} ${value}`)
  console.log(`      # ${title}: ${text.join(', ')}`)
  mkdirSync(artifactsDir, { recursive: true })
  appendFileSync(join(artifactsDir, 'numbers.jsonl'), `${JSON.stringify({ title, ...numbers })}\n`)
}

/**
 * Times are reported, and held against their budgets by the long runs only: a busy machine must not fail a correct store.
 * What takes longer than this is not slow but stuck.
 */
export const STUCK_MS = 45_000

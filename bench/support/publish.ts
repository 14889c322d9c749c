import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

export type Row = Readonly<Record<string, string | number>>

/** One run of a bench, as it is kept. */
export type Published = Readonly<{
  bench: string
  /** What the run was asked to do, and what else a reader must know of it. */
  parameters: Readonly<Record<string, string | number>>
  rows: readonly Row[]
  /** Budgets that were missed; empty when all were met. */
  missed: readonly string[]
}>

const RESULTS = join(import.meta.dirname, '..', 'results')
const load = createRequire(import.meta.url)

/** Prints the rows as a table and adds the run as one JSON line to `bench/results/<bench>.jsonl`. */
export function publish(run: Published): void {
  const { bench, parameters, rows, missed } = run
  console.log(
    `${bench}: ${Object.entries(parameters)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  )
  console.table(rows)
  for (const each of missed) console.log(`budget missed: ${each}`)
  mkdirSync(RESULTS, { recursive: true })
  const head = { date: new Date().toISOString(), cores: availableParallelism(), versions: versions() }
  appendFileSync(join(RESULTS, `${bench}.jsonl`), `${JSON.stringify({ bench, ...head, parameters, rows, missed })}\n`)
}

function versions(): Readonly<Record<string, string>> {
  const names = ['undici', '@kubernetes/client-node']
  const installed = names.map((name) => [name, versionOf(name)] as const)
  return { node: process.versions.node, ...Object.fromEntries(installed) }
}

function versionOf(name: string): string {
  const [file = ''] = (load.resolve.paths(name) ?? []).map((dir) => join(dir, name, 'package.json')).filter(isThere)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as Readonly<{ version: string }>
  return version
}

function isThere(file: string): boolean {
  try {
    return readFileSync(file).length > 0
  } catch {
    return false
  }
}

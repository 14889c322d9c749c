import { buildOrder, buildSteps } from './cluster/builds.ts'
import type { Program } from './paths.ts'
import { runMain, runSteps } from './steps.ts'

/** `node hack/build.ts [PROGRAM…]` builds the named programs into the cache; all of them by default. */
async function main(): Promise<void> {
  const names = process.argv.slice(2)
  const unknown = names.find((name) => !(buildOrder as readonly string[]).includes(name))
  if (unknown) throw new Error(`Cannot build "${unknown}": it must be one of ${buildOrder.join(', ')}`)
  await runSteps(buildSteps(names.length > 0 ? (names as Program[]) : undefined))
}

await runMain(main)

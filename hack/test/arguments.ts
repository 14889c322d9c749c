import { ENGINES, VERSIONS } from '../../src/api/v1alpha1/defaults.ts'
import { type TierName, tierNames } from './tiers.ts'

/** What the tests are asked to do. */
export type TestArguments = Readonly<{
  /** In the order they run in. */
  tiers: readonly TierName[]
  /** What the stores of the cluster tests run, as `Redis 8.0`, one run for each; empty: once, with the operator's default. */
  engines: readonly string[]
  mochaArguments: readonly string[]
}>

/** Every tested version of every engine. */
export const testedEngines: readonly string[] = ENGINES.flatMap((engine) =>
  VERSIONS[engine].map((version) => `${engine} ${version}`),
)

/** Reads `[tier…] [--engines all|"Redis 8.0,Redis 7.0"] [arguments of mocha]`. */
export function parseTestArguments(words: readonly string[]): TestArguments {
  const isTier = (word: string): word is TierName => tierNames.some((name) => name === word)
  const at = words.indexOf('--engines')
  const engines = at === -1 ? [] : parseEngines(words[at + 1])
  const others = at === -1 ? words : words.toSpliced(at, 2)
  const first = others.findIndex((word) => !isTier(word))
  const named = others.slice(0, first === -1 ? undefined : first).filter(isTier)
  return {
    tiers: named.length > 0 ? tierNames.filter((tier) => named.includes(tier)) : tierNames,
    engines,
    mochaArguments: first === -1 ? [] : others.slice(first),
  }
}

function parseEngines(text: string | undefined): readonly string[] {
  const engines = text === 'all' ? testedEngines : (text ?? '').split(',').map((each) => each.trim())
  const unknown = engines.filter((engine) => !testedEngines.includes(engine))
  if (unknown.length === 0) return engines
  throw new Error(`Cannot run the tests: --engines is "${text}", must be all or some of ${testedEngines.join(',')}`)
}

import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { repoDir } from '../paths.ts'
import { type TierName, tiers } from './tiers.ts'
import { currentTest, freePort, inspectArguments, watchTests } from './watchdog.ts'

/** Where the results, and what failed tests leave, are kept. */
export const artifactsDir = join(repoDir, 'artifacts')

/** How a tier ended. */
export type TierResult = Readonly<{
  tier: TierName
  /** What its stores ran, where a run was asked for by engine. */
  engine?: string
  passed: number
  failed: readonly Readonly<{ title: string; message: string }>[]
  skipped: readonly string[]
  tookMs: number
}>

/** What may be set for a run. */
export type RunOptions = Readonly<{
  mochaArguments?: readonly string[]
  /** After this time the run is ended and has failed. Default: the limit of the tier. */
  limitMinutes?: number
  /** What the stores run, for the report; the tests read it from their environment. */
  engine?: string
}>

type Results = Omit<TierResult, 'tier' | 'tookMs'> & Readonly<{ isComplete: boolean }>

/** Runs the tests of one tier with mocha; whatever goes wrong with the run itself is one failed test. */
export async function runTier(tier: TierName, env: NodeJS.ProcessEnv, options: RunOptions = {}): Promise<TierResult> {
  const { mochaArguments = [], limitMinutes = tiers[tier].limitMinutes, engine } = options
  const startedMs = Date.now()
  const pattern = `test/${tier}/**/*.test.ts`
  if (globSync(pattern, { cwd: repoDir }).length === 0) return failedTier(tier, `there is no ${pattern}`, startedMs)
  mkdirSync(artifactsDir, { recursive: true })
  const file = join(artifactsDir, `results-${[tier, ...(engine ? [engine] : [])].join('-').replaceAll(' ', '-')}.json`)
  rmSync(file, { force: true })
  const own = `test/${tier}/.mocharc.cjs`
  const config = existsSync(join(repoDir, own)) ? own : '.mocharc.cjs'
  const words = ['--config', config, '--reporter', join(repoDir, 'hack', 'reporter.cjs'), ...mochaArguments, pattern]
  const settings = { SESSIONSTORE_RESULTS: file, SESSIONSTORE_REPORTER: tiers[tier].reporter }
  const end = await runMocha(words, { env: { ...env, ...settings }, limitMinutes, resultsFile: file })
  const result = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined
  const { passed = 0, failed = [], skipped = [] } = result ?? {}
  const isBroken = !result?.isComplete || (end !== 'exit code 0' && failed.length === 0)
  const broken = isBroken ? [{ title: `the run of the tier ${tier}`, message: `mocha ended with ${end}` }] : []
  const tookMs = Date.now() - startedMs
  return { tier, ...(engine && { engine }), passed, failed: [...failed, ...broken], skipped, tookMs }
}

/** The result of a tier whose tests could not be run: that is a failure, never a skip. */
export function failedTier(tier: TierName, message: string, startedMs: number): TierResult {
  return {
    tier,
    passed: 0,
    failed: [{ title: `the tier ${tier}`, message }],
    skipped: [],
    tookMs: Date.now() - startedMs,
  }
}

type MochaRun = Readonly<{ env: NodeJS.ProcessEnv; limitMinutes: number; resultsFile: string }>

async function runMocha(words: readonly string[], { env, limitMinutes, resultsFile }: MochaRun): Promise<string> {
  const program = join(repoDir, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const inspectPort = await freePort()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...inspectArguments(inspectPort), program, ...words], {
      cwd: repoDir,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMinutes * 60_000)
    const startedMs = Date.now()
    const unwatch = watchTests(child, { resultsFile, inspectPort })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      unwatch()
      const isLate = Date.now() - startedMs >= limitMinutes * 60_000
      const why = isLate ? `its limit of ${limitMinutes} minutes` : 'a standstill'
      if (signal === 'SIGKILL') resolve(`an end after ${why} in "${currentTest(resultsFile)}"`)
      else resolve(signal ? `signal ${signal}` : `exit code ${code}`)
    })
  })
}

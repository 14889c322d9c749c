import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { repoDir } from '../../../hack/paths.ts'
import { currentTest, freePort, inspectArguments, watchTests } from '../../../hack/test/watchdog.ts'

const REPORTER = join(repoDir, 'hack', 'reporter.cjs')
const MOCHA = join(repoDir, 'node_modules', 'mocha', 'bin', 'mocha.js')

describe('watchTests()', () => {
  let dir: string
  let told: string[]

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'watchdog-'))
    told = []
  })

  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  /** Runs a test with this body under the watchdog; resolves with the signal that ended it. */
  async function run(body: string, silenceMs: number): Promise<string | null> {
    const file = join(dir, 'one.test.cjs')
    const resultsFile = join(dir, 'results.json')
    writeFileSync(file, `it('spins', () => { ${body} })`)
    const inspectPort = await freePort()
    const words = [...inspectArguments(inspectPort), MOCHA, '--no-config', '--reporter', REPORTER, file]
    const env = { ...process.env, SESSIONSTORE_RESULTS: resultsFile }
    const child = spawn(process.execPath, words, { cwd: dir, env, stdio: 'ignore' })
    const unwatch = watchTests(child, {
      resultsFile,
      inspectPort,
      silenceMs,
      everyMs: 50,
      tell: (line) => told.push(line),
    })
    const signal = await new Promise<string | null>((resolve) => child.once('close', (_, by) => resolve(by)))
    unwatch()
    return signal
  }

  it('ends a run whose event loop is blocked, with its test and its stack', async () => {
    const signal = await run('function forEver() { for (;;); } forEver()', 1_000)

    expect(signal).to.equal('SIGKILL')
    expect(currentTest(join(dir, 'results.json'))).to.equal('spins')
    expect(told[0]).to.equal('stuck in "spins": its event loop is blocked')
    expect(told[1]).to.match(/^ {2}at forEver .*one\.test\.cjs:1$/)
  }).timeout(60_000)

  it('leaves a run alone that ends', async () => {
    expect(await run('', 60_000)).to.equal(null)
  }).timeout(60_000)
})

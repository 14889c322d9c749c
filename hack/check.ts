import { repoDir } from './paths.ts'
import { runCommand } from './processes.ts'
import { runMain, runSteps, type Step } from './steps.ts'

const checks = {
  'generate:check': 'run "npm run generate" and commit what it writes',
  typecheck: 'mend what the compiler names',
  lint: 'run "npm run format", then mend what is left',
  unit: 'mend the test or the code',
} as const

/** All checks that need no cluster, side by side. */
const steps: readonly Step[] = Object.entries(checks).map(([script, hint]) => ({
  name: script,
  hint,
  run: async (logFile) => {
    await runCommand(['npm', 'run', '--silent', script], { cwd: repoDir, logFile })
    return undefined
  },
}))

await runMain(() => runSteps(steps))

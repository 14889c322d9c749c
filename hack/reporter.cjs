// Mocha's spec or dot reporter on the screen (SESSIONSTORE_REPORTER), and the results as JSON in SESSIONSTORE_RESULTS.
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

const Screen = process.env.SESSIONSTORE_REPORTER === 'dot' ? reporters.Dot : reporters.Spec

module.exports = class extends Screen {
  constructor(runner, options) {
    super(runner, options)
    const results = { passed: 0, failed: [], skipped: [], isComplete: false, current: '' }
    function save() {
      writeFileSync(process.env.SESSIONSTORE_RESULTS, JSON.stringify(results, null, 1))
    }
    // Written before the first test, too: a run that dies leaves a result that says so.
    save()
    // And again and again: what is not written any more has a blocked event loop (hack/test/watchdog.ts).
    setInterval(save, 5_000).unref()
    for (const kind of ['test', 'hook']) {
      runner.on(kind, (runnable) => {
        results.current = runnable.fullTitle()
        save()
      })
    }
    runner.on('pass', () => {
      results.passed += 1
      save()
    })
    runner.on('pending', (test) => {
      results.skipped.push(test.fullTitle())
      save()
    })
    runner.on('fail', (test, error) => {
      results.failed.push({ title: test.fullTitle(), message: String(error?.message ?? error) })
      save()
    })
    runner.once('end', () => {
      results.isComplete = true
      save()
    })
  }
}

import { expect } from 'chai'
import { isRunning, runCommand, tryCommand, until } from '../../../hack/processes.ts'

describe('tryCommand()', () => {
  it('gives code, output and errors', async () => {
    const result = await tryCommand(['sh', '-c', 'cat; echo no >&2; exit 3'], { input: 'yes' })

    expect(result).to.deep.equal({ code: 3, stdout: 'yes', stderr: 'no\n' })
  })

  it('gives a missing program as a result', async () => {
    const result = await tryCommand(['/nonexistent/program'])

    expect(result.code).to.equal(255)
    expect(result.stderr).to.include('ENOENT')
  })

  it('ends a command whose time is up', async () => {
    const startedMs = performance.now()

    const result = await tryCommand(['sleep', '30'], { timeoutMs: 50 })

    expect(result.code).to.equal(255)
    expect(performance.now() - startedMs).to.be.below(5000)
  })
})

describe('runCommand()', () => {
  it('throws with the last lines that were printed', async () => {
    const message = await runCommand(['sh', '-c', 'echo reason; exit 1']).catch((error: Error) => error.message)

    expect(message).to.equal('Cannot run "sh -c echo reason; exit 1": exit code is 1, must be 0\nreason')
  })
})

describe('until()', () => {
  it('gives the first value', async () => {
    const values = [undefined, false, 'there'] as const
    let index = 0

    const value = await until('a value', () => values[index++], { timeoutMs: 1000, everyMs: 1 })

    expect(value).to.equal('there')
  })

  it('tells what it waited for', async () => {
    const message = await until('rain', () => false, { timeoutMs: 5, everyMs: 1 }).catch(
      (error: Error) => error.message,
    )

    expect(message).to.equal('Cannot go on: rain is still awaited after 5 ms')
  })
})

describe('isRunning()', () => {
  it('knows a process by a word of its command line', () => {
    expect(isRunning(process.pid, 'mocha')).to.equal(true)
  })

  it('takes a pid that another program has now for gone', () => {
    expect(isRunning(process.pid, 'no such word')).to.equal(false)
  })
})

import { expect } from 'chai'
import { runSteps, type Step } from '../../../hack/steps.ts'

/** Steps that note their begin and end; one whose name starts with "bad" fails. */
function steps(notes: string[], table: Readonly<Record<string, readonly string[]>>): readonly Step[] {
  return Object.entries(table).map(([name, needs]) => ({
    name: `test ${name}`,
    needs: needs.map((need) => `test ${need}`),
    hint: 'nothing can be done',
    run: async () => {
      notes.push(`+${name}`)
      await Promise.resolve()
      if (name.startsWith('bad')) throw new Error(`${name} went wrong`)
      notes.push(`-${name}`)
      return undefined
    },
  }))
}

/** Runs the steps without their lines on the screen; gives the message of the failure, if there is one. */
async function run(list: readonly Step[]): Promise<string> {
  const { log, error } = console
  Object.assign(console, { log: () => undefined, error: () => undefined })
  try {
    await runSteps(list)
    return ''
  } catch (failure) {
    return failure instanceof Error ? failure.message : String(failure)
  } finally {
    Object.assign(console, { log, error })
  }
}

describe('runSteps()', () => {
  it('runs a step after those it needs, and independent ones side by side', async () => {
    const notes: string[] = []

    await run(steps(notes, { last: ['left', 'right'], left: [], right: [] }))

    expect(notes).to.deep.equal(['+left', '+right', '-left', '-right', '+last', '-last'])
  })

  it('starts nothing more after a failure, and names the step that failed', async () => {
    const notes: string[] = []

    const message = await run(steps(notes, { bad: [], good: [], next: ['good'] }))

    expect(message).to.equal('Cannot go on: the step "test bad" has failed')
    expect(notes).to.deep.equal(['+bad', '+good', '-good'])
  })

  it('refuses steps that need a step that does not exist', async () => {
    const message = await run(steps([], { lonely: ['nobody'] }))

    expect(message).to.equal('Cannot run the steps: some need a step that does not exist')
  })
})

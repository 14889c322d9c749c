import { expect } from 'chai'
import { CONDITIONS } from '../../../src/api/v1alpha1/conditions.ts'
import { anchors, read } from './files.ts'

const REASONS = [...new Set(Object.values(CONDITIONS).flatMap((reasons) => Object.keys(reasons)))]

describe('docs/runbooks.md', () => {
  const text = read('docs/runbooks.md')
  const normal = new Set(
    [...text.slice(text.indexOf('\n## Nothing to do\n')).matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  const headings = anchors('docs/runbooks.md')

  it('has a heading for each reason that asks something of a person', () => {
    const missing = REASONS.filter((reason) => !normal.has(reason) && !headings.has(reason.toLowerCase()))

    expect(missing).to.deep.equal([])
  })

  it('calls no reason normal that has a heading, and none that does not exist', () => {
    const wrong = [...normal].filter(
      (name) => !REASONS.some((reason) => reason === name) || headings.has(`${name}`.toLowerCase()),
    )

    expect(wrong).to.deep.equal([])
  })
})

describe('docs/failure-modes.md', () => {
  it('tells each known failure once, in order', () => {
    const numbers = [...read('docs/failure-modes.md').matchAll(/^## F(\d+) /gm)].map(([, number]) => Number(number))

    expect(numbers).to.deep.equal(Array.from({ length: 27 }, (_, index) => index + 1))
  })
})

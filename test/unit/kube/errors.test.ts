import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { ERRORS, hasCode, OperatorError, toOperatorError } from '../../../src/kube/errors.ts'

function systemError(code: string): Error {
  return Object.assign(new Error(`text of ${code}`), { code })
}

describe('ERRORS', () => {
  it('has the same codes and retry kinds as docs/errors.md', () => {
    const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
    const rows = page.matchAll(/^\| `([A-Za-z]+)` \| ([A-Za-z]+) \|/gm)

    const documented = Object.fromEntries([...rows].map(([, code, retry]) => [code, { retry }]))

    expect(documented).to.deep.equal(ERRORS)
  })
})

describe('toOperatorError()', () => {
  const cases: readonly (readonly [code: string, want: string])[] = [
    ['ECONNREFUSED', 'ConnectionLost'],
    ['ECONNRESET', 'ConnectionLost'],
    ['UND_ERR_SOCKET', 'ConnectionLost'],
    ['CERT_HAS_EXPIRED', 'ConnectionLost'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'ConnectionLost'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'ConnectionLost'],
    ['UND_ERR_BODY_TIMEOUT', 'Timeout'],
    ['UND_ERR_ABORTED', 'Aborted'],
    ['ERR_INVALID_ARG_TYPE', 'Bug'],
  ]
  for (const [code, want] of cases) {
    it(`takes ${code} for ${want}`, () => {
      expect(toOperatorError(systemError(code))).to.include({ code: want, message: `text of ${code}` })
    })
  }

  it('looks at the cause of an error without a code', () => {
    const error = new TypeError('terminated', { cause: systemError('UND_ERR_SOCKET') })

    expect(toOperatorError(error)).to.include({ code: 'ConnectionLost', message: 'terminated' })
  })

  it('keeps the thrown error as the cause', () => {
    const error = new RangeError('too far')

    expect(toOperatorError(error)).to.include({ code: 'Bug', retry: 'Bug', cause: error })
  })

  it('passes an OperatorError', () => {
    const error = new OperatorError('Conflict', 'text')

    expect(toOperatorError(error)).to.equal(error)
  })

  it('takes what is no error for a bug', () => {
    expect(toOperatorError('text')).to.include({ code: 'Bug', message: 'Cannot go on: thrown text' })
  })
})

describe('hasCode()', () => {
  it('asks for one of several codes', () => {
    const error = new OperatorError('Gone', 'text')

    expect(hasCode(error, 'NotFound', 'Gone')).to.equal(true)
    expect(hasCode(error, 'NotFound')).to.equal(false)
    expect(hasCode(new Error('Gone'), 'Gone')).to.equal(false)
  })
})

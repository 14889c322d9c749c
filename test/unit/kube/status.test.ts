import { expect } from 'chai'
import { statusError } from '../../../src/kube/status.ts'

const asked = { act: 'apply', target: 'Secret "shop/a"' }

function status(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ kind: 'Status', ...fields })
}

describe('statusError()', () => {
  const cases: readonly (readonly [httpStatus: number, fields: Readonly<Record<string, unknown>>, want: string])[] = [
    [400, {}, 'Invalid'],
    [401, {}, 'Unauthorized'],
    [403, {}, 'Forbidden'],
    [404, {}, 'NotFound'],
    [409, { reason: 'AlreadyExists' }, 'AlreadyExists'],
    [409, { reason: 'Conflict' }, 'Conflict'],
    [410, { reason: 'Expired' }, 'Gone'],
    [418, {}, 'Bug'],
    [422, { reason: 'Invalid' }, 'Invalid'],
    [422, { details: { causes: [{ field: 'metadata.uid' }] } }, 'Conflict'],
    [429, {}, 'TooManyRequests'],
    [500, { reason: 'InternalError' }, 'Unavailable'],
    [502, {}, 'Unavailable'],
    [503, {}, 'Unavailable'],
    [504, {}, 'Timeout'],
    [504, { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }, 'Gone'],
  ]
  for (const [httpStatus, fields, want] of cases) {
    it(`takes ${httpStatus} ${JSON.stringify(fields)} for ${want}`, () => {
      const error = statusError(asked, { status: httpStatus, body: status(fields) })

      expect(error).to.include({ code: want, status: httpStatus })
    })
  }

  it('repeats the message of the server', () => {
    const body = status({ message: 'no such thing', reason: 'NotFound' })

    const error = statusError(asked, { status: 404, body })

    expect(error).to.include({ message: 'Cannot apply Secret "shop/a": no such thing', statusReason: 'NotFound' })
  })

  it('keeps values out where they may be secret, but names the fields', () => {
    const causes = [{ field: 'data.password', message: 'Invalid value: "hunter2"' }]
    const body = status({ message: 'Invalid value: "hunter2"', reason: 'Invalid', details: { causes } })

    const { message } = statusError({ ...asked, isSecret: true }, { status: 422, body })

    expect(message).to.equal('Cannot apply Secret "shop/a": the API server answered 422 Invalid for data.password')
  })

  it('does without a Status', () => {
    const { message } = statusError(asked, { status: 502, body: '<html>' })

    expect(message).to.equal('Cannot apply Secret "shop/a": the API server answered 502')
  })

  it('reads Retry-After from the header, else from the Status', () => {
    const body = status({ details: { retryAfterSeconds: 7 } })

    expect(statusError(asked, { status: 429, body, retryAfter: '3' }).retryAfterMs).to.equal(3000)
    expect(statusError(asked, { status: 429, body }).retryAfterMs).to.equal(7000)
    expect(statusError(asked, { status: 429, body: '', retryAfter: 'Wed, 21 Oct' }).retryAfterMs).to.equal(undefined)
  })
})

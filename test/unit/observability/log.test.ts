import { expect } from 'chai'
import { OperatorError } from '../../../src/kube/errors.ts'
import { createLog } from '../../../src/observability/log.ts'

/** The lines that `write` logs, parsed. */
function logged(write: (log: ReturnType<typeof createLog>) => void): Record<string, unknown>[] {
  const lines: string[] = []
  const destination = { write: (line: string) => lines.push(line) }
  write(createLog({ level: 'debug', base: { pod: 'operator-0' }, destination }))
  return lines.map((line) => JSON.parse(line))
}

describe('createLog()', () => {
  it('writes one JSON object per line, with level, time, base and fields', () => {
    const [line] = logged((log) => log.info({ key: 'shop/main' }, 'Reconciled'))

    expect(line).to.include({ level: 'info', pod: 'operator-0', key: 'shop/main', msg: 'Reconciled' })
    expect(line?.['time']).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('leaves out what is below the level', () => {
    const lines: string[] = []
    const log = createLog({ destination: { write: (line: string) => lines.push(line) } })
    log.debug({}, 'quiet')

    expect(lines).to.deep.equal([])
  })

  it('keeps code, retry, message and cause of an error', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.1:6379')
    const error = new OperatorError('MemberUnreachable', 'Cannot reach Pod "main-0"', { cause, status: 503 })
    const [line] = logged((log) => log.warn({ err: error }, 'Reconcile failed'))

    expect(line?.['err']).to.deep.equal({
      name: 'OperatorError',
      message: 'Cannot reach Pod "main-0"',
      code: 'MemberUnreachable',
      retry: 'Transient',
      status: 503,
      cause: { name: 'Error', message: 'connect ECONNREFUSED 10.0.0.1:6379' },
    })
  })

  it('keeps the stack of a bug', () => {
    const [line] = logged((log) => log.error({ err: new OperatorError('Bug', 'x is undefined') }, 'failed'))

    expect(line).to.have.nested.property('err.stack').that.contains('log.test.ts')
  })

  it('ends on an error that is its own cause', () => {
    const error = new Error('loop')
    error.cause = error

    expect(logged((log) => log.error({ err: error }, 'failed'))).to.have.length(1)
  })
})

describe('createLog() keeps secrets out', () => {
  const secret = 'hunter2-hunter2'
  const rows: readonly [name: string, fields: object, message?: string][] = [
    ['a password field', { password: secret }],
    ['a nested password', { user: { name: 'app', password: secret } }],
    ['the data of a Secret', { object: { kind: 'Secret', data: { password: secret } } }],
    ['the arguments of a failed command', { err: Object.assign(new Error('ERR'), { command: { args: [secret] } }) }],
    ['a password in a URL within a text', { err: new Error(`connect to rediss://app:${secret}@main:6379 failed`) }],
    ['a bearer token in a text', { note: `sent Authorization: Bearer ${secret}` }],
    ['a private key in a text', { note: `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----` }],
    ['a password in the URL of a message', {}, `redis://:${secret}@main:6379`],
  ]
  for (const [name, fields, message = 'failed'] of rows) {
    it(name, () => {
      const text = JSON.stringify(logged((log) => log.error(fields, message)))

      expect(text).to.not.contain(secret)
      expect(text).to.match(/redacted|ERR/)
    })
  }
})

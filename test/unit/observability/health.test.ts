import { request } from 'node:http'
import { expect } from 'chai'
import { type HealthCheck, type HealthServer, startHealthServer } from '../../../src/observability/health.ts'

type Answer = Readonly<{ status: number | undefined; contentType: string | undefined; body: string }>

function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode, contentType: response.headers['content-type'], body }),
      )
    })
    call.on('error', reject)
    call.end()
  })
}

describe('startHealthServer()', () => {
  let caches: ReturnType<HealthCheck> = true
  let server: HealthServer
  before(async () => {
    server = await startHealthServer({
      port: 0,
      host: '127.0.0.1',
      live: { process: () => true },
      ready: { caches: () => caches },
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    })
  })
  after(() => server.close())

  it('answers /healthz', async () => {
    expect(await ask(server.port, '/healthz')).to.include({ status: 200, body: '[+] process ok\nok\n' })
  })

  it('names the check that fails', async () => {
    caches = 'Pod is not listed yet'
    const failed = await ask(server.port, '/readyz?verbose')
    caches = true
    const passed = await ask(server.port, '/readyz')

    expect(failed).to.include({ status: 503, body: '[-] caches: Pod is not listed yet\nfailed\n' })
    expect(passed.status).to.equal(200)
  })

  it('serves the metrics with their content type', async () => {
    expect(await ask(server.port, '/metrics')).to.deep.equal({
      status: 200,
      contentType: 'text/plain; version=0.0.4',
      body: 'up 1\n',
    })
  })

  it('refuses other paths and methods', async () => {
    const answers = await Promise.all([ask(server.port, '/'), ask(server.port, '/healthz', 'POST')])
    expect(answers.map(({ status }) => status)).to.deep.equal([404, 405])
  })

  it('rejects when the port is taken', async () => {
    const options = { port: server.port, host: '127.0.0.1', live: {}, ready: {} }
    const metrics = async () => ({ contentType: 'text/plain', body: '' })
    const outcome = await startHealthServer({ ...options, metrics }).catch((error: NodeJS.ErrnoException) => error.code)

    expect(outcome).to.equal('EADDRINUSE')
  })
})

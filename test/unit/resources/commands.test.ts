import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { preStopCommand, startCommand } from '../../../src/resources/commands.ts'
import { SHOP } from './samples.ts'

const run = promisify(execFile)
const VALKEY = {
  engine: 'Valkey',
  tlsMode: 'Required',
  clientAuth: 'None',
  persistence: { mode: 'None' },
  clusterDomain: 'cluster.local',
} as const

/** A shell command that prints what INFO replication says. */
function info(role: string, replica = '', state = 'no-failover'): string {
  return `printf 'role:${role}\\r\\n${replica}\\r\\nmaster_failover_state:${state}\\r\\n'`
}

describe('commands of a server pod', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sessionstore-commands-'))
    await mkdir(join(dir, 'data'))
    await writeFile(join(dir, 'password'), 'secret-of-metrics')
  })

  afterEach(() => rm(dir, { recursive: true }))

  /** Puts a program on the PATH that notes its arguments and environment, then does what `body` says. */
  async function program(name: string, body: string): Promise<void> {
    const note = `printf '%s\\n' "$*" >> ${dir}/arguments; printf '%s\\n' "$REDISCLI_AUTH" >> ${dir}/auth`
    await writeFile(join(dir, name), `#!/bin/sh\n${note}\n${body}\n`)
    await chmod(join(dir, name), 0o755)
  }

  /** Runs a command with the paths of a pod moved into the folder of the test. */
  function runInPod([file = '', ...args]: readonly string[]): Promise<unknown> {
    const moved = args.map((arg) =>
      arg.replaceAll('/data', join(dir, 'data')).replaceAll('/etc/sessionstore/metrics', dir),
    )
    return run(file, moved, { env: { PATH: `${dir}:${process.env['PATH']}`, POD_NAME: 'shop-2' } })
  }

  async function calls(): Promise<readonly string[]> {
    return (await readFile(join(dir, 'arguments'), 'utf8')).trimEnd().split('\n')
  }

  it('the start removes what an earlier container left behind, and nothing else', async () => {
    for (const name of ['dump.rdb', 'temp-12.rdb', 'kept']) await writeFile(join(dir, 'data', name), 'x')
    await mkdir(join(dir, 'data', 'appendonlydir'))
    await writeFile(join(dir, 'data', 'appendonlydir', 'base.rdb'), 'x')
    await program('valkey-server', '')

    await runInPod(startCommand(SHOP, VALKEY))

    expect(await readdir(join(dir, 'data'))).to.deep.equal(['kept'])
  })

  for (const [mode, kept] of [
    ['RDB', ['appendonlydir', 'dump.rdb', 'kept']],
    ['AOF', ['appendonlydir', 'kept']],
  ] as const) {
    it(`the start with ${mode} keeps what the server wrote, and removes what it had only begun`, async () => {
      for (const name of ['dump.rdb', 'temp-12.rdb', 'temp-rewriteaof-bg-12.aof', 'kept'])
        await writeFile(join(dir, 'data', name), 'x')
      await mkdir(join(dir, 'data', 'appendonlydir'))
      await writeFile(join(dir, 'data', 'appendonlydir', 'base.rdb'), 'x')
      await program('valkey-server', '')

      await runInPod(startCommand(SHOP, { ...VALKEY, persistence: { mode } }))

      expect((await readdir(join(dir, 'data'))).sort()).to.deep.equal(kept)
      expect(await readdir(join(dir, 'data', 'appendonlydir'))).to.deep.equal(['base.rdb'])
    })
  }

  it('the start announces the full name of the pod', async () => {
    await program('redis-server', '')

    await runInPod(startCommand(SHOP, { ...VALKEY, engine: 'Redis' }))

    expect(await calls()).to.deep.equal([
      '/etc/sessionstore/config/server.conf --replica-announce-ip shop-2.shop-nodes.web.svc.cluster.local',
    ])
  })

  const atOnce: readonly [name: string, body: string][] = [
    ['a replica', info('slave')],
    ['a primary without replicas', info('master')],
    ['a server that is gone', 'exit 1'],
    ['a login that is refused', 'echo "NOAUTH Authentication required."'],
  ]
  for (const [name, body] of atOnce) {
    it(`the stop of ${name} is not held back`, async () => {
      await program('valkey-cli', body)

      await runInPod(preStopCommand(VALKEY))

      expect(await calls()).to.have.length(1)
    })
  }

  it('the stop of a primary with replicas waits until its role has moved', async () => {
    const isFirst = `[ "$(wc -l < ${dir}/arguments)" -lt 3 ]`
    await program(
      'valkey-cli',
      `if ${isFirst}; then ${info('master', 'slave0:ip=shop-1,state=online')}; else ${info('slave')}; fi`,
    )

    await runInPod(preStopCommand(VALKEY))

    expect(await calls()).to.have.length(3)
  })

  it('the stop of a server in the middle of a hand-over waits until its target has taken over', async () => {
    const isFirst = `[ "$(wc -l < ${dir}/arguments)" -lt 3 ]`
    const moving = info('slave', 'slave0:', 'failover-in-progress')
    await program('valkey-cli', `if ${isFirst}; then ${moving}; else ${info('slave')}; fi`)

    await runInPod(preStopCommand(VALKEY))

    expect(await calls()).to.have.length(3)
  })

  it('the password is in the environment and in no argument, and the chain is checked', async () => {
    await program('redis-cli', info('slave'))

    await runInPod(preStopCommand({ ...VALKEY, engine: 'Redis' }))

    expect((await readFile(join(dir, 'auth'), 'utf8')).trim()).to.equal('secret-of-metrics')
    expect(await calls()).to.deep.equal([
      '-h localhost -p 6379 --user metrics --no-auth-warning --tls --cacert /etc/sessionstore/tls/ca.crt info replication',
    ])
  })

  it('shows a certificate where servers ask for one', async () => {
    await program('valkey-cli', 'echo slave')

    await runInPod(preStopCommand({ ...VALKEY, clientAuth: 'Require' }))

    const files = '--cert /etc/sessionstore/tls/client.crt --key /etc/sessionstore/tls/client.key'
    expect(await calls()).to.deep.equal([
      `-h localhost -p 6379 --user metrics --no-auth-warning --tls --cacert /etc/sessionstore/tls/ca.crt ${files} info replication`,
    ])
  })

  it('without TLS the client does not speak it', async () => {
    await program('valkey-cli', info('slave'))

    await runInPod(preStopCommand({ ...VALKEY, tlsMode: 'Disabled' }))

    expect(await calls()).to.deep.equal(['-h localhost -p 6379 --user metrics --no-auth-warning info replication'])
  })
})

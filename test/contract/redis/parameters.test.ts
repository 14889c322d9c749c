import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ensureServers } from '../../../hack/servers.ts'
import type { Connection } from '../../../src/redis/connection.ts'
import { readSettings, setParameters, trySetting } from '../../../src/redis/trysetting.ts'
import { startCommand } from '../../../src/resources/commands.ts'
import { findCrashIn } from '../../../src/sessionstore/config.ts'
import { type Group, SERVER_NAMES, startGroup } from './group.ts'

const SHOP = { name: 'shop', namespace: 'web', uid: 'u', apiVersion: 'v1' }

/** The arguments that a start command gives to its server for parameters. */
function argumentsOf(parameters: Readonly<Record<string, string>>): readonly string[] {
  const options = { engine: 'Valkey', persistence: { mode: 'None' }, clusterDomain: 'cluster.local' } as const
  return startCommand(SHOP, { ...options, parameters }).slice(4)
}

for (const name of SERVER_NAMES) {
  describe(`parameters on ${name}`, function () {
    this.timeout(60_000)
    let group: Group
    let link: Connection

    before(async () => {
      group = await startGroup(name, 1)
      link = await group.connect(group.members[0] ?? expect.fail())
    })
    after(() => group?.stop())

    async function tryIt(parameter: string, value: string) {
      const result = await trySetting(link, parameter, value)
      return result.ok ? result.tried : expect.fail(result.message)
    }

    async function shown(parameter: string): Promise<string | undefined> {
      const result = await readSettings(link, [parameter])
      return result.ok ? result.shown.get(parameter) : expect.fail(result.message)
    }

    const rows: readonly [parameter: string, value: string, want: object][] = [
      ['hz', '50', { kind: 'live', shown: '50' }],
      ['proto-max-bulk-len', '1mb', { kind: 'live', shown: '1048576' }],
      ['loglevel', 'VERBOSE', { kind: 'live', shown: 'verbose' }],
      ['lazyfree-lazy-user-flush', 'YES', { kind: 'live', shown: 'yes' }],
      ['slowlog-log-slower-than', '-1', { kind: 'live', shown: '-1' }],
      ['latency-tracking-info-percentiles', '50 99.9', { kind: 'live', shown: '50 99.9' }],
      ['tcp-backlog', '99', { kind: 'restart' }],
      ['tcp-backlog', 'abc', { kind: 'restart' }],
      ['io-threads', '2', name.startsWith('valkey') ? { kind: 'live', shown: '2' } : { kind: 'restart' }],
      ['hz', 'abc', { kind: 'refused', message: "argument couldn't be parsed into an integer" }],
      ['timeout', '-5', { kind: 'refused', message: 'argument must be between 0 and 2147483647 inclusive' }],
      ['nosuch', '1', { kind: 'refused', message: "Unknown option or number of arguments for CONFIG SET - 'nosuch'" }],
    ]
    for (const [parameter, value, want] of rows) {
      it(`are asked from the server: ${parameter} ${value}`, async () => {
        expect(await tryIt(parameter, value)).to.deep.equal(want)
      })
    }

    it('stay as they were when a value is refused', async () => {
      await tryIt('timeout', '77')
      await tryIt('timeout', 'abc')

      expect(await shown('timeout')).to.equal('77')
    })

    it('are set each by itself: one that this version does not take keeps the others from nothing', async () => {
      const result = await setParameters(link, { 'maxmemory-samples': '7', nosuch: '1', timeout: '0' })

      const message = "Unknown option or number of arguments for CONFIG SET - 'nosuch'"
      expect(result).to.deep.equal({ ok: true, refused: [{ name: 'nosuch', message }] })
      expect(await shown('maxmemory-samples')).to.equal('7')
      expect(await shown('timeout')).to.equal('0')
    })

    it('that are shown as they should be are not set again', async () => {
      const before = await link.call(['INFO', 'commandstats'])
      await setParameters(link, { 'maxmemory-samples': '7' })
      const after = await link.call(['INFO', 'commandstats'])

      const sets = (reply: typeof before): unknown => /config\|set:calls=(\d+)/.exec(JSON.stringify(reply))?.[1]
      expect(sets(after)).to.equal(sets(before))
    })

    it('on the command line are taken word by word, and a wrong one is named by the server when it ends', async () => {
      const { server } = (await ensureServers())[name]
      const file = join(tmpdir(), `parameters-${name}.conf`)
      await writeFile(file, `port 0\nunixsocket ${file}.sock\nsave ""\n`)
      const start = (parameters: Readonly<Record<string, string>>): Promise<string> =>
        new Promise((resolve) => {
          const options = { timeout: 1500, cwd: tmpdir() }
          execFile(server, [file, ...argumentsOf(parameters)], options, (_, out, err) => resolve(out + err))
        })

      const good = await start({ 'tcp-backlog': '99', 'latency-tracking-info-percentiles': '50 99' })
      const bad = await start({ 'io-threads': '9999', 'tcp-backlog': '99' })

      expect(findCrashIn(good)).to.equal(undefined)
      expect(good).to.match(/[Rr]eady to accept/)
      const most = name.startsWith('valkey') ? 256 : 128
      const message = `argument must be between 1 and ${most} inclusive`
      expect(findCrashIn(bad)).to.deep.equal({ parameter: 'io-threads', message })
    })
  })
}

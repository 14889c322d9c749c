import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../../hack/processes.ts'
import { ensureServers, type ServerName } from '../../../hack/servers.ts'
import type { PersistenceMode } from '../../../src/api/v1alpha1/defaults.ts'
import {
  buildDefaultUser,
  buildGenericUser,
  buildMetricsUser,
  buildOperatorUser,
  buildReplicationUser,
  renderAclFile,
} from '../../../src/redis/acl.ts'
import { type Connection, type ConnectionOptions, type Opened, openConnection } from '../../../src/redis/connection.ts'
import type { PrepareInput } from '../../../src/redis/prepare.ts'
import { liveSettings, renderServerConfig, type ServerConfigInput } from '../../../src/redis/serverconfig.ts'
import type { AclUser, EngineVersion } from '../../../src/redis/types.ts'
import { issueCertificates, type TestCertificates } from './certificates.ts'

/** The servers each scenario runs on. */
export const SERVER_NAMES: readonly ServerName[] = ['valkey-9.1', 'redis-8.0', 'redis-7.0']

/** Passwords of a group, made anew for each. */
export type Passwords = Readonly<{ operator: string; replication: string; metrics: string; app: string }>

/** One server process with TLS on a loopback address of its own. */
export type Member = Readonly<{
  name: string
  ip: string
  /** Name in the certificate. */
  host: string
  start: () => Promise<void>
  kill: (signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM') => Promise<void>
  log: () => Promise<string>
}>

/** Servers of one store: same port, users, CA; rendered by the code under test. */
export type Group = Readonly<{
  server: EngineVersion
  port: number
  members: readonly Member[]
  passwords: Passwords
  certificates: TestCertificates
  config: ServerConfigInput
  users: readonly AclUser[]
  prepareInput: PrepareInput
  /** Opens a connection as the operator, or as told; throws when it cannot. */
  connect: (member: Member, options?: Partial<ConnectionOptions>) => Promise<Connection>
  open: (member: Member, options?: Partial<ConnectionOptions>) => Promise<Opened>
  stop: () => Promise<void>
}>

/** Lower-case hex SHA-256, as ACL rules take it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The engine and version behind a name such as `valkey-9.1`. */
export function engineOf(name: ServerName): EngineVersion {
  const [program = '', version = ''] = name.split('-')
  return { engine: program === 'valkey' ? 'Valkey' : 'Redis', version }
}

/** Starts servers that wait, as new pods do: replicas of a closed port. */
export async function startGroup(
  name: ServerName,
  count: number,
  options: Readonly<{ tls: 'Required' | 'Disabled'; persistence?: PersistenceMode }> = { tls: 'Required' },
): Promise<Group> {
  const programs = (await ensureServers())[name]
  const server = engineOf(name)
  const dir = await mkdtemp(join(tmpdir(), 'sessionstore-redis-'))
  const port = 6379
  const [a = 0, b = 0] = randomBytes(2)
  const network = `127.${100 + (a % 100)}.${b}`
  const places = Array.from({ length: count }, (_, ordinal) => ({
    name: `s-${ordinal}`,
    ip: `${network}.${ordinal + 1}`,
    host: `s-${ordinal}.s-nodes.test`,
  }))
  const certificates = await issueCertificates(
    places.map(({ host }) => host),
    places.map(({ ip }) => ip),
  )
  const passwords = { operator: secret(), replication: secret(), metrics: secret(), app: secret() }
  const users = renderUsers(server, passwords)
  const { tls, ...rest } = makeConfig(dir, port)
  const plain = { ...rest, persistence: options.persistence ?? rest.persistence }
  const config = options.tls === 'Required' && tls ? { ...plain, tls } : plain
  await writeFiles(dir, certificates, users)
  const members = places.map((place) => makeMember(place, { dir, program: programs.server, config, port }))
  const open = (member: Member, changes: Partial<ConnectionOptions> = {}) =>
    openConnection({
      address: { host: member.ip, port },
      ...(options.tls === 'Required' ? { tls: { ca: certificates.ca, servername: member.host } } : {}),
      username: 'operator',
      passwords: [passwords.operator],
      connectTimeoutMs: 2000,
      commandTimeoutMs: 2000,
      clientName: 'test',
      ...changes,
    })
  await Promise.all(members.map((member) => member.start()))
  const opened: Connection[] = []
  const group: Group = {
    server,
    port,
    members,
    passwords,
    certificates,
    config,
    users,
    prepareInput: {
      users,
      settings: liveSettings(config),
      replication: { username: 'replication', password: passwords.replication },
      hash: 'h1',
    },
    open,
    connect: async (member, changes) => {
      const result = await open(member, changes)
      if (!result.ok) throw new Error(`Cannot connect to ${member.name}: ${result.reason} ${result.message}`)
      opened.push(result.connection)
      return result.connection
    },
    stop: async () => {
      for (const connection of opened) connection.close()
      await Promise.all(members.map((member) => member.kill('SIGKILL')))
      await rm(dir, { recursive: true, force: true })
    },
  }
  await Promise.all(members.map((member) => until(`${member.name} to answer`, () => answers(group, member), waiting)))
  return group
}

const waiting = { timeoutMs: 10_000, everyMs: 20 }

async function answers(group: Group, member: Member): Promise<boolean> {
  const result = await group.open(member)
  if (result.ok) result.connection.close()
  else if (result.reason !== 'Refused') throw new Error(`${member.name}: ${result.reason} ${result.message}`)
  return result.ok
}

function secret(): string {
  return randomBytes(24).toString('base64url')
}

function renderUsers(server: EngineVersion, passwords: Passwords): readonly AclUser[] {
  const of = (password: string) => ({ server, passwordHashes: [sha256(password)] })
  return [
    buildDefaultUser(),
    buildOperatorUser(of(passwords.operator)),
    buildReplicationUser(of(passwords.replication)),
    buildMetricsUser(of(passwords.metrics)),
    buildGenericUser({
      ...of(passwords.app),
      namespace: 'shop',
      binding: 'web',
      keyPrefix: 'sess:',
      tenancy: 'Dedicated',
    }),
  ]
}

function makeConfig(dir: string, port: number): ServerConfigInput {
  return {
    port,
    tls: {
      certFile: join(dir, 'tls.crt'),
      keyFile: join(dir, 'tls.key'),
      caFile: join(dir, 'ca.crt'),
      clientAuth: 'None',
    },
    persistence: 'None',
    aclFile: join(dir, 'users.acl'),
    dataDir: dir,
    maxMemoryBytes: 64 * 1024 ** 2,
    maxMemoryPolicy: 'volatile-ttl',
    maxClients: 200,
    backlogBytes: 4 * 1024 ** 2,
    replicaBufferBytes: 32 * 1024 ** 2,
    minReplicasToWrite: 0,
    maxLagSeconds: 2,
  }
}

async function writeFiles(dir: string, certificates: TestCertificates, users: readonly AclUser[]): Promise<void> {
  await writeFile(join(dir, 'tls.crt'), certificates.cert)
  await writeFile(join(dir, 'tls.key'), certificates.key, { mode: 0o600 })
  await writeFile(join(dir, 'ca.crt'), certificates.ca)
  await writeFile(join(dir, 'users.acl'), renderAclFile(users))
}

type Place = Readonly<{ name: string; ip: string; host: string }>
type Setup = Readonly<{ dir: string; program: string; config: ServerConfigInput; port: number }>

function makeMember(place: Place, { dir, program, config }: Setup): Member {
  const logFile = join(dir, `${place.name}.log`)
  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()
  return {
    ...place,
    start: async () => {
      const data = join(dir, place.name)
      await mkdir(data, { recursive: true })
      await writeFile(join(data, 'server.conf'), renderServerConfig({ ...config, dataDir: data }))
      const log = openSync(logFile, 'a')
      const own = ['--bind', place.ip, '--replica-announce-ip', place.ip]
      const started = spawn(program, [join(data, 'server.conf'), ...own], { stdio: ['ignore', log, log] })
      closeSync(log)
      // A test run that crashes leaves no server behind.
      const end = () => started.kill('SIGKILL')
      process.once('exit', end)
      started.once('close', () => process.off('exit', end))
      ended = new Promise((resolve) => started.once('close', () => resolve()))
      child = started
    },
    kill: async (signal) => {
      child?.kill(signal)
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await ended
    },
    log: () => readFile(logFile, 'utf8'),
  }
}

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { programPath } from './paths.ts'
import { isRunning, startDetached, until } from './processes.ts'

/** How to start a local API server. */
export type ApiServerOptions = Readonly<{
  /** State folder, removed by stop(). Default: one below the system's folder for temporary files, named by the port. */
  dir?: string
  /** HTTPS port on 127.0.0.1; etcd takes the next two. Default: three free ones. */
  port?: number
  /** More arguments for kube-apiserver. */
  args?: readonly string[]
}>

/** A running etcd and kube-apiserver on 127.0.0.1: no kubelet, no controllers, no containers. */
export type ApiServer = Readonly<{
  /** Path of a kubeconfig whose current context is an administrator; its context `dev` is a user without any rights. */
  kubeconfig: string
  url: string
  dir: string
  port: number
  /** Bearer token of the user `dev` (group `devs`), who has no rights: for tests of RBAC. */
  devToken: string
  /** SIGKILLs kube-apiserver; etcd and its data stay. */
  kill: () => Promise<void>
  /** Starts kube-apiserver again on the same port with the same data (killing it first if it runs); resolves once ready. */
  restart: () => Promise<void>
  /** Ends both and removes the state folder. */
  stop: () => Promise<void>
}>

type Place = Readonly<{ dir: string; port: number; args: readonly string[] }>

/** Starts etcd and kube-apiserver (about 3 s) and resolves once /readyz answers; one that already runs in `dir` is taken. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const port = options.port ?? (await findFreePorts())
  const dir = resolve(options.dir ?? defaultDir(port))
  const place: Place = { dir, port, args: options.args ?? [] }
  for (const program of ['etcd', 'kube-apiserver'] as const) {
    if (!existsSync(programPath(program))) {
      throw new Error(
        `Cannot start ${program}: ${programPath(program)} is missing, build it with "node hack/build.ts ${program}"`,
      )
    }
  }
  if (!isUp(place, 'etcd')) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    writeIdentities(place)
    startEtcd(place)
  }
  await startServer(place)
  return handle(place)
}

function defaultDir(port: number): string {
  return join(tmpdir(), `sessionstore-apiserver-${port}`)
}

function handle(place: Place): ApiServer {
  return {
    kubeconfig: join(place.dir, 'kubeconfig'),
    url: `https://127.0.0.1:${place.port}`,
    dir: place.dir,
    port: place.port,
    devToken: token(place, 'dev'),
    kill: () => end(place, 'kube-apiserver'),
    restart: async () => {
      await end(place, 'kube-apiserver')
      await startServer(place)
    },
    stop: () => stopApiServer(place.dir),
  }
}

/** Ends the API server whose state is in `dir` and removes the folder. */
export async function stopApiServer(dir: string): Promise<void> {
  const place = { dir: resolve(dir), port: 0, args: [] }
  await end(place, 'kube-apiserver')
  await end(place, 'etcd')
  rmSync(place.dir, { recursive: true, force: true })
}

async function findFreePorts(): Promise<number> {
  for (;;) {
    const port = await listenOnce(0)
    const next = await Promise.all([listenOnce(port + 1), listenOnce(port + 2)])
    if (port > 0 && next.every((free) => free > 0)) return port
  }
}

/** The port that could be listened on; 0 when it is taken. */
function listenOnce(port: number): Promise<number> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(0))
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function writeIdentities(place: Place): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const secret = { mode: 0o600 }
  writeFileSync(join(place.dir, 'sa.key'), privateKey.export({ type: 'sec1', format: 'pem' }), secret)
  const [admin, dev] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')]
  writeFileSync(join(place.dir, 'tokens.csv'), `${admin},admin,u1,system:masters\n${dev},dev,u2,devs\n`, secret)
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'local',
        cluster: {
          server: `https://127.0.0.1:${place.port}`,
          'certificate-authority': join(place.dir, 'tls', 'apiserver.crt'),
        },
      },
    ],
    users: [
      { name: 'admin', user: { token: admin } },
      { name: 'dev', user: { token: dev } },
    ],
    contexts: [
      { name: 'local', context: { cluster: 'local', user: 'admin' } },
      { name: 'dev', context: { cluster: 'local', user: 'dev' } },
    ],
    'current-context': 'local',
  }
  writeFileSync(join(place.dir, 'kubeconfig'), JSON.stringify(kubeconfig, null, 2), secret)
}

function token(place: Place, user: string): string {
  const line = readFileSync(join(place.dir, 'tokens.csv'), 'utf8')
    .split('\n')
    .find((row) => row.split(',')[1] === user)
  return line?.split(',')[0] ?? ''
}

function startEtcd(place: Place): void {
  const client = `http://127.0.0.1:${place.port + 1}`
  const peer = `http://127.0.0.1:${place.port + 2}`
  start(place, 'etcd', [
    `--data-dir=${join(place.dir, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
    '--watch-progress-notify-interval=5s',
    '--log-level=warn',
  ])
}

async function startServer(place: Place): Promise<void> {
  if (!isUp(place, 'kube-apiserver')) {
    start(place, 'kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${place.port + 1}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${place.port}`,
      `--cert-dir=${join(place.dir, 'tls')}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${join(place.dir, 'tokens.csv')}`,
      '--service-cluster-ip-range=10.0.0.0/16',
      '--allow-privileged=true',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${join(place.dir, 'sa.key')}`,
      `--service-account-key-file=${join(place.dir, 'sa.key')}`,
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      ...place.args,
    ])
  }
  await until(`kube-apiserver on port ${place.port}`, () => isReady(place), { timeoutMs: 60_000, everyMs: 50 })
}

async function isReady(place: Place): Promise<boolean> {
  for (const program of ['etcd', 'kube-apiserver'] as const) {
    if (isUp(place, program)) continue
    const tail = readFileSync(join(place.dir, `${program}.log`), 'utf8')
      .trim()
      .split('\n')
      .slice(-5)
      .join('\n')
    throw new Error(`Cannot start ${program}: it has ended, its log ends with\n${tail}`)
  }
  const certificate = join(place.dir, 'tls', 'apiserver.crt')
  if (!existsSync(certificate)) return false
  const ca = readFileSync(certificate)
  return new Promise((done) => {
    const headers = { authorization: `Bearer ${token(place, 'admin')}` }
    const call = request(
      { host: '127.0.0.1', port: place.port, path: '/readyz', ca, headers, timeout: 2000 },
      (response) => {
        response.resume()
        done(response.statusCode === 200)
      },
    )
    call.on('timeout', () => call.destroy())
    call.on('error', () => done(false))
    call.end()
  })
}

function start(place: Place, program: 'etcd' | 'kube-apiserver', args: readonly string[]): void {
  const env = { PATH: '/usr/bin:/bin', HOME: place.dir }
  const pid = startDetached([programPath(program), ...args], { env, logFile: join(place.dir, `${program}.log`) })
  writeFileSync(join(place.dir, `${program}.pid`), String(pid))
}

function pidOf(place: Place, program: string): number {
  const file = join(place.dir, `${program}.pid`)
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
}

function isUp(place: Place, program: string): boolean {
  const pid = pidOf(place, program)
  return pid > 0 && isRunning(pid, place.dir)
}

/** Data is thrown away, so nothing is gained by a graceful end. */
async function end(place: Place, program: string): Promise<void> {
  if (!isUp(place, program)) return
  process.kill(pidOf(place, program), 'SIGKILL')
  await until(`the end of ${program}`, () => !isUp(place, program), { timeoutMs: 10_000, everyMs: 20 })
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '26443' },
      dir: { type: 'string' },
      arg: { type: 'string', multiple: true },
    },
  })
  const port = Number(values.port)
  const dir = values.dir ?? defaultDir(port)
  const [command = 'start'] = positionals
  if (command === 'start') console.log((await startApiServer({ dir, port, args: values.arg ?? [] })).kubeconfig)
  else if (command === 'stop') await stopApiServer(dir)
  else if (command === 'status') {
    const place = { dir: resolve(dir), port, args: [] }
    for (const program of ['etcd', 'kube-apiserver']) console.log(`${program} ${isUp(place, program) ? 'up' : 'down'}`)
  } else throw new Error(`Cannot run "${command}": it must be start, stop or status`)
}

if (import.meta.main) await main()

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, repoDir, versions } from '../paths.ts'
import { runCommand } from '../processes.ts'
import { type ImageSpec, isArchiveCurrent, writeArchive } from './archive.ts'
import { clusterEnvironment } from './environment.ts'
import type { Machine } from './machine.ts'
import { digestOf, rootfs, rootfsPath, unusedInContainers } from './packages.ts'
import { imagesDir } from './places.ts'
import { copyWithLibraries, freshDir, freshTree, putFiles, putTexts } from './stage.ts'

const packageFile = JSON.parse(readFileSync(join(repoDir, 'package.json'), 'utf8')) as Readonly<{
  version: string
  dependencies: Readonly<Record<string, string>>
}>

/** Reference of the operator's image: its tag is the version in package.json. */
export const operatorImage = `docker.io/sessionstore/operator:${packageFile.version}`

/** Reference of the image with the clients that the cluster tests use. */
export const clientImage = 'docker.io/sessionstore/client:dev'

const stageDir = join(cacheDir, 'stage')
const nodeInTree = '/usr/local/bin/node'
/** What no program reads at run time. */
const unusedPackageFiles = /\.(md|map|markdown)$|\.d\.[cm]?ts$/

/** Builds the operator's image if a source has changed; gives the archive (by packages) or the reference (by an engine). */
export async function makeOperatorImage(machine: Machine, logFile: string): Promise<ImageSpec> {
  const inputs = ['src', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'images/operator']
  const spec = ownSpec('operator', operatorImage, inputs, ['runtime', 'modules', 'program'])
  if (isOwnCurrent(spec, machine)) return spec
  if (machine.way === 'engine') {
    await dockerBuild(spec, { NODE_VERSION: versions.node }, logFile)
    return spec
  }
  await gatherRuntime()
  await gatherModules(logFile)
  await gatherProgram(logFile)
  await writeArchive(
    {
      ...spec,
      entrypoint: ['node', '/app/dist/main.js'],
      user: '65532:65532',
      env: ['NODE_ENV=production'],
      workingDir: '/app',
    },
    logFile,
  )
  return spec
}

/** Builds the image with the clients if a program of test/cluster/client has changed. */
export async function makeClientImage(machine: Machine, logFile: string): Promise<ImageSpec> {
  const ioredis = packageFile.dependencies['ioredis'] ?? 'latest'
  const spec = ownSpec('client', clientImage, ['test/cluster/client', 'images/client'], ['client'])
  if (isOwnCurrent(spec, machine)) return spec
  if (machine.way === 'engine') {
    const settings = { NODE_VERSION: versions.node, IOREDIS_VERSION: ioredis, NODE_REDIS_VERSION: versions.nodeRedis }
    await dockerBuild(spec, settings, logFile)
    return spec
  }
  await gatherRuntime()
  checkRedisPy()
  const dir = freshDir(join(stageDir, 'client'), ['client'])
  const install = ['npm', 'install', '--prefix', dir, '--ignore-scripts', '--no-fund', '--no-audit', '--no-save']
  await runCommand([...install, `ioredis@${ioredis}`, `redis@${versions.nodeRedis}`], { cwd: dir, logFile })
  const programs = join(repoDir, 'test', 'cluster', 'client')
  const names = existsSync(programs)
    ? readdirSync(programs).filter((name) => statSync(join(programs, name)).isFile())
    : []
  putFiles(dir, Object.fromEntries(names.map((name) => [`client/${name}`, join(programs, name)])), 0o644)
  // The first layer is the operator's own, so that a node unpacks Node once.
  const runtime = { dir: join(stageDir, 'runtime') }
  const tree = { dir: rootfsPath(rootfs.client), excludes: [...unusedInContainers, `.${nodeInTree}`] }
  await writeArchive(
    { ...spec, layers: [runtime, tree, ...spec.layers], cmd: ['node'], user: '65532:65532', workingDir: '/client' },
    logFile,
  )
  return spec
}

function ownSpec(name: string, reference: string, inputs: readonly string[], layers: readonly string[]): ImageSpec {
  const parts = [readFileSync(import.meta.filename, 'utf8'), JSON.stringify([versions, rootfs.client])]
  const files = inputs.flatMap((input) => listFiles(join(repoDir, input)))
  const texts = files.map((file) => `${file.slice(repoDir.length)}\n${readFileSync(file, 'utf8')}`)
  return {
    file: join(imagesDir, `${name}.tar`),
    references: [reference],
    key: digestOf([...parts, ...texts].join('\n')),
    layers: layers.map((layer) => ({ dir: join(stageDir, layer) })),
  }
}

/** In the usual way the engine keeps the layers: building again costs nothing. */
function isOwnCurrent(spec: ImageSpec, machine: Machine): boolean {
  return machine.way === 'packages' && isArchiveCurrent(spec)
}

async function dockerBuild(
  spec: ImageSpec,
  settings: Readonly<Record<string, string>>,
  logFile: string,
): Promise<void> {
  const folder = spec.references[0] === operatorImage ? 'operator' : 'client'
  const file = join(repoDir, 'images', folder, 'Dockerfile')
  const settingArguments = Object.entries(settings).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
  const tags = spec.references.flatMap((reference) => ['--tag', reference])
  const env = { ...clusterEnvironment('engine'), DOCKER_BUILDKIT: '1' }
  await runCommand(['docker', 'build', '--file', file, ...tags, ...settingArguments, repoDir], { env, logFile })
}

/** The Node that runs this very program is the one that images get: it comes from its npm package, pinned by the lock file. */
function putNode(): void {
  if (process.versions.node !== versions.node) {
    throw new Error(
      `Cannot build the image: Node is ${process.versions.node}, must be ${versions.node} (run it by npm run)`,
    )
  }
  putFiles(rootfsPath(rootfs.client), { [nodeInTree]: process.execPath }, 0o755)
}

/** redis-py comes from Debian, whose version moves on: the tests print the pinned one, so it must be the real one. */
function checkRedisPy(): void {
  const names = readdirSync(join(rootfsPath(rootfs.client), 'usr/lib/python3/dist-packages'))
  const found = names.find((name) => /^redis-.*-info$/.test(name)) ?? 'missing'
  if (found.startsWith(`redis-${versions.redisPy}.`)) return
  throw new Error(
    `Cannot build the client image: python3-redis is ${found}, must be the ${versions.redisPy} of hack/versions.env`,
  )
}

async function gatherRuntime(): Promise<void> {
  putNode()
  const dir = freshTree(join(stageDir, 'runtime'))
  const tree = rootfsPath(rootfs.client)
  await copyWithLibraries(tree, dir, [nodeInTree])
  const authorities = 'etc/ssl/certs/ca-certificates.crt'
  putFiles(dir, { [authorities]: join(tree, authorities) })
  putTexts(dir, {
    'etc/passwd': 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n',
    'etc/group': 'root:x:0:\nnonroot:x:65532:\n',
    'etc/nsswitch.conf': 'hosts: files dns\n',
  })
}

async function gatherModules(logFile: string): Promise<void> {
  const dir = freshDir(join(stageDir, 'modules'), ['app'])
  const app = join(dir, 'app')
  putFiles(
    app,
    Object.fromEntries(['package.json', 'package-lock.json', '.npmrc'].map((name) => [name, join(repoDir, name)])),
  )
  await runCommand(['npm', 'ci', '--omit=dev', '--ignore-scripts', '--no-fund', '--no-audit'], { cwd: app, logFile })
  for (const name of ['package-lock.json', '.npmrc']) rmSync(join(app, name))
  for (const file of listFiles(join(app, 'node_modules'))) if (unusedPackageFiles.test(file)) rmSync(file)
}

async function gatherProgram(logFile: string): Promise<void> {
  const dist = join(freshDir(join(stageDir, 'program'), ['app']), 'app', 'dist')
  const compiler = join(repoDir, 'node_modules', '.bin', 'tsc')
  await runCommand([compiler, '-p', join(repoDir, 'tsconfig.build.json'), '--outDir', dist, '--sourceMap', 'false'], {
    cwd: repoDir,
    logFile,
  })
}

function listFiles(path: string): readonly string[] {
  if (!existsSync(path)) return []
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

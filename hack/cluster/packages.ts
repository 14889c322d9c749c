import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from '../paths.ts'
import { runCommand, tryCommand } from '../processes.ts'
import { unmountBelow } from './mounts.ts'
import { packagesDir, rootfsDir } from './places.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Sets of Debian packages that are unpacked side by side, not installed: the machine's own packages stay as they are. */
export const packageSets = {
  /** The container engine of an old release: it runs on cgroup v1 and without a network. */
  engine: { suite: 'bookworm', packages: ['docker.io', 'containerd', 'tini', 'runc', 'debootstrap', 'busybox'] },
  /** What the nodes take from the newest release: kubelet of today wants a containerd 2. */
  node: { suite: 'sid', packages: ['containerd', 'containernetworking-plugins'] },
} as const

/** A root file system made by debootstrap. */
export type Rootfs = Readonly<{ name: string; suite: string; packages: readonly string[] }>

/** The root file systems that images are made from. */
export const rootfs = {
  node: {
    name: 'node',
    suite: 'bookworm',
    packages:
      'procps mount util-linux iproute2 iptables nftables conntrack ipset ethtool socat jq ca-certificates runc kmod hostname catatonit iputils-ping tar gzip'.split(
        ' ',
      ),
  },
  valkey: { name: 'valkey', suite: 'sid', packages: ['valkey-server'] },
  redis8: { name: 'redis8', suite: 'trixie', packages: ['redis-server'] },
  redis7: { name: 'redis7', suite: 'bookworm', packages: ['redis-server'] },
  client: {
    name: 'client',
    suite: 'trixie',
    packages: ['libstdc++6', 'ca-certificates', 'python3-minimal', 'python3-redis', 'redis-tools', 'openssl'],
  },
} as const satisfies Record<string, Rootfs>

/** Patterns of the files of a root file system that no program in a container reads: without them it is half as large. */
export const unusedInContainers: readonly string[] = [
  ...['doc', 'man', 'locale', 'info', 'i18n', 'zoneinfo', 'perl', 'perl5', 'bash-completion'].map(
    (name) => `./usr/share/${name}/*`,
  ),
  ...['cache/apt', 'lib/apt', 'lib/dpkg', 'log'].map((name) => `./var/${name}/*`),
  ...['perl*', 'dpkg*', 'apt*', 'x86_64-linux-gnu-*'].map((name) => `./usr/bin/${name}`),
  './usr/lib/apt/*',
  './usr/lib/udev/hwdb.bin',
  './usr/lib/x86_64-linux-gnu/perl*',
  './etc/apt/*',
  './dev/*',
]

/** Unpacks a set of packages into its folder of the cache, unless that has been done. */
export async function unpackPackages(set: keyof typeof packageSets, logFile: string): Promise<string> {
  const { suite, packages } = packageSets[set]
  const target = join(packagesDir, set)
  const key = `${suite} ${packages.join(' ')}`
  if (readKey(target) === key) return 'kept'
  const downloads = join(packagesDir, `${set}.deb`)
  rmSync(downloads, { recursive: true, force: true })
  mkdirSync(downloads, { recursive: true })
  const env = { ...process.env, APT_CONFIG: writeAptConfig(suite) }
  await runCommand(['apt-get', 'update', '-q'], { env, logFile })
  const options = { cwd: downloads, env, logFile }
  await runCommand(['apt-get', 'download', '-q', ...packages.map((name) => `${name}/${suite}`)], options)
  const fresh = `${target}.tmp`
  rmSync(fresh, { recursive: true, force: true })
  for (const file of readdirSync(downloads))
    await runCommand(['dpkg-deb', '-x', join(downloads, file), fresh], { logFile })
  await replaceDir(fresh, target, key)
  return `${packages.length} packages`
}

/** Makes a root file system, unless that has been done; gives its folder. */
export async function makeRootfs(wanted: Rootfs, logFile: string): Promise<string> {
  const target = rootfsPath(wanted)
  const key = `${wanted.suite} ${wanted.packages.join(' ')}`
  if (readKey(target) === key) return 'kept'
  const fresh = `${target}.tmp`
  await unmountBelow(fresh)
  rmSync(fresh, { recursive: true, force: true })
  const debs = join(cacheDir, 'debs', wanted.suite)
  mkdirSync(debs, { recursive: true })
  mkdirSync(rootfsDir, { recursive: true })
  const tool = join(packagesDir, 'engine', 'usr')
  const env = { ...process.env, DEBOOTSTRAP_DIR: join(tool, 'share', 'debootstrap'), LC_ALL: 'C' }
  const options = [
    '--variant=minbase',
    `--cache-dir=${debs}`,
    `--keyring=${keyring}`,
    `--include=${wanted.packages.join(',')}`,
  ]
  const command = [join(tool, 'sbin', 'debootstrap'), ...options, wanted.suite, fresh, findMirror()]
  await runCommand(['nice', ...command], { env, logFile })
  await unmountBelow(fresh)
  await replaceDir(fresh, target, key)
  return wanted.suite
}

/** The folder of a root file system. */
export function rootfsPath(wanted: Rootfs): string {
  return join(rootfsDir, `${wanted.name}-${wanted.suite}`)
}

/** Names the programs and libraries that the way by packages needs of the machine itself and does not find. */
export async function findMissing(): Promise<readonly string[]> {
  const missing: string[] = []
  if (process.getuid?.() !== 0) missing.push('root (run it with sudo)')
  if (!existsSync(keyring)) missing.push('debian-archive-keyring')
  const programs = {
    'apt-get': 'apt',
    'dpkg-deb': 'dpkg',
    wget: 'wget',
    nsenter: 'util-linux',
    ip: 'iproute2',
    tar: 'tar',
  }
  for (const [program, owner] of Object.entries(programs)) {
    if ((await tryCommand(['sh', '-c', `command -v ${program}`])).code !== 0)
      missing.push(`${program} (package ${owner})`)
  }
  return missing
}

/** An own configuration of apt: one suite, its lists in the cache, the mirror of the machine's own sources. */
function writeAptConfig(suite: string): string {
  const dir = join(packagesDir, 'apt', suite)
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    mkdirSync(join(dir, folder), { recursive: true })
  writeFileSync(join(dir, 'sources.list'), `deb [signed-by=${keyring}] ${findMirror()} ${suite} main\n`)
  const settings = {
    'Dir::Etc::sourcelist': join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': '/nonexistent',
    'Dir::State': join(dir, 'state'),
    'Dir::Cache': join(dir, 'cache'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'APT::Sandbox::User': 'root',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`)
  writeFileSync(join(dir, 'apt.conf'), `${lines.join('\n')}\n`)
  return join(dir, 'apt.conf')
}

/** The Debian mirror this machine already uses. */
function findMirror(): string {
  const folder = '/etc/apt/sources.list.d'
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []
  for (const file of [...files, '/etc/apt/sources.list'].filter(
    (name) => /\.(sources|list)$/.test(name) && existsSync(name),
  )) {
    const uri = /(?:^URIs:\s*|^deb\s+(?:\[[^\]]*\]\s+)?)(\S+\/debian)\/?(?:\s|$)/m.exec(readFileSync(file, 'utf8'))?.[1]
    if (uri) return uri
  }
  throw new Error(
    'Cannot find a Debian mirror: /etc/apt names none, must have a source whose address ends with /debian',
  )
}

function keyFile(target: string): string {
  return `${target}.key`
}

function readKey(target: string): string {
  return existsSync(target) && existsSync(keyFile(target)) ? readFileSync(keyFile(target), 'utf8') : ''
}

async function replaceDir(fresh: string, target: string, key: string): Promise<void> {
  rmSync(keyFile(target), { force: true })
  rmSync(target, { recursive: true, force: true })
  renameSync(fresh, target)
  writeFileSync(keyFile(target), key)
}

/** A short name for a text, for keys of what was made from it. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

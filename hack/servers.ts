import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDir } from './paths.ts'
import { runCommand } from './processes.ts'

/** The servers our commands are tested against, each from the Debian suite that carries it. */
const SERVERS = {
  'valkey-9.1': { suite: 'sid', program: 'valkey', version: '9.1.' },
  'redis-8.0': { suite: 'trixie', program: 'redis', version: '8.0.' },
  'redis-7.0': { suite: 'bookworm', program: 'redis', version: '7.0.' },
} as const

/** Name of a server the tests run on. */
export type ServerName = keyof typeof SERVERS

/** Paths of a server and of its command line client. */
export type ServerPrograms = Readonly<{ server: string; cli: string }>

/**
 * Gives the programs of each server, fetching what is missing (about 20 s each) into the cache. Packages are only
 * unpacked: they are resolved in a private apt root, so that nothing of the machine changes, and run through the C
 * library they came with, which is newer than the machine's own.
 */
export async function ensureServers(): Promise<Record<ServerName, ServerPrograms>> {
  return {
    'valkey-9.1': await ensureServer('valkey-9.1'),
    'redis-8.0': await ensureServer('redis-8.0'),
    'redis-7.0': await ensureServer('redis-7.0'),
  }
}

async function ensureServer(name: ServerName): Promise<ServerPrograms> {
  const dir = join(cacheDir, 'bin', name)
  const { program } = SERVERS[name]
  const programs = { server: join(dir, `${program}-server`), cli: join(dir, `${program}-cli`) }
  if (!existsSync(programs.server)) await fetchServer(name, dir)
  return programs
}

async function fetchServer(name: ServerName, dir: string): Promise<void> {
  const { suite, program, version } = SERVERS[name]
  const startedMs = Date.now()
  // Another run may fetch the same: each works in a folder of its own, and the first rename wins.
  const work = join(cacheDir, 'apt', `${name}-${process.pid}`)
  const root = join(work, 'root')
  await rm(work, { recursive: true, force: true })
  await mkdir(root, { recursive: true })
  const apt = await makeAptRoot(work, suite)
  await runCommand([...apt, '-q', 'update'])
  const wanted = [`${program}-server`, `${program}-tools`]
  await downloadPackages([...apt], wanted, work)
  for (const file of (await readdir(work)).filter((file) => file.endsWith('.deb'))) {
    await runCommand(['dpkg', '-x', join(work, file), root])
  }
  await mkdir(join(work, 'out'))
  await rename(root, join(work, 'out', 'root'))
  for (const tool of [`${program}-server`, `${program}-cli`]) {
    const file = join(work, 'out', tool)
    await writeFile(file, launcher(tool))
    await chmod(file, 0o755)
  }
  const printed = await runCommand([join(work, 'out', `${program}-server`), '--version'])
  if (!printed.includes(`v=${version}`)) {
    throw new Error(`Cannot use ${program}-server of ${suite}: version is "${printed.trim()}", must be ${version}x`)
  }
  await mkdir(join(cacheDir, 'bin'), { recursive: true })
  await rename(join(work, 'out'), dir).catch((error: unknown) => {
    if (!existsSync(join(dir, `${program}-server`))) throw error
  })
  await rm(work, { recursive: true, force: true })
  console.log(`${name}: unpacked from ${suite} in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
}

/** Finds its own folder, so that the cache may be moved; exec keeps the pid for signals. */
function launcher(tool: string): string {
  return `#!/bin/sh
root=$(dirname "$(readlink -f "$0")")/root
libs=
for dir in "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu*; do libs=$libs:$dir; done
for loader in "$root"/usr/lib*/ld-linux* "$root"/lib*/ld-linux* "$root"/usr/lib/*/ld-linux* "$root"/lib/*/ld-linux*; do
  if [ -x "$loader" ]; then exec "$loader" --library-path "$libs" "$root/usr/bin/${tool}" "$@"; fi
done
echo "Cannot run ${tool}: no loader in $root" >&2
exit 127
`
}

/** The arguments that make apt-get work in `work` alone: own sources, lists, cache, and an empty list of packages. */
async function makeAptRoot(work: string, suite: string): Promise<readonly string[]> {
  const { uri, keyring } = await findMirror()
  const dirs = ['state/lists/partial', 'cache/archives/partial', 'etc']
  for (const dir of dirs) await mkdir(join(work, dir), { recursive: true })
  await writeFile(join(work, 'etc', 'sources.list'), `deb [signed-by=${keyring}] ${uri} ${suite} main\n`)
  await writeFile(join(work, 'state', 'status'), '')
  await writeFile(
    join(work, 'etc', 'apt.conf'),
    [
      // Some machines clean apt's own cache after each update.
      '#clear DPkg::Post-Invoke;',
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      `Dir::Etc::sourcelist "${join(work, 'etc', 'sources.list')}";`,
      'Dir::Etc::sourceparts "/nonexistent";',
      'Dir::Etc::preferencesparts "/nonexistent";',
      `Dir::State "${join(work, 'state')}";`,
      `Dir::State::status "${join(work, 'state', 'status')}";`,
      `Dir::Cache "${join(work, 'cache')}";`,
      'APT::Install-Recommends "false";',
      'Acquire::Languages "none";',
      'Acquire::Retries "3";',
      ...(process.getuid?.() === 0 ? ['APT::Sandbox::User "root";'] : []),
      '',
    ].join('\n'),
  )
  return ['apt-get', '-c', join(work, 'etc', 'apt.conf')]
}

/** Downloads the packages and the libraries they need; users, services and the like are of no use to a program. */
async function downloadPackages(apt: readonly string[], wanted: readonly string[], work: string): Promise<void> {
  const printed = await runCommand([...apt, '-qq', '--print-uris', 'install', ...wanted])
  const names = [...printed.matchAll(/^'[^']+' ([^_\s]+)_/gm)].map(([, name = '']) => name)
  const needed = names.filter((name) => wanted.includes(name) || /^(lib|lua|gcc-\d+-base)/.test(name))
  await runCommand([...apt, '-q', 'download', ...needed], { cwd: work })
}

/** The Debian mirror this machine already uses, from both forms of apt's sources. */
async function findMirror(): Promise<Readonly<{ uri: string; keyring: string }>> {
  const dir = '/etc/apt/sources.list.d'
  const listed = existsSync(dir) ? (await readdir(dir)).sort().map((file) => join(dir, file)) : []
  for (const file of [...listed, '/etc/apt/sources.list'].filter((file) => existsSync(file))) {
    const text = await readFile(file, 'utf8')
    const uri = /^(?:URIs:|deb\s+(?:\[[^\]]*\]\s+)?)\s*(\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1]
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
    if (uri) return { uri, keyring }
  }
  throw new Error(
    'Cannot fetch the servers: apt sources name no Debian mirror, must be one (run the tests on a Debian machine)',
  )
}

if (import.meta.main) console.log(JSON.stringify(await ensureServers(), null, 2))

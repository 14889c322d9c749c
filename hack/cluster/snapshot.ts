import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryCommand } from '../processes.ts'
import { readMounts, unmountBelow } from './mounts.ts'
import { stateDir } from './places.ts'

/** What exists on this machine that a cluster could leave behind; each entry is text that is the same as long as the thing lives. */
export type Snapshot = Readonly<{
  bootId: string
  mounts: readonly string[]
  links: readonly string[]
  routes: readonly string[]
  cgroups: readonly string[]
  loopDevices: readonly string[]
  sysctls: readonly string[]
  /** Those of the folders that `up` may have to make which exist. */
  folders: readonly string[]
  /** Namespaces (network, mount, pid, …) that any process is in, and those kept by a name. */
  namespaces: readonly string[]
  /** `pid@start time` and the command line. */
  processes: readonly string[]
}>

const file = join(stateDir, 'before.json')
const madeFolders = ['/lib/modules', '/run/netns']
const namespaceKinds = ['net', 'mnt', 'pid', 'ipc', 'uts', 'cgroup', 'user']
const watchedSysctls = [
  'net/ipv4/ip_forward',
  'vm/overcommit_memory',
  'kernel/panic',
  'kernel/panic_on_oops',
  'net/bridge/bridge-nf-call-iptables',
]

/** Takes the list of what exists now. */
export async function takeSnapshot(): Promise<Snapshot> {
  const processes = readProcesses()
  return {
    bootId: readBootId(),
    mounts: readMounts().map((mount) => `${mount.point} ${mount.type} ${mount.source}`),
    links: readdirSync('/sys/class/net'),
    routes: (await tryCommand(['ip', '-4', 'route'])).stdout
      .trim()
      .split('\n')
      .map((line) => line.trim()),
    cgroups: listCgroups(),
    loopDevices: readdirSync('/sys/block').filter((name) => existsSync(join('/sys/block', name, 'loop'))),
    sysctls: watchedSysctls
      .filter((name) => existsSync(join('/proc/sys', name)))
      .map((name) => `${name}=${readFileSync(join('/proc/sys', name), 'utf8').trim()}`),
    folders: madeFolders.filter((path) => existsSync(path)),
    namespaces: [...new Set([...processes.flatMap((one) => one.namespaces), ...namedNamespaces()])],
    processes: processes.map((one) => `${one.id} ${one.command}`),
  }
}

/** Keeps the list taken before `up`; one of this boot stays, as an interrupted `up` is not a beginning. */
export async function keepFirstSnapshot(): Promise<void> {
  if (readKept()) return
  mkdirSync(stateDir, { recursive: true })
  writeFileSync(file, JSON.stringify(await takeSnapshot(), null, 1))
}

/** The list taken before `up`, if it is of this boot of the machine. */
export function readKept(): Snapshot | undefined {
  if (!existsSync(file)) return undefined
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Snapshot
  return kept.bootId === readBootId() ? kept : undefined
}

/**
 * What exists now and did not exist before. Programs of others start and end all the time, so a new process counts only
 * if it is in a namespace that is new or uses a file of the state folder, and a new cgroup only if it was of one of the
 * engine's containers, or is below a new group of the root and holds no process of another program.
 */
export async function findDifferences(before: Snapshot, containers: readonly string[]): Promise<readonly string[]> {
  const now = await takeSnapshot()
  const known = new Set(before.processes.map((line) => line.split(' ')[0]))
  const namespaces = new Set(before.namespaces)
  const strays = readProcesses()
    .filter((one) => !known.has(one.id))
    .filter(
      (one) =>
        one.namespaces.some((name) => !namespaces.has(name)) ||
        one.files.some((path) => path.startsWith(`${stateDir}/`)),
    )
  const lists = ['mounts', 'links', 'routes', 'loopDevices', 'sysctls', 'folders'] as const
  return [
    ...lists.flatMap((list) => added(before[list], now[list]).map((entry) => `${list} ${entry}`)),
    ...added(before.namespaces, namedNamespaces()).map((name) => `namespace ${name}`),
    ...strays.map((one) => `process ${one.id} ${one.command}`),
    ...added(before.cgroups, now.cgroups)
      .filter(
        (path) =>
          containers.some((id) => path.includes(id)) || (!before.cgroups.includes(topOf(path)) && !isInUse(path)),
      )
      .map((path) => `cgroup ${path}`),
  ]
}

function added(before: readonly string[], now: readonly string[]): readonly string[] {
  const old = new Set(before)
  return now.filter((entry) => !old.has(entry))
}

/** `/sys/fs/cgroup/<hierarchy>/<group>` of a cgroup. */
function topOf(path: string): string {
  return path.split('/').slice(0, 6).join('/')
}

function isInUse(path: string): boolean {
  return [path, ...listCgroups(path)].some(
    (dir) => existsSync(join(dir, 'cgroup.procs')) && readFileSync(join(dir, 'cgroup.procs'), 'utf8') !== '',
  )
}

/** Removes the folders that did not exist before `up`, if they are empty; `ip netns` also mounts its folder on itself. */
export async function removeMadeFolders(before: Snapshot): Promise<void> {
  for (const path of madeFolders) {
    if (before.folders.includes(path) || !existsSync(path) || readdirSync(path).length > 0) continue
    await unmountBelow(path)
    rmdirSync(path)
  }
}

/** All cgroups of this machine, as folders. */
export function listCgroups(root = '/sys/fs/cgroup'): readonly string[] {
  const found: string[] = []
  const open = [root]
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    for (const entry of readDir(dir)) {
      if (!entry.isDirectory()) continue
      found.push(join(dir, entry.name))
      open.push(join(dir, entry.name))
    }
  }
  return found
}

function readDir(dir: string) {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch {
    return []
  }
}

function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** Network namespaces that live by a name or a mount, without a process in them. */
function namedNamespaces(): readonly string[] {
  return readMounts()
    .filter((mount) => mount.type === 'nsfs')
    .map((mount) => `${mount.point} ${mount.source}`)
}

type Process = Readonly<{ id: string; command: string; namespaces: readonly string[]; files: readonly string[] }>

function readProcesses(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readProcess(pid) ?? [])
}

function readProcess(pid: string): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const links = ['exe', 'cwd', ...readdirSync(`/proc/${pid}/fd`).map((name) => `fd/${name}`)]
    return {
      id: `${pid}@${fields[19]}`,
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim().slice(0, 120),
      namespaces: namespaceKinds.map((kind) => readLink(`/proc/${pid}/ns/${kind}`)).filter((name) => name !== ''),
      files: links.map((name) => readLink(`/proc/${pid}/${name}`)),
    }
  } catch {
    return undefined
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryCommand } from '../processes.ts'
import { readMounts } from './mounts.ts'
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
  /** Namespaces (network, mount, pid, …) that any process is in, and those kept by a name. */
  namespaces: readonly string[]
  /** `pid@start time` and the command line. */
  processes: readonly string[]
}>

const file = join(stateDir, 'before.json')
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
 * What exists now and did not exist before. A process that is new counts only if it is in a namespace that is new, or has
 * a file of the state folder as program, folder or open file: others' programs start and end all the time.
 */
export async function findDifferences(before: Snapshot): Promise<readonly string[]> {
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
    .map((one) => `process ${one.id} ${one.command}`)
  const lists = ['mounts', 'links', 'routes', 'cgroups', 'loopDevices', 'sysctls'] as const
  const others = lists.flatMap((list) => {
    const old = new Set(before[list])
    return now[list].filter((entry) => !old.has(entry)).map((entry) => `${list} ${entry}`)
  })
  const kept = namedNamespaces()
    .filter((name) => !namespaces.has(name))
    .map((name) => `namespace ${name}`)
  return [...others, ...kept, ...strays]
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

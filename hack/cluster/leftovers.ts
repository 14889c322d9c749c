import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../processes.ts'
import { readMounts, unmountBelow } from './mounts.ts'
import { closeNetwork } from './network.ts'
import { engine, network, stateDir } from './places.ts'
import { listCgroups } from './snapshot.ts'

/** Removes what an engine that was killed (or has just been stopped) left: processes, mounts, network, cgroups, pid files. */
export async function removeLeftovers(): Promise<number> {
  let removed = await endProcesses()
  removed += readMounts().filter((mount) => mount.point.startsWith(`${stateDir}/`)).length
  await unmountBelow(stateDir)
  removed += await closeNetwork()
  removed += removeCgroups()
  for (const file of [engine.pidFile, engine.nameServerPidFile, engine.socket]) rmSync(file, { force: true })
  rmSync(engine.execDir, { recursive: true, force: true })
  return removed
}

/**
 * The processes of the engine: those in its network namespace, those of its containers (by cgroup), and those started with
 * its state folder (shims, which stay in the machine's own namespaces).
 */
export function findEngineProcesses(): readonly number[] {
  const namespace = namespaceInode()
  const containers = new Set(containerIds())
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isOfEngine(pid, namespace, containers))
}

function isOfEngine(pid: number, namespace: string, containers: ReadonlySet<string>): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    if ('ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2))) return false
    if (namespace !== '' && readlinkSync(`/proc/${pid}/ns/net`) === namespace) return true
    if (
      readFileSync(`/proc/${pid}/cgroup`, 'utf8')
        .split('\n')
        .some((line) => containers.has(containerOf(line)))
    )
      return true
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .includes(join(engine.execDir, 'containerd', 'containerd.sock'))
  } catch {
    return false
  }
}

function namespaceInode(): string {
  const mount = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[4] === `/run/netns/${network.namespace}`)
  return mount?.split(' ')[3] ?? ''
}

function containerOf(cgroupLine: string): string {
  return /\/docker\/([0-9a-f]{64})/.exec(cgroupLine)?.[1] ?? ''
}

/** The containers this engine has made, as its data folder lists them: another engine's are not touched. */
export function containerIds(): readonly string[] {
  const dir = join(engine.dataDir, 'containers')
  return existsSync(dir) ? readdirSync(dir) : []
}

async function endProcesses(): Promise<number> {
  let ended = 0
  await until(
    'the end of the processes of the engine',
    () => {
      const pids = findEngineProcesses()
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL')
          ended += 1
        } catch {
          // It ended by itself meanwhile.
        }
      }
      return pids.length === 0
    },
    { timeoutMs: 30_000, everyMs: 200 },
  )
  return ended
}

/** Removes the cgroups of this engine's containers, and the parent if it is empty. */
function removeCgroups(): number {
  const containers = new Set(containerIds())
  const groups = listCgroups().filter((path) => containers.has(containerOf(path)))
  const parents = listCgroups().filter((path) => path.endsWith('/docker'))
  let removed = 0
  for (const path of [...groups.toSorted((a, b) => b.length - a.length), ...parents]) {
    try {
      rmdirSync(path)
      removed += 1
    } catch {
      // A group of another engine has members; one of ours that stays is told by the comparison of `down`.
    }
  }
  return removed
}

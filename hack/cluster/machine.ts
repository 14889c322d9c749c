import { existsSync, readFileSync } from 'node:fs'
import { versions } from '../paths.ts'
import { tryCommand } from '../processes.ts'
import { engine } from './places.ts'

/** What this machine can do; found out, never assumed. */
export type Machine = Readonly<{
  /** `engine`: a container engine answers and images can be pulled. `packages`: everything is made from packages. */
  way: 'engine' | 'packages'
  /** Why this way. */
  reason: string
  /** Whether a container may be given CAP_SYS_RESOURCE (a privileged container asks for it). */
  hasSysResource: boolean
  cgroups: 'v1' | 'v2'
}>

const capSysResourceBit = 24n

/** Looks at the machine. `SESSIONSTORE_WAY=engine|packages` decides the way by hand. */
export async function inspectMachine(): Promise<Machine> {
  return { ...(await chooseWay()), hasSysResource: hasSysResource(), cgroups: findCgroups() }
}

async function chooseWay(): Promise<Pick<Machine, 'way' | 'reason'>> {
  const wish = process.env['SESSIONSTORE_WAY']
  if (wish === 'engine' || wish === 'packages') return { way: wish, reason: 'SESSIONSTORE_WAY says so' }
  if (existsSync(engine.dataDir)) return { way: 'packages', reason: 'the engine made from packages was started here' }
  const info = await tryCommand(['docker', 'info', '--format', '{{.ServerVersion}}'], { timeoutMs: 20_000 })
  if (info.code !== 0) return { way: 'packages', reason: 'no container engine answers' }
  const pull = await tryCommand(['docker', 'pull', '--quiet', versions.valkeyImage], { timeoutMs: 120_000 })
  if (pull.code !== 0) return { way: 'packages', reason: 'a container engine answers, but images cannot be pulled' }
  return { way: 'engine', reason: `container engine ${info.stdout.trim()}, images can be pulled` }
}

function hasSysResource(): boolean {
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return ((BigInt(`0x${bounding}`) >> capSysResourceBit) & 1n) === 1n
}

function findCgroups(): 'v1' | 'v2' {
  return existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'v2' : 'v1'
}

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programPath } from '../paths.ts'
import { isRunning, runCommand, startDetached, tryCommand, until } from '../processes.ts'
import { clusterEnvironment } from './environment.ts'
import { writeHostTools } from './hosttools.ts'
import { removeLeftovers } from './leftovers.ts'
import type { Machine } from './machine.ts'
import { openNetwork } from './network.ts'
import { engine, network, stateDir } from './places.ts'

const runtimeName = 'runc-without-sys-resource'

/** Starts the engine made from packages, unless it answers; what a killed one left behind is removed first. */
export async function startEngine(machine: Machine, logFile: string): Promise<string> {
  const env = clusterEnvironment('packages')
  if (isEngineRunning() && (await doesEngineAnswer(env))) {
    startNameServer(logFile)
    return 'already runs'
  }
  const removed = await removeLeftovers()
  for (const dir of [engine.dataDir, engine.execDir]) mkdirSync(dir, { recursive: true })
  writeHostTools()
  await openNetwork()
  startNameServer(logFile)
  const pid = startDetached(
    ['nsenter', `--net=/run/netns/${network.namespace}`, 'dockerd', ...engineArguments(machine)],
    { env, logFile },
  )
  await until(
    'an answer of the container engine',
    async () => {
      // No marker: until the child has replaced itself its command line is still ours, and the pid cannot be another's.
      if (!isRunning(pid, '')) throw new Error('Cannot start the container engine: it ended')
      return doesEngineAnswer(env)
    },
    { timeoutMs: 60_000, everyMs: 200 },
  )
  const version = await runCommand(['docker', 'version', '--format', '{{.Server.Version}}'], { env })
  return `docker ${version.trim()}${removed > 0 ? `, after removing ${removed} things a killed engine left` : ''}`
}

/** Stops the engine and its name server gracefully, then removes whatever is left: processes, mounts, network, cgroups. */
export async function stopEngine(): Promise<void> {
  const pid = pidIn(engine.pidFile)
  if (isEngineRunning()) {
    process.kill(pid, 'SIGTERM')
    await until('the end of the container engine', () => !isRunning(pid, engine.socket), { timeoutMs: 30_000 }).catch(
      () => undefined,
    )
  }
  await removeLeftovers()
}

/** Whether the process of the engine's pid file lives. */
export function isEngineRunning(): boolean {
  return isRunning(pidIn(engine.pidFile), engine.socket)
}

async function doesEngineAnswer(env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await tryCommand(['docker', 'version'], { env, timeoutMs: 10_000 })).code === 0
}

function engineArguments(machine: Machine): readonly string[] {
  const runtime = join(stateDir, runtimeName)
  copyFileSync(join(import.meta.dirname, 'node', runtimeName), runtime)
  return [
    `--host=unix://${engine.socket}`,
    `--data-root=${engine.dataDir}`,
    `--exec-root=${engine.execDir}`,
    `--pidfile=${engine.pidFile}`,
    '--storage-driver=overlay2',
    `--bip=${network.engineBridge}`,
    `--default-address-pool=base=${network.nodeSubnet},size=24`,
    `--dns=${network.engineAddress}`,
    '--default-ulimit=nofile=20000:20000',
    '--log-opt=max-size=10m',
    ...(machine.hasSysResource
      ? []
      : ['--oom-score-adjust=0', `--add-runtime=${runtimeName}=${runtime}`, `--default-runtime=${runtimeName}`]),
  ]
}

/** Docker's name server waits seconds for an upstream that is not there: this one says at once that there is no such name. */
function startNameServer(logFile: string): void {
  if (isRunning(pidIn(engine.nameServerPidFile), stateDir)) return
  const file = join(stateDir, 'Corefile')
  writeFileSync(file, `. {\n  bind ${network.engineAddress}\n  template ANY ANY {\n    rcode NXDOMAIN\n  }\n}\n`)
  const command = ['nsenter', `--net=/run/netns/${network.namespace}`, programPath('coredns'), '-conf', file]
  const pid = startDetached(command, { env: { PATH: process.env['PATH'] }, logFile })
  writeFileSync(engine.nameServerPidFile, String(pid))
}

function pidIn(file: string): number {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
}

/** Removes the engine's data, so that the next start is from nothing. */
export function dropEngineData(): void {
  for (const path of [
    engine.dataDir,
    engine.execDir,
    engine.socket,
    join(stateDir, runtimeName),
    join(stateDir, 'Corefile'),
  ]) {
    rmSync(path, { recursive: true, force: true })
  }
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { logDir } from '../paths.ts'
import { runCommand } from '../processes.ts'
import type { ImageSpec } from './archive.ts'
import { clusterEnvironment } from './environment.ts'
import { inspectMachine, type Machine } from './machine.ts'
import { makeClientImage, makeOperatorImage } from './ownimages.ts'
import { clusterName, stateDir } from './places.ts'

/** How loading an image ended: `kept` when every node has this very content. */
export type LoadResult = 'loaded' | 'kept'

/** Loads an image into every node of the cluster, unless this very content has been loaded into this very cluster. */
export async function loadImage(spec: ImageSpec, machine: Machine, logFile: string): Promise<LoadResult> {
  const env = clusterEnvironment(machine.way)
  const stampFile = join(stateDir, 'loaded', basename(spec.file, '.tar'))
  const stamp = `${await clusterIdentity(env)} ${spec.references.join(' ')} ${await contentOf(spec, machine)}`
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return 'kept'
  const words = machine.way === 'packages' ? ['image-archive', spec.file] : ['docker-image', ...spec.references]
  await runCommand(['kind', 'load', ...words, '--name', clusterName], { env, logFile })
  mkdirSync(join(stateDir, 'loaded'), { recursive: true })
  writeFileSync(stampFile, stamp)
  return 'loaded'
}

/** Builds the operator's image if its sources have changed and loads it into the cluster that runs. */
export async function loadOperatorImage(): Promise<LoadResult> {
  const machine = await inspectMachine()
  const logFile = join(logDir, 'operator-image.log')
  return loadImage(await makeOperatorImage(machine, logFile), machine, logFile)
}

/** Builds the image of the clients if its programs have changed and loads it into the cluster that runs. */
export async function loadClientImage(): Promise<LoadResult> {
  const machine = await inspectMachine()
  const logFile = join(logDir, 'client-image.log')
  return loadImage(await makeClientImage(machine, logFile), machine, logFile)
}

async function clusterIdentity(env: NodeJS.ProcessEnv): Promise<string> {
  return (
    await runCommand(['kubectl', 'get', 'namespace', 'kube-system', '--output=jsonpath={.metadata.uid}'], { env })
  ).trim()
}

async function contentOf(spec: ImageSpec, machine: Machine): Promise<string> {
  if (machine.way === 'packages') return spec.key
  const format = ['--format', '{{.Id}}']
  return (
    await runCommand(['docker', 'image', 'inspect', ...format, ...spec.references], {
      env: clusterEnvironment('engine'),
    })
  ).trim()
}

import { join } from 'node:path'
import { versions } from '../paths.ts'
import { runCommand } from '../processes.ts'
import { type ImageSpec, isArchiveCurrent, writeArchive } from './archive.ts'
import { clusterEnvironment } from './environment.ts'
import { digestOf, type Rootfs, rootfs, rootfsPath, unusedInContainers } from './packages.ts'
import { imagesDir } from './places.ts'

/** The image of a server, and where it comes from when it cannot be pulled. */
export type ServerImage = Readonly<{ name: 'valkey' | 'redis8' | 'redis7'; reference: string; tree: Rootfs }>

/** One image per engine and version that the operator supports. */
export const serverImages = [
  { name: 'valkey', reference: versions.valkeyImage, tree: rootfs.valkey },
  { name: 'redis8', reference: versions.redis8Image, tree: rootfs.redis8 },
  { name: 'redis7', reference: versions.redis7Image, tree: rootfs.redis7 },
] as const satisfies readonly ServerImage[]

/** Writes the archive of a server image from its root file system; gives what `loadImage` takes. */
export async function makeServerImage(image: ServerImage, logFile: string): Promise<string> {
  const spec = serverSpec(image)
  if (isArchiveCurrent(spec)) return 'kept'
  await writeArchive(spec, logFile)
  return image.reference
}

/** Pulls a server image with the engine of this machine. */
export async function pullServerImage(image: ServerImage, logFile: string): Promise<string> {
  await runCommand(['docker', 'pull', image.reference], { env: clusterEnvironment('engine'), logFile })
  return image.reference
}

/** The archive of a server image. */
export function serverSpec(image: ServerImage): ImageSpec {
  return {
    file: join(imagesDir, `${image.name}.tar`),
    references: [image.reference],
    key: digestOf(JSON.stringify([image.tree, unusedInContainers])),
    layers: [{ dir: rootfsPath(image.tree), excludes: unusedInContainers }],
    user: '999:999',
    workingDir: '/data',
  }
}

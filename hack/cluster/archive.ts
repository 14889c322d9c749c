import { createHash } from 'node:crypto'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { runCommand } from '../processes.ts'

/** A folder that becomes one layer of an image. */
export type Layer = Readonly<{
  dir: string
  /** Patterns of paths to leave out, as tar's --exclude takes them (anchored, `./…`). */
  excludes?: readonly string[]
}>

/** An image to be written as an archive that `docker load` and `kind load image-archive` take. */
export type ImageSpec = Readonly<{
  file: string
  references: readonly string[]
  layers: readonly Layer[]
  /** Text that changes whenever the content must be made anew. */
  key: string
  entrypoint?: readonly string[]
  cmd?: readonly string[]
  user?: string
  env?: readonly string[]
  workingDir?: string
}>

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Whether the archive was written from the same key and references. */
export function isArchiveCurrent(spec: Pick<ImageSpec, 'file' | 'key' | 'references'>): boolean {
  const stamp = `${spec.file}.key`
  return existsSync(spec.file) && existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(spec)
}

function stampOf(spec: Pick<ImageSpec, 'key' | 'references'>): string {
  return `${spec.references.join(' ')} ${spec.key}`
}

/** Writes an image archive; the same folders give the same bytes. */
export async function writeArchive(spec: ImageSpec, logFile: string): Promise<void> {
  mkdirSync(dirname(spec.file), { recursive: true })
  const work = mkdtempSync(`${spec.file}.`)
  try {
    const digests: string[] = []
    for (const [index, layer] of spec.layers.entries()) {
      const file = join(work, `${index}.tar`)
      const excludes = (layer.excludes ?? []).map((pattern) => `--exclude=${pattern}`)
      const normal = [
        '--sort=name',
        '--mtime=@0',
        '--numeric-owner',
        '--format=pax',
        '--pax-option=delete=atime,delete=ctime',
      ]
      await runCommand(['tar', ...normal, '--anchored', ...excludes, '-C', layer.dir, '-cf', file, '.'], { logFile })
      digests.push(await sha256(file))
    }
    const config = JSON.stringify(imageConfig(spec, digests))
    const configName = `${createHash('sha256').update(config).digest('hex')}.json`
    writeFileSync(join(work, configName), config)
    const layers = digests.map((_, index) => `${index}.tar`)
    writeFileSync(
      join(work, 'manifest.json'),
      JSON.stringify([{ Config: configName, RepoTags: spec.references, Layers: layers }]),
    )
    await runCommand(['tar', '-C', work, '-cf', `${spec.file}.tmp`, 'manifest.json', configName, ...layers], {
      logFile,
    })
    renameSync(`${spec.file}.tmp`, spec.file)
    writeFileSync(`${spec.file}.key`, stampOf(spec))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function imageConfig(spec: ImageSpec, digests: readonly string[]): object {
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: [defaultPath, ...(spec.env ?? [])],
      ...(spec.entrypoint ? { Entrypoint: spec.entrypoint } : {}),
      ...(spec.cmd ? { Cmd: spec.cmd } : {}),
      User: spec.user ?? '',
      WorkingDir: spec.workingDir ?? '/',
    },
    rootfs: { type: 'layers', diff_ids: digests.map((digest) => `sha256:${digest}`) },
    history: digests.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'hack/cluster/archive.ts' })),
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { runCommand, tryCommand } from '../processes.ts'

/** Empties a folder to gather an image's files in. */
export function freshDir(dir: string, folders: readonly string[] = []): string {
  rmSync(dir, { recursive: true, force: true })
  for (const folder of ['', ...folders]) mkdirSync(join(dir, folder), { recursive: true })
  return dir
}

/** Copies files into a gathered tree: destination → source. The mode is kept, or 0755 when given as a program. */
export function putFiles(dir: string, files: Readonly<Record<string, string>>, mode?: number): void {
  for (const [destination, source] of Object.entries(files)) {
    const target = join(dir, destination)
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(source, target, constants.COPYFILE_FICLONE)
    chmodSync(target, mode ?? statSync(source).mode & 0o777)
  }
}

/** Writes small files into a gathered tree: destination → text. */
export function putTexts(dir: string, texts: Readonly<Record<string, string>>): void {
  for (const [destination, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(dir, destination)), { recursive: true })
    writeFileSync(join(dir, destination), text)
  }
}

/** Makes symbolic links in a gathered tree: link → target. */
export function putLinks(dir: string, links: Readonly<Record<string, string>>): void {
  for (const [link, target] of Object.entries(links)) {
    mkdirSync(dirname(join(dir, link)), { recursive: true })
    if (!existsSync(join(dir, link))) symlinkSync(target, join(dir, link))
  }
}

/** An empty tree whose /bin, /sbin and /lib are links into /usr, as in Debian. */
export function freshTree(dir: string): string {
  const folders = [
    'usr/bin',
    'usr/sbin',
    'usr/lib',
    'usr/lib64',
    'usr/local/bin',
    'tmp',
    'run',
    'etc',
    'proc',
    'sys',
    'dev',
    'root',
    'var',
  ]
  freshDir(dir, folders)
  putLinks(dir, { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib', lib64: 'usr/lib64' })
  chmodSync(join(dir, 'tmp'), 0o1777)
  return dir
}

/**
 * Copies programs (or libraries) out of a root file system together with every library they load, each file from that one
 * tree, so that the versions belong together. A source of `outside` is a file of this machine that uses the tree's libraries.
 */
export async function copyWithLibraries(root: string, dir: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await copyResolved(root, dir, path)
    const loaded = await tryCommand(['chroot', root, 'ldd', path])
    const libraries = loaded.stdout.match(/\/\S+/g) ?? []
    for (const library of libraries.map((name) => name.replace(/:$/, ''))) {
      if (library !== path) await copyResolved(root, dir, library)
    }
  }
}

async function copyResolved(root: string, dir: string, path: string): Promise<void> {
  const place = path.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/')
  if (existsSync(join(dir, place))) return
  const real = (await runCommand(['chroot', root, 'readlink', '-f', path])).trim()
  putFiles(dir, { [place]: join(root, real) })
}

import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, logDir, repoDir } from '../paths.ts'
import { runCommand, tryCommand } from '../processes.ts'
import { clusterEnvironment } from './environment.ts'
import { inspectMachine } from './machine.ts'

/** What decides how an operator behaves. */
const operatorPaths = ['src', 'charts', 'crds', 'images/operator', 'package-lock.json', 'tsconfig.build.json']

/** Commits looked at, newest first; an operator that is older than all of them is not what people upgrade from. */
const MOST_COMMITS = 200

/** An earlier commit whose operator is another one, or why there is none. */
export type Earlier = Readonly<{ commit: string; subject: string } | { commit?: never; reason: string }>

/** Sources of an earlier commit, as a folder that can build and install its operator by its own scripts. */
export type Tree = Readonly<{ dir: string; commit: string }>

/**
 * The commit to upgrade from: `SESSIONSTORE_UPGRADE_FROM`, else the newest first parent of HEAD whose operator differs from
 * the one of this folder. A shallow clone may have none, which is told and fails nobody.
 */
export async function findEarlier(): Promise<Earlier> {
  const asked = process.env['SESSIONSTORE_UPGRADE_FROM']
  if (asked) return describeCommit(await git(['rev-parse', '--verify', `${asked}^{commit}`]))
  if ((await tryGit(['rev-parse', '--is-inside-work-tree'])) === undefined)
    return { reason: 'this is no git repository' }
  const commits = (await git(['rev-list', '--first-parent', `--max-count=${MOST_COMMITS}`, 'HEAD'])).split('\n')
  for (const commit of commits) {
    const isSame = (await tryGit(['diff', '--quiet', commit, '--', ...operatorPaths])) !== undefined
    if (!isSame) return describeCommit(commit)
  }
  const isShallow = (await git(['rev-parse', '--is-shallow-repository'])) === 'true'
  const depth = `${commits.length} ${commits.length === 1 ? 'commit' : 'commits'}`
  return { reason: `the operator is the same in the ${depth} there are${isShallow ? ', as the clone is shallow' : ''}` }
}

async function describeCommit(commit: string): Promise<Earlier> {
  return { commit, subject: await git(['show', '--no-patch', '--format=%s', commit]) }
}

/** Checks the commit out beside this folder; with the same lock file it uses the packages of this one. */
export async function checkOut(commit: string): Promise<Tree> {
  const dir = join(cacheDir, 'earlier', commit.slice(0, 12))
  if (!existsSync(join(dir, 'package.json'))) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(join(cacheDir, 'earlier'), { recursive: true })
    // Of a tree that was removed by hand.
    await git(['worktree', 'prune'])
    await git(['worktree', 'add', '--detach', dir, commit])
  }
  const modules = join(dir, 'node_modules')
  const lock = (root: string): string => readFileSync(join(root, 'package-lock.json'), 'utf8')
  if (!existsSync(modules) && lock(dir) === lock(repoDir)) symlinkSync(join(repoDir, 'node_modules'), modules)
  else if (!existsSync(modules)) await runCommand(['npm', 'ci', '--no-fund', '--no-audit'], { cwd: dir })
  return { dir, commit }
}

/** Removes the folder of `checkOut`. */
export async function removeTree({ dir }: Tree): Promise<void> {
  rmSync(join(dir, 'node_modules'), { recursive: true, force: true })
  await git(['worktree', 'remove', '--force', dir])
}

/** Builds, loads and installs the operator of a folder by the scripts of that folder; gives what they tell. */
export async function installOperatorOf(dir: string): Promise<string> {
  const { way } = await inspectMachine()
  mkdirSync(logDir, { recursive: true })
  const program = `
    const { loadOperatorImage } = await import(${JSON.stringify(join(dir, 'hack/cluster/load.ts'))})
    const { installOperator } = await import(${JSON.stringify(join(dir, 'hack/cluster/install.ts'))})
    const { inspectMachine } = await import(${JSON.stringify(join(dir, 'hack/cluster/machine.ts'))})
    const image = await loadOperatorImage()
    console.log(image + ', ' + (await installOperator(await inspectMachine(), ${JSON.stringify(join(logDir, 'upgrade.log'))})))`
  const node = [process.execPath, '--input-type=module', '--eval', program]
  return (await runCommand(node, { cwd: dir, env: clusterEnvironment(way), timeoutMs: 400_000 })).trim()
}

async function git(words: readonly string[]): Promise<string> {
  return (await runCommand(['git', ...words], { cwd: repoDir })).trim()
}

async function tryGit(words: readonly string[]): Promise<string | undefined> {
  const { code, stdout } = await tryCommand(['git', ...words], { cwd: repoDir })
  return code === 0 ? stdout.trim() : undefined
}

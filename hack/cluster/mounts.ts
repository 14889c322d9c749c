import { readFileSync } from 'node:fs'
import { tryCommand } from '../processes.ts'

/** The mount points of this process's mount namespace, with type and source, in the order they were mounted. */
export function readMounts(): readonly Readonly<{ point: string; type: string; source: string }>[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ')
      const [type = '', source = ''] = after.split(' ')
      return { point: (before.split(' ')[4] ?? '').replaceAll('\\040', ' '), type, source }
    })
}

/** Unmounts everything mounted on or below a folder, last mounted first. */
export async function unmountBelow(dir: string): Promise<void> {
  const points = readMounts().map((mount) => mount.point)
  for (const point of points.filter((name) => name === dir || name.startsWith(`${dir}/`)).reverse()) {
    const result = await tryCommand(['umount', point])
    if (result.code !== 0) await tryCommand(['umount', '--lazy', point])
  }
}

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootfs, rootfsPath } from './packages.ts'
import { toolsDir } from './places.ts'

const tables = ['iptables', 'iptables-save', 'iptables-restore', 'ip6tables', 'ip6tables-save', 'ip6tables-restore']

/**
 * Writes the programs that the engine calls on this machine (iptables, jq) as scripts that run them out of the node's root
 * file system with its own libraries, so that nothing is installed here.
 */
export function writeHostTools(): void {
  const tree = rootfsPath(rootfs.node)
  const libraries = join(tree, 'usr/lib/x86_64-linux-gnu')
  mkdirSync(toolsDir, { recursive: true })
  function write(name: string, words: string): void {
    const loader = `${join(tree, 'usr/lib64/ld-linux-x86-64.so.2')} --library-path ${libraries}`
    const lines = [
      '#!/bin/sh',
      `XTABLES_LIBDIR=${join(libraries, 'xtables')}`,
      'export XTABLES_LIBDIR',
      `exec ${loader} ${words} "$@"`,
    ]
    writeFileSync(join(toolsDir, name), `${lines.join('\n')}\n`, { mode: 0o755 })
  }
  for (const name of tables) write(name, `${join(tree, 'usr/sbin/xtables-nft-multi')} ${name}`)
  write('jq', join(tree, 'usr/bin/jq'))
}

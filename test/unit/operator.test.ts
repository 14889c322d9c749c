import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'
import { root } from './docs/files.ts'

/** Imports the operator in a process of its own and tells the URL of every module that came with it. */
const PROGRAM = `
import { registerHooks } from 'node:module'
const seen = []
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    seen.push(resolved.url)
    return resolved
  },
})
await import(${JSON.stringify(join(root, 'src', 'operator.ts'))})
console.log(JSON.stringify(seen))
`

describe('the operator', () => {
  it('does not load client-node when it is imported, which alone costs 80 MB', () => {
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', PROGRAM], { encoding: 'utf8' })
    const modules: readonly string[] = JSON.parse(printed)

    expect(modules.filter((url) => url.includes('/undici/'))).to.not.deep.equal([])
    expect(modules.filter((url) => url.endsWith('/src/kube/kubeconfig.ts'))).to.not.deep.equal([])
    expect(modules.filter((url) => url.includes('@kubernetes/client-node'))).to.deep.equal([])
  }).timeout(30_000)
})

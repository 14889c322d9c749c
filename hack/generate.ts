import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { crdFiles } from './generate/crds.ts'
import { MANIFEST_PATH, operatorManifest } from './generate/manifests.ts'
import { apiReference } from './generate/reference.ts'
import { sampleErrors } from './generate/samples.ts'

/** `node hack/generate.ts` writes what is made from the schemas; with `--check` it fails on a difference instead. */
const root = path.resolve(import.meta.dirname, '..')
const isCheck = process.argv.includes('--check')
/** Folders in which every file is generated, so that a left-over one is a difference too. */
const OWNED_FOLDERS = ['crds', 'charts/sessionstore-operator/templates/crds']

const files = new Map([...crdFiles(), ['docs/api.md', apiReference()] as const])
const problems: string[] = [...(await sampleErrors(path.join(root, 'samples')))]

for (const [name, text] of files) await settle(name, text)
// After the CRDs, as they are part of the chart that it is rendered from.
await settle(MANIFEST_PATH, await operatorManifest())

for (const folder of OWNED_FOLDERS) {
  for (const entry of await readdir(path.join(root, folder)).catch(() => [])) {
    if (!files.has(`${folder}/${entry}`)) problems.push(`${folder}/${entry} is not generated: remove it`)
  }
}

if (problems.length > 0) {
  console.error(`${problems.join('\n')}\nrun "npm run generate" and commit what it writes; repair samples by hand`)
  process.exitCode = 1
}

/** Writes a file that differs, or says that it does. */
async function settle(name: string, text: string): Promise<void> {
  if ((await textOf(name)) === text) return
  if (isCheck) {
    problems.push(`${name} is out of date`)
    return
  }
  await mkdir(path.dirname(path.join(root, name)), { recursive: true })
  await writeFile(path.join(root, name), text)
  console.log(`wrote ${name}`)
}

async function textOf(name: string): Promise<string | undefined> {
  return await readFile(path.join(root, name), 'utf8').catch(() => undefined)
}

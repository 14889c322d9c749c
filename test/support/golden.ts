import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { stringify } from 'yaml'

const GOLDEN_DIR = fileURLToPath(new URL('../golden/', import.meta.url))

/**
 * Compares a value with the YAML kept in `test/golden/<path>`. `UPDATE_GOLDEN=1` writes the file instead: read the
 * difference before it is committed. Refused where CI is set: there a test must never repair itself.
 */
export async function expectGolden(path: string, value: unknown): Promise<void> {
  await expectGoldenText(path, stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }))
}

/** `expectGolden` for a text, such as a story of events. */
export async function expectGoldenText(path: string, text: string): Promise<void> {
  const file = join(GOLDEN_DIR, path)
  if (shouldUpdate()) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
    return
  }
  const kept = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`Cannot read golden file "${path}": run this test with UPDATE_GOLDEN=1 to write it`, { cause })
  })
  expect(text, `${path} differs; UPDATE_GOLDEN=1 rewrites it`).to.equal(kept)
}

function shouldUpdate(): boolean {
  if (!process.env['UPDATE_GOLDEN']) return false
  if (process.env['CI']) throw new Error('Cannot update golden files: CI is set, must be unset')
  return true
}

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { API_VERSION } from '../../src/api/v1alpha1/group.ts'
import { KINDS } from '../../src/api/v1alpha1/kinds.ts'
import { structuralErrors } from '../../src/api/validate.ts'

/** An object of ours in a file of samples/. */
export type Sample = Readonly<{
  file: string
  value: Readonly<{ apiVersion?: string; kind?: string; metadata?: Readonly<{ name?: string }>; spec?: unknown }>
}>

/** Every object in the YAML files of a folder. */
export async function readSamples(folder: string): Promise<readonly Sample[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()
  const samples: Sample[] = []
  for (const file of files) {
    const text = await readFile(path.join(folder, file), 'utf8')
    for (const document of parseAllDocuments(text, { version: '1.1' })) {
      samples.push({ file, value: document.toJS() ?? {} })
    }
  }
  return samples
}

/** What is wrong with the objects of ours in a folder, by the structure of their schema. */
export async function sampleErrors(folder: string): Promise<readonly string[]> {
  return (await readSamples(folder)).flatMap(({ file, value }) => {
    const kind = KINDS.find((each) => each.kind === value.kind)
    if (!kind) return []
    const errors = structuralErrors('spec', kind.spec, value.spec)
    const wrongVersion = value.apiVersion === API_VERSION ? [] : [`apiVersion must be ${API_VERSION}`]
    return [...wrongVersion, ...errors].map((error) => `samples/${file}: ${error}`)
  })
}

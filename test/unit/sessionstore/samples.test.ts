import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import type { Sample } from '../../../hack/generate/samples.ts'
import { APPLIED_HASH } from '../../../src/kube/apply.ts'
import type { DesiredObject } from '../../../src/kube/types.ts'
import { expectGoldenText } from '../../support/golden.ts'
import { allSamples, appliedOf } from '../../support/samples.ts'
import { renderObjects } from '../../support/sessionstore/render.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** What a binding needs to be granted: the sample of its store. */
function storesOf(samples: readonly Sample[], named: readonly Sample[]): readonly Sample[] {
  const wanted = named.flatMap(({ value }) => {
    const { storeRef } = (value.spec ?? {}) as Readonly<{ storeRef?: Readonly<{ name: string }> }>
    return storeRef ? [storeRef.name] : []
  })
  return samples.filter(
    ({ value: { kind, metadata } }) => kind === 'SessionStore' && wanted.includes(metadata?.name ?? ''),
  )
}

/** Passwords, hashes and keys are other ones in each run; that they are there is what a golden file keeps. */
function withoutChance(text: string): string {
  return text
    .replaceAll(
      /-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----\n?/g,
      (_, what: string) => `<${what.toLowerCase()}>\n`,
    )
    .replaceAll(/\b[0-9a-f]{64}\b/g, '<sha256>')
    .replaceAll(/(?<![\w-])[\w-]{43}(?![\w-])/g, '<password>')
}

/** A Secret with its data readable. */
function readable(object: DesiredObject): object {
  if (object.kind !== 'Secret') return object
  const data = Object.entries((object['data'] ?? {}) as Readonly<Record<string, string>>)
  const texts = data.map(([key, value]) => [key, withoutChance(Buffer.from(value, 'base64').toString())] as const)
  const named = texts.map(([key, text]) => [key.replace(/^ca-[0-9a-f]{16}/, 'ca-<hash>'), text] as const)
  const isHashed = named.some(([key], index) => key !== texts[index]?.[0])
  const result = { ...object, data: Object.fromEntries(named) }
  if (!isHashed) return result
  const annotations = { ...object.metadata.annotations, [APPLIED_HASH]: '<hash>' }
  return { ...result, metadata: { ...object.metadata, annotations } }
}

function documentsOf(objects: readonly DesiredObject[]): readonly string[] {
  return objects.map((object) => stringify(readable(object), { lineWidth: 0, aliasDuplicateObjects: false }))
}

async function rendered(samples: readonly Sample[]): Promise<readonly string[]> {
  return documentsOf(await renderObjects('web', samples.map(appliedOf)))
}

/** Everything a sample makes the operator declare; of a binding only what its store would not have without it. */
async function goldenOf(samples: readonly Sample[], file: string): Promise<string> {
  const own = samples.filter((sample) => sample.file === file)
  const stores = storesOf(samples, own)
  const [all, before] = await Promise.all([rendered([...stores, ...own]), rendered(stores)])
  return all.filter((text) => !before.includes(text)).join('---\n')
}

// A difference in a pod template here reaches pods to come only; that it restarts none: test/cluster/upgrade.test.ts.
describe('objects of each sample', function () {
  this.timeout(30_000)
  let samples: readonly Sample[]
  let texts: ReadonlyMap<string, string>

  before(async () => {
    samples = await allSamples()
    const files = [...new Set(samples.map(({ file }) => file))]
    texts = new Map(await Promise.all(files.map(async (file) => [file, await goldenOf(samples, file)] as const)))
  })

  it('are the golden ones, and no golden file is left over', async () => {
    for (const [file, text] of texts) await expectGoldenText(`samples/${file}`, text)

    const kept = await readdir(path.join(root, 'test/golden/samples'))
    expect(kept.sort()).to.deep.equal([...texts.keys()].sort())
  })

  it('are none for a store that is created suspended, and some for each other sample', () => {
    const empty = [...texts].filter(([, text]) => text === '').map(([file]) => file)
    const suspended = samples.filter(({ value }) => (value.spec as Readonly<{ suspend?: boolean }>)?.suspend)

    expect(empty).to.deep.equal(suspended.map(({ file }) => file))
  })
})

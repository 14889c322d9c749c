import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { crdFiles } from '../../../hack/generate/crds.ts'
import { apiReference } from '../../../hack/generate/reference.ts'
import { readSamples, sampleErrors } from '../../../hack/generate/samples.ts'
import type { KindSchema } from '../../../src/api/kind.ts'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { type FieldAt, fieldsOf, rulesOf } from '../../../src/api/walk.ts'
import { fieldsIn } from '../../support/schema/used.ts'

const root = path.resolve(import.meta.dirname, '../../..')
const SECURITY_CONTEXT = 'spec.podTemplate.spec.securityContext'
const samplesFolder = path.join(root, 'samples')
/** Those that need something of somebody else first, which each says. */
const preparedFolder = path.join(samplesFolder, 'prepared')

/** Values that do not belong to an item of an atomic list: those are replaced, and defaulted, with the whole list. */
function valuesOf(kind: KindSchema): readonly FieldAt[] {
  return fieldsOf('spec', kind.spec).filter(({ path: at, node }) => node.kind !== 'object' && !at.includes('[]'))
}

describe('generated files', () => {
  for (const [name, text] of [...crdFiles(), ['docs/api.md', apiReference()] as const]) {
    it(`has the current ${name} (repair: npm run generate)`, async () => {
      expect(await readFile(path.join(root, name), 'utf8')).to.equal(text)
    })
  }

  it('are far below the 1 MiB of the API server and the 256 KiB of an annotation', () => {
    for (const [, text] of crdFiles()) expect(text.length).to.be.below(200 * 1024)
  })

  it('are kept by Helm in the chart only', () => {
    for (const [name, text] of crdFiles()) {
      expect(text.includes('helm.sh/resource-policy: keep')).to.equal(name.startsWith('charts/'))
    }
  })
})

describe('schemas', () => {
  for (const kind of KINDS) {
    const fields = [...fieldsOf('spec', kind.spec), ...fieldsOf('status', kind.status)]

    it(`${kind.kind} describes each field in sentences`, () => {
      for (const { path: at, node } of fields) expect(node.description, at).to.match(/^[A-Z].*\.$/)
    })

    it(`${kind.kind} says of each value of the spec what a later change does`, () => {
      for (const { path: at, node } of valuesOf(kind)) expect(node.change, at).to.match(/^(no|live|roll)/)
    })

    it(`${kind.kind} states a default for each optional value of the spec that has one`, () => {
      const open = valuesOf(kind)
        .filter(({ node, isRequired }) => !isRequired && node.defaultText === undefined)
        .map(({ path: at }) => at)
      expect(open).to.deep.equal(
        kind.kind === 'SessionStore'
          ? ['spec.capacity.sessions', 'spec.capacity.averageSize', 'spec.tls.secretName']
          : [],
      )
    })

    it(`${kind.kind} fills in no default but replicas`, () => {
      const filled = fields.filter(({ node }) => node.kind === 'integer' && node.default !== undefined)
      expect(filled.map(({ path: at }) => at)).to.deep.equal(kind.hasScale ? ['spec.replicas'] : [])
    })

    it(`${kind.kind} gives each rule a name of its own`, () => {
      const rules = new Set(rulesOf(kind).map(({ rule }) => rule))
      expect(new Set([...rules].map(({ name }) => name)).size).to.equal(rules.size)
    })
  }
})

describe('samples', () => {
  it('follow the schemas', async () => {
    expect(await sampleErrors(samplesFolder)).to.deep.equal([])
    expect(await sampleErrors(preparedFolder)).to.deep.equal([])
  })

  it('use each field of each spec', async () => {
    const samples = [...(await readSamples(samplesFolder)), ...(await readSamples(preparedFolder))]
    for (const kind of KINDS) {
      const used = new Set(
        samples
          .filter(({ value }) => value.kind === kind.kind)
          .flatMap(({ value }) => fieldsIn('spec', kind.spec, value.spec)),
      )
      const fields = fieldsOf('spec', kind.spec)
      // One shape may stand in several places, such as a term of affinity: it has to be used once.
      const shapes = new Set(fields.filter(({ path: at }) => used.has(at)).map(({ node }) => node))
      const unused = fields.filter(({ node }) => !shapes.has(node))
      // A profile of that kind is a file on each node, so no sample can have one.
      const onNodes = kind.kind === 'SessionStore' ? [`${SECURITY_CONTEXT}.seccompProfile.localhostProfile`] : []
      expect(unused.map(({ path: at }) => at)).to.deep.equal(onNodes)
    }
  })

  it('are one object to a file, named differently', async () => {
    const files = (await readdir(samplesFolder)).filter((file) => file.endsWith('.yaml'))
    const samples = (await readSamples(samplesFolder)).filter(({ value }) => value.kind?.startsWith('Session'))
    const names = samples.map(({ value }) => `${value.kind}/${value.metadata?.name}`)
    expect(samples).to.have.length(files.length)
    expect(new Set(names).size).to.equal(names.length)
  })
})

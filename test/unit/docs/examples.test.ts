import { expect } from 'chai'
import { parseAllDocuments } from 'yaml'
import { API_VERSION } from '../../../src/api/v1alpha1/group.ts'
import { KINDS } from '../../../src/api/v1alpha1/kinds.ts'
import { structuralErrors } from '../../../src/api/validate.ts'
import { documents, read } from './files.ts'

type Example = Readonly<{ apiVersion?: string; kind?: string; spec?: unknown }>

/** The objects in the YAML blocks of a document. */
function examples(document: string): readonly Example[] {
  return [...read(document).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
    parseAllDocuments(text, { version: '1.1' }).map((each) => each.toJS() ?? {}),
  )
}

describe('examples', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts)

  for (const document of documents()) {
    it(`${document} names only npm scripts that exist`, () => {
      const named = [...read(document).matchAll(/\bnpm run ([a-z:]+)/g)].map(([, script = '']) => script)

      expect(scripts).to.include.members(named)
    })

    it(`${document} shows only objects that the API server would take`, () => {
      const ours = examples(document).filter(({ apiVersion }) => apiVersion === API_VERSION)

      const errors = ours.flatMap(({ kind, spec }) => {
        const schema = KINDS.find((each) => each.kind === kind)
        return schema ? structuralErrors('spec', schema.spec, spec) : [`there is no kind ${kind}`]
      })

      expect(errors).to.deep.equal([])
    })
  }
})

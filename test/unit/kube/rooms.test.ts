import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { read, root } from '../docs/files.ts'

const FOLDER = join(root, 'src', 'kube')
const files = readdirSync(FOLDER).map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }))

describe('src/kube', () => {
  it('is read, as a check of the tests below', () => {
    expect(files.length).to.be.above(30)
  })

  for (const { name, text } of files) {
    it(`${name} imports nothing from above`, () => {
      const imported = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, from = '']) => from)

      expect(imported.filter((from) => from.startsWith('..'))).to.deep.equal([])
    })

    it(`${name} has at most 250 lines`, () => {
      expect(text.trimEnd().split('\n').length).to.be.at.most(250)
    })

    it(`${name} is in the map of docs/architecture.md`, () => {
      expect(read('docs/architecture.md')).to.contain(`\`src/kube/${name}\``)
    })
  }
})

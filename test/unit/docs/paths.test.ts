import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { anchors, documents, fromDocument, read, root, withoutCode } from './files.ts'

const TOP = ['src', 'docs', 'test', 'hack', 'charts', 'deploy', 'crds', 'samples', 'bench', 'images', '.ci']
const PATH_IN_CODE = new RegExp(`\`((?:${TOP.map((name) => name.replace('.', '\\.')).join('|')})/[^\`\\s]*)\``, 'g')
const LINK = /\]\(([^)\s]+)\)/g

describe('documents', () => {
  for (const document of documents()) {
    const text = withoutCode(read(document))

    it(`${document} names only paths that exist`, () => {
      const named = [...text.matchAll(PATH_IN_CODE)].map(([, path = '']) => path)

      const missing = named.filter((path) => globSync(path, { cwd: root }).length === 0)

      expect(missing).to.deep.equal([])
    })

    it(`${document} links only to files and headings that exist`, () => {
      const links = [...text.matchAll(LINK)].map(([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link))

      const broken = links.filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? document : fromDocument(document, file)
        return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(target).has(anchor))
      })

      expect(broken).to.deep.equal([])
    })
  }
})

import { basename } from 'node:path'
import { expect } from 'chai'
import { read, textFiles } from './files.ts'

/** What must be nowhere in the repository but here. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['Node accepting any certificate', /rejectUnauthorized['"]?\s*[:=]\s*(false|0)/],
  ['Node accepting any certificate, by environment', /NODE_TLS_REJECT_UNAUTHORIZED/],
  ['Node not checking the name', /checkServerIdentity['"]?\s*[:=]\s*(\(\)|undefined|\(_)/],
  ['a tool told to be insecure', /--insecure|--no-check-certificate/],
  ['curl told to be insecure', /\bcurl\b[^\n|;&]*\s-[a-zA-Z]*k\b/],
  ['Python accepting any certificate', /ssl_cert_reqs\s*=\s*(None|['"]none['"])|CERT_NONE|check_hostname\s*=\s*False/],
  [
    'a host of a package registry',
    /registry\.npmjs|registry\.yarnpkg|proxy\.golang|sum\.golang|pypi\.org|pythonhosted/,
  ],
  ['a host of a Debian mirror', /(deb|ftp|snapshot|security)\.debian\.org/],
]

describe('words', () => {
  const files = textFiles().filter((name) => basename(name) !== basename(import.meta.filename))

  for (const [what, pattern] of FORBIDDEN) {
    it(`has nowhere ${what}`, () => {
      const found = files.filter((name) => pattern.test(read(name)))

      expect(found).to.deep.equal([])
    })
  }
})

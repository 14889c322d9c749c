import { readdir } from 'node:fs/promises'
import { expect } from 'chai'
import { expectGolden } from '../../support/golden.ts'
import { buildAll, SAMPLES } from './samples.ts'

describe('golden objects of a store', () => {
  for (const [name, sample] of Object.entries(SAMPLES)) {
    for (const [file, object] of Object.entries(buildAll(sample))) {
      it(`${name}: ${file}`, () => expectGolden(`resources/${name}/${file}.yaml`, object))
    }

    it(`${name}: no file is left over`, async () => {
      const kept = await readdir(new URL(`../../golden/resources/${name}/`, import.meta.url))

      expect(kept.sort()).to.deep.equal(
        Object.keys(buildAll(sample))
          .map((file) => `${file}.yaml`)
          .sort(),
      )
    })
  }
})

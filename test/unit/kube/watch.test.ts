import { expect } from 'chai'
import fc from 'fast-check'
import { linesOf, parseWatchLine } from '../../../src/kube/watch.ts'

async function* chunksOf(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

async function collect(parts: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesOf(chunksOf(parts))) lines.push(line)
  return lines
}

describe('linesOf()', () => {
  it('gives the same lines however the bytes are cut', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat(20)), async (lines, sizes) => {
        const bytes = new TextEncoder().encode(lines.map((each) => `${each}\n`).join(''))
        const parts: Uint8Array[] = []
        let at = 0
        for (const size of sizes) {
          parts.push(bytes.subarray(at, at + size))
          at += size
        }
        parts.push(bytes.subarray(at))

        expect(await collect(parts)).to.deep.equal(lines)
      }),
    )
  })

  it('takes a line without its end for a cut connection', async () => {
    const lines: string[] = []
    let code: unknown
    try {
      for await (const line of linesOf(chunksOf([Buffer.from('{}\n{"type":')]))) lines.push(line)
    } catch (error) {
      code = (error as { code?: unknown }).code
    }

    expect(lines).to.deep.equal(['{}'])
    expect(code).to.equal('ConnectionLost')
  })
})

describe('parseWatchLine()', () => {
  it('reads changes, bookmarks and the error that ends a watch', () => {
    const object = { metadata: { resourceVersion: '7' } }
    const status = { kind: 'Status', code: 410 }

    expect(parseWatchLine(JSON.stringify({ type: 'MODIFIED', object }))).to.deep.equal({ kind: 'modified', object })
    expect(parseWatchLine(JSON.stringify({ type: 'BOOKMARK', object }))).to.deep.equal({
      kind: 'bookmark',
      resourceVersion: '7',
    })
    expect(parseWatchLine(JSON.stringify({ type: 'ERROR', object: status }))).to.deep.equal({
      kind: 'error',
      code: 410,
      status,
    })
  })

  it('takes a line that is not JSON for a cut connection, an unknown type for a bug', () => {
    expect(() => parseWatchLine('{"type":')).to.throw('a line of the watch is not JSON')
    expect(() => parseWatchLine('{"type":"NEW","object":{}}')).to.throw('Cannot read a watch: event type is NEW')
  })
})

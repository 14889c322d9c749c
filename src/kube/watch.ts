import { OperatorError } from './errors.ts'

/** A change as the watch carries it. */
export type WatchEvent<T> =
  | Readonly<{ kind: 'added' | 'modified' | 'deleted'; object: T }>
  | Readonly<{ kind: 'bookmark'; resourceVersion: string }>
  /** The Status that ends a watch, 410 above all. */
  | Readonly<{ kind: 'error'; code: number; status: unknown }>

const KINDS = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const

/** Splits a stream into lines; a last line without its end is a cut connection, code ConnectionLost. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let parts: string[] = []
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      parts.push(text.slice(0, end))
      yield parts.join('')
      parts = []
      text = text.slice(end + 1)
    }
    if (text) parts.push(text)
  }
  if (parts.length > 0) throw new OperatorError('ConnectionLost', 'the watch was cut in the middle of a line')
}

/** Reads one line of a watch. */
export function parseWatchLine<T>(line: string): WatchEvent<T> {
  const { type, object } = parseJson(line)
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { kind: KINDS[type], object: object as T }
  if (type === 'BOOKMARK') return { kind: 'bookmark', resourceVersion: resourceVersionOf(object) }
  if (type === 'ERROR') return { kind: 'error', code: codeOf(object), status: object }
  throw new OperatorError('Bug', `Cannot read a watch: event type is ${String(type)}`)
}

function parseJson(line: string): Readonly<{ type?: unknown; object?: unknown }> {
  try {
    const event: unknown = JSON.parse(line)
    return typeof event === 'object' && event !== null ? event : {}
  } catch (error) {
    throw new OperatorError('ConnectionLost', 'a line of the watch is not JSON', { cause: error })
  }
}

function resourceVersionOf(object: unknown): string {
  const { metadata } = object as Readonly<{ metadata?: Readonly<{ resourceVersion?: string }> }>
  return metadata?.resourceVersion ?? ''
}

function codeOf(status: unknown): number {
  const { code } = status as Readonly<{ code?: unknown }>
  return typeof code === 'number' ? code : 500
}

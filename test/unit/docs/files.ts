import { globSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** The repository's root. */
export const root = resolve(import.meta.dirname, '../../..')

/** What is never part of the repository. */
const OUTSIDE = new Set(['.git', 'node_modules', 'dist', 'coverage', 'artifacts'])

/** Paths of every text file of the repository, relative to its root. */
export function textFiles(): readonly string[] {
  return globSync(['**/*', '.*', '.ci/**/*'], { cwd: root, exclude: (name) => OUTSIDE.has(name) }).filter(
    (name) => statSync(join(root, name)).isFile() && !readFileSync(join(root, name)).includes(0),
  )
}

/** Paths of the documents, relative to the root. */
export function documents(): readonly string[] {
  return globSync(['*.md', 'docs/**/*.md'], { cwd: root })
}

/** The text of a file of the repository. */
export function read(name: string): string {
  return readFileSync(join(root, name), 'utf8')
}

/** `name` as seen from the folder of `document`, relative to the root. */
export function fromDocument(document: string, name: string): string {
  return relative(root, resolve(root, document, '..', name))
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors(document: string): ReadonlySet<string> {
  const headings = withoutCode(read(document)).matchAll(/^#+ (.+)$/gm)
  return new Set([...headings].map(([, text = '']) => anchorOf(text)))
}

/** A document without its fenced code, where `#` begins a comment. */
export function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

import type { Engine } from './defaults.ts'

/** Version of the file format in which a server of that version gives its data to a replica. */
const FORMATS: Readonly<Record<Engine, Readonly<Record<string, number>>>> = {
  Valkey: { '7.2': 11, '8.0': 11, '8.1': 11, '9.0': 80, '9.1': 80 },
  Redis: { '7.0': 10, '7.2': 11, '7.4': 12, '8.0': 12 },
}

/** `8.0` of `8.0.4`. */
export function majorMinor(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/** Whether a server of a version cannot read what one of the other gives it; an unknown version is told by its number. */
export function isOlderVersion(engine: Engine, version: string, than: string): boolean {
  const [own, other] = [FORMATS[engine][majorMinor(version)], FORMATS[engine][majorMinor(than)]]
  return own !== undefined && other !== undefined ? own < other : isLower(version, than)
}

function isLower(version: string, than: string): boolean {
  const [own, other] = [version, than].map((text) => majorMinor(text).split('.').map(Number))
  for (const [index, part] of (other ?? []).entries()) {
    const difference = (own?.[index] ?? 0) - part
    if (difference !== 0) return difference < 0
  }
  return false
}

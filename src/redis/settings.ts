import type { ServerSettings } from './types.ts'

/** The settings that CONFIG GET does not show as wanted. */
export function differingSettings(wanted: ServerSettings, shown: ReadonlyMap<string, string>): ServerSettings {
  return Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => !isSameSetting(name, value, shown.get(name))),
  )
}

/** Whether CONFIG GET shows a value as wanted, in whatever form the server prints it. */
export function isSameSetting(name: string, wanted: string, shown: string | undefined): boolean {
  if (shown === undefined) return false
  if (name === 'notify-keyspace-events') return eventLetters(wanted) === eventLetters(shown)
  if (name === 'client-output-buffer-limit') return isSubset(bufferLimits(wanted), bufferLimits(shown))
  return wanted === shown || toBytes(wanted) === toBytes(shown)
}

/** The server reorders the letters, and folds a full set of them into A. */
function eventLetters(text: string): string {
  return [...new Set(text.replace('A', 'g$lshzxetd'))].sort().join('')
}

/** CONFIG SET takes one class, CONFIG GET shows all, under the older word for replicas. */
function bufferLimits(text: string): ReadonlyMap<string, string> {
  const limits = new Map<string, string>()
  const words = text.split(/\s+/)
  for (let index = 0; index + 3 < words.length; index += 4) {
    const kind = words[index] === 'slave' ? 'replica' : String(words[index])
    limits.set(
      kind,
      words
        .slice(index + 1, index + 4)
        .map(toBytes)
        .join(' '),
    )
  }
  return limits
}

function isSubset(part: ReadonlyMap<string, string>, whole: ReadonlyMap<string, string>): boolean {
  return [...part].every(([name, value]) => whole.get(name) === value)
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
}

function toBytes(text: string): string {
  const [, digits, unit] = /^(\d+)(k|kb|m|mb|g|gb)$/i.exec(text) ?? []
  return digits && unit ? String(Number(digits) * (UNIT_BYTES[unit.toLowerCase()] ?? 1)) : text
}

import type { ReplicaLink } from './types.ts'

/** A reply of the server: RESP2 without the errors, which are data of their own. */
export type Reply = string | number | null | readonly Reply[]

/** All lines of an INFO reply; every engine still uses the words master and slave here. */
export type InfoFields = ReadonlyMap<string, string>

/** What ROLE says. */
export type RoleFacts =
  | Readonly<{ role: 'master'; offset: number; replicas: readonly Readonly<{ host: string; port: number }>[] }>
  | Readonly<{ role: 'replica'; upstream: Readonly<{ host: string; port: number }>; link: string; offset: number }>

/** Reads the `name:value` lines of INFO, of all sections. */
export function parseInfo(text: string): InfoFields {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1).trimEnd())
  }
  return fields
}

/** A number of INFO; `fallback` when the server does not print the field. */
export function infoNumber(fields: InfoFields, name: string, fallback = 0): number {
  const value = Number(fields.get(name) ?? Number.NaN)
  return Number.isFinite(value) ? value : fallback
}

/** The engine's own version: Valkey also prints the version of Redis it is compatible with. */
export function parseVersion(fields: InfoFields): string {
  return fields.get('valkey_version') ?? fields.get('redis_version') ?? ''
}

/** The `slave0:ip=…,port=…,state=online,offset=…,lag=0` lines, as replicas are listed by their primary. */
export function parseReplicaLinks(fields: InfoFields): readonly ReplicaLink[] {
  const links: ReplicaLink[] = []
  for (const [name, value] of fields) {
    if (!/^(slave|replica)\d+$/.test(name)) continue
    const parts = new Map(value.split(',').map((part) => [before(part, '='), after(part, '=')] as const))
    links.push({
      host: parts.get('ip') ?? '',
      port: Number(parts.get('port') ?? 0),
      state: parts.get('state') ?? '',
      offset: Number(parts.get('offset') ?? 0),
      lagSeconds: Number(parts.get('lag') ?? 0),
    })
  }
  return links
}

/** Keys of each database, from `db0:keys=3,expires=1,…`. */
export function parseKeyspace(fields: InfoFields): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const [name, value] of fields) {
    const keys = /^keys=(\d+)/.exec(value)?.[1]
    if (/^db\d+$/.test(name) && keys !== undefined) counts.set(Number(name.slice(2)), Number(keys))
  }
  return counts
}

/** Reads ROLE; undefined when it is not the reply of a primary or a replica. Newer engines may say `replica`. */
export function parseRole(reply: Reply): RoleFacts | undefined {
  if (!isList(reply)) return undefined
  const [role, second, third, fourth, fifth] = reply
  if (role === 'master' || role === 'primary') {
    const replicas = isList(third) ? third.filter(isList) : []
    return {
      role: 'master',
      offset: Number(second),
      replicas: replicas.map(([host, port]) => ({ host: String(host), port: Number(port) })),
    }
  }
  if (role === 'slave' || role === 'replica') {
    const upstream = { host: String(second), port: Number(third) }
    return { role: 'replica', upstream, link: String(fourth), offset: Number(fifth) }
  }
  return undefined
}

/** Reads a flat list of names and values, as CONFIG GET, HGETALL and ACL GETUSER answer. */
export function parsePairs(reply: Reply): ReadonlyMap<string, Reply> {
  const pairs = new Map<string, Reply>()
  if (!isList(reply)) return pairs
  for (let index = 0; index + 1 < reply.length; index += 2) {
    pairs.set(String(reply[index]), reply[index + 1] ?? null)
  }
  return pairs
}

/** Reads pairs whose values are strings; other values are left out. */
export function parseStringPairs(reply: Reply): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (const [name, value] of parsePairs(reply)) if (typeof value === 'string') pairs.set(name, value)
  return pairs
}

/** Whether a reply is a list. */
export function isList(reply: Reply | undefined): reply is readonly Reply[] {
  return Array.isArray(reply)
}

/** A host name without the trailing dot that keeps resolvers from trying search domains. */
export function withoutTrailingDot(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host
}

function before(text: string, separator: string): string {
  return text.slice(0, text.indexOf(separator))
}

function after(text: string, separator: string): string {
  return text.slice(text.indexOf(separator) + separator.length)
}

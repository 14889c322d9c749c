import { randomUUID } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { CONFIG_MAPS } from '../../../src/kube/resources.ts'
import { until } from '../until.ts'
import { findObject } from './api.ts'

/** A line of the API server's audit log, as far as the tests read it. */
export type AuditEvent = Readonly<{
  auditID: string
  stage: string
  verb: string
  requestURI: string
  user: Readonly<{ username: string }>
  userAgent?: string
  objectRef?: Readonly<{ resource: string; namespace?: string; name?: string; subresource?: string }>
  responseStatus?: Readonly<{ code: number }>
}>

/** A moment in the audit log. */
export type AuditMark = Readonly<{ id: string }>

/**
 * Marks a moment: a request with a name of its own, found in the log later. Better than a time, as the order of lines
 * is the API server's own.
 */
export async function markAudit(): Promise<AuditMark> {
  const id = `audit-mark-${randomUUID()}`
  await findObject(CONFIG_MAPS, { namespace: 'default', name: id })
  return { id }
}

/** Every request of a user between two marks, once each. */
export function requestsBetween(from: AuditMark, to: AuditMark, username: string): Promise<readonly AuditEvent[]> {
  return until(
    async (see) => {
      const found = await scan(from, to, username)
      see(`${found.requests.length} requests, first mark ${found.hasFrom}, second mark ${found.hasTo}`)
      return found.hasFrom && found.hasTo ? found.requests : undefined
    },
    { what: 'both marks in the audit log', deadlineMs: 30_000, everyMs: 1000 },
  )
}

async function scan(from: AuditMark, to: AuditMark, username: string) {
  const requests = new Map<string, AuditEvent>()
  const user = `"username":"${username}"`
  let hasFrom = false
  let hasTo = false
  for (const file of await auditFiles()) {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      if (line.includes(from.id)) hasFrom = true
      else if (line.includes(to.id)) hasTo = true
      else if (hasFrom && !hasTo && line.includes(user)) {
        const event = JSON.parse(line) as AuditEvent
        if (!requests.has(event.auditID)) requests.set(event.auditID, event)
      }
    }
  }
  return { hasFrom, hasTo, requests: [...requests.values()] }
}

/** The log and the older parts of it that the API server has rotated away, oldest first. */
async function auditFiles(): Promise<readonly string[]> {
  const file = process.env['SESSIONSTORE_AUDIT_LOG']
  if (!file || !existsSync(file)) {
    throw new Error(`Cannot count requests: SESSIONSTORE_AUDIT_LOG is ${file}, must be the API server's audit log`)
  }
  const older = (await readdir(dirname(file))).filter((name) => /^audit-.*\.log$/.test(name)).sort()
  return [...older.map((name) => join(dirname(file), name)), file]
}

/** Requests by verb and resource, e.g. `{'watch pods': 3, 'update leases': 40}`. */
export function countRequests(events: readonly AuditEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { verb, objectRef, requestURI } of events) {
    const sub = objectRef?.subresource ? `/${objectRef.subresource}` : ''
    const what = objectRef ? `${objectRef.resource}${sub}` : requestURI
    const key = `${verb} ${what}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

/** What a quiet operator may do: watch, and keep its Lease. */
export function isQuiet({ verb, objectRef }: AuditEvent): boolean {
  return (
    verb === 'watch' || (objectRef?.resource === 'leases' && (verb === 'get' || verb === 'update' || verb === 'patch'))
  )
}

/** Whether a request changes something. */
export function isWrite({ verb, objectRef }: AuditEvent): boolean {
  return objectRef?.resource !== 'leases' && ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb)
}

import { renewalTimeMs, warningTimeMs } from '../certificates/read.ts'
import type { Result } from '../kube/controller.ts'
import { OperatorError } from '../kube/errors.ts'
import { nextCertificates } from './issue.ts'
import type { Snapshot } from './observe.ts'
import type { TlsFacts } from './plan/conditions/inputs.ts'
import { isReached } from './plan/facts.ts'
import type { Obstacle } from './plan/obstacles.ts'
import { podObstacleDueMs } from './plan/podobstacles.ts'
import { readRefusal } from './plan/refusals.ts'
import type { TopologyPlan } from './plan/topology.ts'
import { loopEndsMs } from './podtrouble.ts'
import { isCurrent, presentsOther } from './reload.ts'

const LOOK_AGAIN_MS = 1000
/** A kubelet brings a changed Secret to its mount within about 90 s. */
const RELOAD_AGAIN_MS = 5000
const OPEN_AGAIN_MS = 5000
const LONGEST_REST_MS = 6 * 3600 * 1000

/** What a person has to change, when the failure to write the objects is one of that kind. */
export function refusalOf(failure: unknown): Obstacle | undefined {
  if (!(failure instanceof OperatorError)) return undefined
  const { code, message } = failure
  if (code === 'NameConflict' || code === 'ForeignVolume' || code === 'NoDefaultStorageClass')
    return { reason: code, message }
  const [, what = 'an object of the store'] = /^Cannot \w+ (\w+ "[^"]+")/.exec(message) ?? []
  const refusal = readRefusal({ what, message })
  if (refusal) return refusal
  if (code === 'Forbidden')
    return {
      reason: 'AdmissionRefused',
      message: `${message}; look for a ResourceQuota, an admission rule, or a right that the operator lacks`,
    }
  if (code === 'Invalid' || code === 'InvalidConfig') return { reason: 'InvalidConfig', message }
  return undefined
}

/** What is known of the certificates that the members present. */
export function tlsFacts(snapshot: Snapshot): TlsFacts {
  const { spec, facts, credentials, certificate, nowMs } = snapshot
  const { served } = credentials
  if (spec.tlsMode === 'Disabled') return { kind: 'Disabled' }
  const notAfter = served && { notAfter: isoTime(served.facts.notAfterMs) }
  if (certificate.kind === 'Refused') return { ...certificate, isServed: served !== undefined, ...notAfter }
  if (certificate.kind === 'Pending') return { kind: 'Pending', message: certificate.message, ...notAfter }
  if (!served || !facts.members.some(isReached)) return { kind: 'Pending', ...notAfter }
  const reached = facts.members.filter(isReached)
  const members = reached.filter((member) => presentsOther(member.probe, served)).map(({ name }) => name)
  if (members.length > 0) return { kind: 'NotServed', members, ...notAfter }
  const step = nextCertificates(snapshot)
  const change = step?.kind === 'wait' ? { change: describeWait(step.dueMs, nowMs) } : {}
  const isLate = certificate.kind === 'Given' && nowMs >= warningTimeMs(served.facts)
  const expiring = isLate ? { expiring: certificate.secretName } : {}
  return { kind: 'Served', ...change, ...expiring, ...notAfter }
}

function describeWait(dueMs: number, nowMs: number): string {
  const what = 'a change of the trusted authorities, or of the demand for client certificates, is being spread'
  return nowMs < dueMs
    ? `${what}; applications have until ${isoTime(dueMs)} to read their Secret again`
    : `${what}; a member or a binding has not taken it yet`
}

/** Members that do not work with what the TLS Secret holds. */
export function staleServers({ facts, credentials, spec }: Snapshot): readonly string[] {
  const { served } = credentials
  if (!served || spec.tlsMode === 'Disabled') return []
  return facts.members
    .filter(isReached)
    .filter((member) => !isCurrent(member.probe, served))
    .map((member) => member.name)
}

/** Every member answers and follows, nothing is on its way: only an event can make the next step due. */
export function isAtRest({ facts, pending }: Snapshot, { step, primary }: TopologyPlan): boolean {
  if (step.kind === 'wait' || step.kind === 'blocked' || pending !== undefined) return false
  return (
    primary !== undefined &&
    facts.intent === undefined &&
    facts.degradedSinceMs === undefined &&
    facts.members.every((member) => isReached(member) && member.linkDownSinceMs === undefined)
  )
}

/** When to look again. Nothing is polled at rest; while something is missing time itself can make the next step due. */
export function restUntil(snapshot: Snapshot, plan: TopologyPlan, dueMs?: number): Result {
  const { nowMs } = snapshot
  return soonest(soonest(restOfStore(snapshot, plan), podsDueMs(snapshot), nowMs), dueMs, nowMs)
}

/** A trouble of pods becomes one that stalls, and ends, by time alone. */
function podsDueMs({ troubles, pods, nowMs }: Snapshot): number | undefined {
  const ends = pods.map(loopEndsMs).filter((endMs) => endMs !== undefined && endMs > nowMs)
  const dues = [podObstacleDueMs(troubles, nowMs), ...ends].filter((due) => due !== undefined)
  return dues.length === 0 ? undefined : Math.min(...dues)
}

function soonest(result: Result, dueMs: number | undefined, nowMs: number): Result {
  if (dueMs === undefined || (result.kind !== 'done' && result.kind !== 'after')) return result
  const delayMs = Math.max(LOOK_AGAIN_MS, dueMs - nowMs)
  return result.kind === 'after' && result.delayMs <= delayMs ? result : { kind: 'after', delayMs }
}

function restOfStore(snapshot: Snapshot, plan: TopologyPlan): Result {
  const { spec, statefulSet, nowMs } = snapshot
  if (spec.suspend && !statefulSet) return { kind: 'done' }
  if (plan.step.kind === 'wait') return { kind: 'after', delayMs: plan.step.requeueAfterMs }
  if (!isAtRest(snapshot, plan)) return { kind: 'after', delayMs: LOOK_AGAIN_MS }
  if (spec.tlsMode === 'Disabled') return { kind: 'done' }
  if (staleServers(snapshot).length > 0) return { kind: 'after', delayMs: RELOAD_AGAIN_MS }
  const leftMs = Math.min(...certificateTimes(snapshot)) - nowMs
  return { kind: 'after', delayMs: Math.min(Math.max(LOOK_AGAIN_MS, leftMs), LONGEST_REST_MS) }
}

/** When something about the certificates becomes due by itself. */
function certificateTimes(snapshot: Snapshot): readonly number[] {
  const { credentials, certificate, nowMs } = snapshot
  const { served, authority } = credentials
  const step = nextCertificates(snapshot)
  const isOpen = certificate.kind === 'Refused' || certificate.kind === 'Pending' || step?.kind === 'wait'
  const given =
    certificate.kind === 'Given' ? [warningTimeMs(certificate.given.facts), certificate.given.facts.notAfterMs] : []
  return [
    // What was passed already is told.
    ...given.filter((time) => time > nowMs),
    ...(certificate.kind === 'Own' && served ? [renewalTimeMs(served.facts)] : []),
    ...(served?.client ? [renewalTimeMs(served.client.facts)] : []),
    ...(authority ? [renewalTimeMs(authority.facts)] : []),
    // A refused certificate may become valid, and a kind may come to be served, without an event.
    ...(isOpen ? [Math.max(step?.kind === 'wait' ? step.dueMs : 0, nowMs + OPEN_AGAIN_MS)] : []),
  ]
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

import { withoutTrailingDot } from './parse.ts'
import type { ProbeFacts, ReplicaLink, ServerFacts } from './types.ts'

/** A replica hears its primary when it got a byte of it at most so long ago (`repl-ping-replica-period` is 1). */
const HEARS_WITHIN_SECONDS = 2

/** Whether a member, as a replica, hears the server it follows. */
export function isHearing(facts: ProbeFacts): facts is ServerFacts {
  return (
    facts.kind === 'reached' &&
    facts.role === 'replica' &&
    facts.isLinkUp &&
    (facts.lastHeardSeconds ?? Number.POSITIVE_INFINITY) <= HEARS_WITHIN_SECONDS
  )
}

/** The replicas a primary counts for its write gate: online, and heard within the allowed lag. */
export function inSyncReplicas(facts: ServerFacts, maxLagSeconds: number): readonly ReplicaLink[] {
  return facts.replicas.filter(({ state, lagSeconds }) => state === 'online' && lagSeconds <= maxLagSeconds)
}

/**
 * What a reconcile has to know at once, as one comparable text: never offsets, seq, memory or times, which move with
 * every write and would wake it for nothing.
 */
export function materialOf(facts: ProbeFacts): string {
  switch (facts.kind) {
    case 'unknown':
      return 'unknown'
    case 'unreachable':
      return `unreachable ${facts.reason} ${facts.isRefusalConfirmed}`
    case 'reached':
      return JSON.stringify([
        facts.runId,
        facts.role,
        facts.upstream ?? null,
        [facts.isLinkUp, facts.isSyncing, facts.isLoading, facts.isRecordHidden, facts.keyCount > 0],
        facts.failoverState,
        facts.record ? [facts.record.storeUID, facts.record.epoch, facts.record.primary] : null,
        facts.record ? [facts.record.n, facts.record.w] : null,
        facts.replicas
          .filter(({ state }) => state === 'online')
          .map(({ host, port }) => `${withoutTrailingDot(host)}:${port}`)
          .sort(),
        facts.preparedHash,
        facts.minReplicasToWrite,
        facts.maxLagSeconds,
        facts.maxMemoryBytes,
        facts.failedWrites,
        [facts.servedFingerprint ?? null, facts.trustFile ?? null, facts.authClients ?? null],
      ])
  }
}

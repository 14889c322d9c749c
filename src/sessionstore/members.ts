import type { Caches } from '../caches.ts'
import type { Pod, StatefulSet } from '../kube/types.ts'
import type { ProbeFacts } from '../redis/types.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { podHostAbsolute, podName, podOrdinal } from '../resources/names.ts'
import type { StoreMemory } from './memory.ts'
import type { MemberFacts } from './plan/facts.ts'
import { readPod, readStopped, type TemplateFacts } from './podfacts.ts'

export type MemberInputs = Readonly<{
  caches: Caches
  facts: (member: string) => ProbeFacts
  memory: StoreMemory
  clusterDomain: string
  nowMs: number
  identity: StoreIdentity
  statefulSet: StatefulSet | undefined
  pods: readonly Pod[]
  template: TemplateFacts
}>

/** Every ordinal that may exist: of the StatefulSet, and pods that are still there beyond it. */
export function readMembers(inputs: MemberInputs): readonly MemberFacts[] {
  const { identity, statefulSet, pods } = inputs
  if (!statefulSet) return []
  const byOrdinal = new Map(pods.map((pod) => [podOrdinal(identity, pod.metadata.name) ?? -1, pod]))
  const size = Math.max(statefulSet.spec?.replicas ?? 0, ...[...byOrdinal.keys()].map((ordinal) => ordinal + 1))
  return Array.from({ length: size }, (_, ordinal) => readMember(inputs, ordinal, byOrdinal.get(ordinal)))
}

function readMember(inputs: MemberInputs, ordinal: number, pod: Pod | undefined): MemberFacts {
  const { caches, memory, nowMs, identity, clusterDomain, template } = inputs
  const name = podName(identity, ordinal)
  const node = pod ? memory.nodeOf(caches, pod) : 'unknown'
  const probe = inputs.facts(name)
  const linkDownSinceMs = memory.noteProbe(name, probe, nowMs)
  const awaySinceMs = memory.noteAnswer(name, probe.kind === 'reached', nowMs)
  const stopped = pod ? readStopped(pod, node) : 'PodGone'
  if (stopped === undefined && isUnseen(probe)) memory.noteUnseen(name, nowMs)
  const run = probe.kind === 'reached' ? { runId: probe.runId, nowMs } : undefined
  return {
    name,
    ordinal,
    host: podHostAbsolute(identity, name, clusterDomain),
    ...(pod && { pod: readPod(pod, node, template) }),
    ...(stopped !== undefined && { stopped }),
    probe,
    hasPrepareFailed: run !== undefined && memory.prepareFailure(name, run) !== undefined,
    ...(awaySinceMs !== undefined && { awaySinceMs }),
    ...(linkDownSinceMs !== undefined && { linkDownSinceMs }),
  }
}

/** It may run and did not answer: whom it follows nobody knows. */
function isUnseen(probe: ProbeFacts): boolean {
  return probe.kind === 'unknown' || (probe.kind === 'unreachable' && !probe.isRefusalConfirmed)
}

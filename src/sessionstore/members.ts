import type { Caches } from '../caches.ts'
import type { Pod, StatefulSet } from '../kube/types.ts'
import type { ProbeFacts } from '../redis/types.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { podHostAbsolute, podName, podOrdinal } from '../resources/names.ts'
import type { Ghost, StoreMemory } from './memory.ts'
import type { MemberFacts } from './plan/facts.ts'
import {
  isNodeOff,
  isNodeReady,
  mayOutlive,
  type NodeFacts,
  readPod,
  readStopped,
  type TemplateFacts,
} from './podfacts.ts'

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

/** How long after a Node is back its kubelet needs to end what it should no longer run. */
const GHOST_GRACE_MS = 60_000
const GHOST_ORDINAL = 1_000_000

/** Every ordinal that may exist: of the StatefulSet, pods that are still there beyond it, and pods removed by force. */
export function readMembers(inputs: MemberInputs): readonly MemberFacts[] {
  const { caches, memory, nowMs, identity, statefulSet, pods } = inputs
  if (!statefulSet) return []
  const byOrdinal = new Map(pods.map((pod) => [podOrdinal(identity, pod.metadata.name) ?? -1, pod]))
  const size = Math.max(statefulSet.spec?.replicas ?? 0, ...[...byOrdinal.keys()].map((ordinal) => ordinal + 1))
  const members = Array.from({ length: size }, (_, ordinal) => readMember(inputs, ordinal, byOrdinal.get(ordinal)))
  const isOver = ({ node, removedMs }: Ghost): boolean => {
    const facts = readNode(caches, node)
    return isNodeOff(facts) || (isNodeReady(facts) && nowMs - removedMs > GHOST_GRACE_MS)
  }
  return [...members, ...memory.ghosts(isOver).map(toGhostMember)]
}

function readMember(inputs: MemberInputs, ordinal: number, pod: Pod | undefined): MemberFacts {
  const { caches, memory, nowMs, identity, clusterDomain, template } = inputs
  const name = podName(identity, ordinal)
  const node = readNode(caches, pod?.spec?.nodeName)
  const probe = inputs.facts(name)
  const linkDownSinceMs = memory.noteProbe(name, probe, nowMs)
  const stopped = pod ? readStopped(pod, node) : 'PodGone'
  const run = probe.kind === 'reached' ? { runId: probe.runId, nowMs } : undefined
  return {
    name,
    ordinal,
    host: podHostAbsolute(identity, name, clusterDomain),
    ...(pod && { pod: readPod(pod, node, template) }),
    ...(stopped !== undefined && { stopped }),
    probe,
    hasPrepareFailed: run !== undefined && memory.prepareFailure(name, run) !== undefined,
    ...(linkDownSinceMs !== undefined && { linkDownSinceMs }),
  }
}

function toGhostMember(ghost: Ghost): MemberFacts {
  const probe = {
    kind: 'unreachable',
    reason: 'NoAddress',
    sinceMs: ghost.removedMs,
    isRefusalConfirmed: false,
  } as const
  const name = `${ghost.name} (${ghost.podUID}, removed by force)`
  return { name, ordinal: GHOST_ORDINAL, host: name, probe, hasPrepareFailed: false }
}

export function readNode(caches: Caches, name: string | undefined): NodeFacts {
  // Without any Node the list is not to be believed, as a pod that runs is on one.
  if (name === undefined || caches.nodes.isUnavailable || caches.nodes.size === 0) return 'unknown'
  return caches.nodes.get(name) ?? 'gone'
}

/** Told of a removed pod: whether its server may live on. */
export function isGhost(caches: Caches, pod: Pod): boolean {
  return mayOutlive(pod, readNode(caches, pod.spec?.nodeName))
}

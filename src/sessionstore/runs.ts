import type { Caches } from '../caches.ts'
import { OperatorError } from '../kube/errors.ts'
import type { Pod, StatefulSet } from '../kube/types.ts'
import type { StoreIdentity } from '../resources/identity.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import { podHostAbsolute } from '../resources/names.ts'
import type { StoreMemory } from './memory.ts'
import type { MemberFacts, Run } from './plan/facts.ts'
import { isNodeOff, isNodeReady, mayOutlive } from './podfacts.ts'

/** How long after a Node is back its kubelet needs to end what it should no longer run. */
const GHOST_GRACE_MS = 60_000
/** Where Nodes may not be read nobody can tell; a machine that is away for longer has had its people. */
const BLIND_GRACE_MS = 600_000
const GHOST_ORDINAL = 1_000_000

/**
 * The pods that were let take part: an annotation of the StatefulSet, written before a pod joins or is promoted. A pod
 * that is in it and has no object any more may have been removed by force, and its server may go on behind a partition,
 * whoever was there to see it go.
 */
export function readRuns(statefulSet: StatefulSet | undefined): readonly Run[] {
  const text = statefulSet?.metadata.annotations?.[ANNOTATIONS.runs]
  if (!text) return []
  const runs = parseRuns(text)
  if (runs) return runs
  // Never taken for none: one of them may still write.
  throw new OperatorError(
    'InvalidConfig',
    `Cannot read StatefulSet "${statefulSet.metadata.name}": annotation ${ANNOTATIONS.runs} is ${text}, must be a list that the operator wrote`,
  )
}

function parseRuns(text: string): readonly Run[] | undefined {
  try {
    const runs = JSON.parse(text) as readonly Run[]
    const isWhole = runs.every((run) => [run.name, run.uid, run.node].every((part) => typeof part === 'string'))
    return isWhole ? runs.map(({ name, uid, node }) => ({ name, uid, node })) : undefined
  } catch {
    return undefined
  }
}

export type RunInputs = Readonly<{
  caches: Caches
  memory: StoreMemory
  clusterDomain: string
  nowMs: number
  identity: StoreIdentity
  statefulSet: StatefulSet | undefined
  pods: readonly Pod[]
}>

/** Of the pods that took part: those that may still run, and the members that those without an object are. */
export function observeRuns(inputs: RunInputs): Readonly<{
  runs: readonly Run[]
  ghosts: readonly MemberFacts[]
  hasStaleRuns: boolean
}> {
  const noted = readRuns(inputs.statefulSet)
  const there = new Set(inputs.pods.map(({ metadata }) => metadata.uid))
  const ghosts = noted.filter(({ uid }) => !there.has(uid)).filter((run) => !isOver(inputs, run))
  for (const run of ghosts) inputs.memory.noteUnseen(nameOf(run), inputs.nowMs)
  const runs = noted.filter((run) => there.has(run.uid) || ghosts.includes(run))
  return { runs, ghosts: ghosts.map((run) => toMember(inputs, run)), hasStaleRuns: runs.length < noted.length }
}

function isOver({ caches, memory, nowMs }: RunInputs, { uid, node }: Run): boolean {
  if (memory.hasEnded(uid)) return true
  const facts = memory.goneNodes.read(caches, { uid, node })
  if (isNodeOff(facts)) return true
  const missedMs = nowMs - memory.ghostSinceMs(uid, nowMs)
  if (facts === 'unknown') return missedMs > BLIND_GRACE_MS
  // From when its Node is back: a kubelet needs a moment to end what it should no longer run.
  const vouchedSinceMs = memory.vouchedSinceMs(uid, isNodeReady(facts), nowMs)
  return vouchedSinceMs !== undefined && nowMs - vouchedSinceMs > GHOST_GRACE_MS
}

function toMember({ memory, identity, clusterDomain, nowMs }: RunInputs, { name, uid }: Run): MemberFacts {
  const sinceMs = memory.ghostSinceMs(uid, nowMs)
  const probe = {
    kind: 'unreachable',
    reason: 'NoAddress',
    sinceMs,
    isRefusalConfirmed: false,
  } as const
  return {
    name: nameOf({ name, uid }),
    ordinal: GHOST_ORDINAL,
    // Whoever followed it does so under this name, which may be another pod's by now.
    host: podHostAbsolute(identity, name, clusterDomain),
    probe,
    awaySinceMs: sinceMs,
    hasPrepareFailed: false,
  }
}

function nameOf({ name, uid }: Pick<Run, 'name' | 'uid'>): string {
  return `${name} (${uid}, removed by force)`
}

/** Told of a removed pod: whether its server may live on. That its Node is gone is found out afterwards. */
export function isGhost({ nodes }: Caches, pod: Pod): boolean {
  return mayOutlive(pod, nodes.get(pod.spec?.nodeName ?? '') ?? 'missing')
}

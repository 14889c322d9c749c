import type { Caches } from '../caches.ts'
import type { OperatorError } from '../kube/errors.ts'
import type { Pod } from '../kube/types.ts'
import type { ProbeFacts } from '../redis/types.ts'
import { CapacityMemory } from './capacity.ts'
import { ConfigMemory } from './configmemory.ts'
import { FullSyncs } from './fullsyncs.ts'
import { GoneNodes, type NodeFacts } from './nodes.ts'
import type { CpuMemory } from './podcpu.ts'
import { RefusedPods } from './refusedpods.ts'

/** Preparing the same run again at once would fail in the same way. */
const RETRY_PREPARE_MS = 3000
/** So are objects that were refused, while the topology is looked at every second. */
const RETRY_OBJECTS_MS = 5000

/** A limit that a rule of the namespace, or the cluster itself, does not allow a pod to have. */
export type RefusedResize = Readonly<{
  pod: string
  uid: string
  limitBytes: number
  atMs: number
  error: OperatorError
}>

/** A class may be allowed to grow volumes later, and where it may not be read nobody tells. */
const RETRY_EXPANSION_MS = 300_000

/** A try to write the objects of one generation of the spec. */
export type Attempt = Readonly<{ generation: number; nowMs: number }>

/**
 * What a process remembers of one store between two reconciles. Losing it costs time, never safety: the plan takes the
 * start of the observation where a memory is missing.
 */
export class StoreMemory {
  readonly observingSinceMs: number
  readonly config = new ConfigMemory()
  readonly refusedCpu: CpuMemory['refusedCpu'] = new Map()
  #waitingFor: string | undefined
  readonly #unseenMs = new Map<string, number>()
  readonly #ended = new Set<string>()
  readonly #ghostSinceMs = new Map<string, number>()
  readonly #vouchedSinceMs = new Map<string, number>()
  readonly #awaySinceMs = new Map<string, number>()
  #intent: Readonly<{ text: string; sinceMs: number }> | undefined
  readonly #linkDownSinceMs = new Map<string, number>()
  readonly #prepareFailures = new Map<string, Readonly<{ runId: string; atMs: number; message: string }>>()
  /** First moment the current outage of the primary was seen; ends with the next established primary. */
  outageSinceMs: number | undefined
  /** Bytes lost by the last demoted zombie; reported with the failover that made it one. */
  lostBytes: number | undefined
  /** Called with the keys of bindings when the logins that every answering member knows are others than before. */
  onApplied: (bindings: readonly string[]) => void = () => undefined
  #applied: ReadonlySet<string> | undefined
  readonly refusedPods = new RefusedPods()
  readonly capacity: CapacityMemory
  readonly fullSyncs = new FullSyncs()
  readonly goneNodes = new GoneNodes()
  readonly #refusedResizes = new Map<string, RefusedResize>()
  #refusedExpansion: Readonly<{ sizeBytes: number; nowMs: number; message: string }> | undefined
  #objectsFailure: Readonly<{ error: unknown; attempt: Attempt }> | undefined

  /** `nowMs`: the time of day, where it is on another clock. */
  constructor(steadyMs: number, nowMs = steadyMs) {
    this.observingSinceMs = steadyMs
    this.capacity = new CapacityMemory(nowMs)
  }

  /** What is known of the Node of a pod. */
  nodeOf(caches: Pick<Caches, 'nodes'>, { metadata: { uid = '' }, spec }: Pod): NodeFacts {
    return this.goneNodes.read(caches, { uid, node: spec?.nodeName })
  }

  /** Keys of the bindings whose login every answering member was told of; undefined before the first time. */
  get applied(): ReadonlySet<string> | undefined {
    return this.#applied
  }

  noteApplied(bindings: readonly string[]): void {
    const before = this.#applied ?? new Set<string>()
    const changed = bindings.filter((name) => !before.has(name))
    const removed = [...before].filter((name) => !bindings.includes(name))
    this.#applied = new Set(bindings)
    if (changed.length + removed.length > 0) this.onApplied([...changed, ...removed])
  }

  /** Whether the store waits for something else than before. */
  noteWait(message: string | undefined): boolean {
    const isNew = message !== undefined && message !== this.#waitingFor
    this.#waitingFor = message
    return isNew
  }

  /** Notes that a member may run and did not answer. */
  noteUnseen(member: string, nowMs: number): void {
    this.#unseenMs.set(member, nowMs)
  }

  /** When each member was last so, also of those that are gone. */
  get unseenMs(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#unseenMs)
  }

  /** Notes when a member stops to answer, and answers again. */
  noteAnswer(member: string, isReached: boolean, nowMs: number): number | undefined {
    if (isReached) this.#awaySinceMs.delete(member)
    else if (!this.#awaySinceMs.has(member)) this.#awaySinceMs.set(member, nowMs)
    return this.#awaySinceMs.get(member)
  }

  /** When an intent was first seen. */
  intentSinceMs(intent: string, nowMs: number): number {
    if (this.#intent?.text !== intent) this.#intent = { text: intent, sinceMs: nowMs }
    return this.#intent.sinceMs
  }

  /** Notes when links go down and come back. */
  noteProbe(member: string, probe: ProbeFacts, nowMs: number): number | undefined {
    const isDown = probe.kind !== 'reached' || (probe.role === 'replica' && !probe.isLinkUp)
    if (!isDown) this.#linkDownSinceMs.delete(member)
    else if (!this.#linkDownSinceMs.has(member)) this.#linkDownSinceMs.set(member, nowMs)
    return this.#linkDownSinceMs.get(member)
  }

  notePrepareFailure(member: string, failure: Readonly<{ runId: string; atMs: number; message: string }>): void {
    this.#prepareFailures.set(member, failure)
  }

  /** The message of a failure to prepare this very run; undefined once it may be tried again. */
  prepareFailure(member: string, run: Readonly<{ runId: string; nowMs: number }>): string | undefined {
    const failure = this.#prepareFailures.get(member)
    if (failure?.runId !== run.runId) return undefined
    return run.nowMs - failure.atMs < RETRY_PREPARE_MS ? failure.message : undefined
  }

  noteResizeRefused({ metadata: { name, uid = '' } }: Pod, refused: Omit<RefusedResize, 'pod' | 'uid'>): void {
    this.#refusedResizes.set(name, { pod: name, uid, ...refused })
  }

  /** Pods that refused this very limit, and were not resized since. */
  refusedResizes(pods: readonly Pod[], limitBytes: number): readonly RefusedResize[] {
    return pods.flatMap(({ metadata: { name, uid = '' } }) => {
      const refused = this.#refusedResizes.get(name)
      return refused?.uid === uid && refused.limitBytes === limitBytes ? [refused] : []
    })
  }

  noteResized({ metadata: { name } }: Pod): void {
    this.#refusedResizes.delete(name)
  }

  /** What the API server said to larger volumes. */
  noteExpansionRefused(refusal: Readonly<{ sizeBytes: number; nowMs: number; message: string }>): void {
    this.#refusedExpansion = refusal
  }

  /** The message of a refusal of this size; undefined once it may be tried again. */
  expansionRefusal(sizeBytes: number, nowMs: number): string | undefined {
    const refusal = this.#refusedExpansion
    const isValid = refusal?.sizeBytes === sizeBytes && nowMs - refusal.nowMs < RETRY_EXPANSION_MS
    return isValid ? refusal.message : undefined
  }

  noteObjectsFailure(error: unknown, attempt: Attempt): void {
    if (this.objectsFailure(attempt) === undefined) this.#objectsFailure = { error, attempt }
  }

  /** Why the objects of this generation could not be written; undefined once it may be tried again. */
  objectsFailure({ generation, nowMs }: Attempt): unknown {
    const failed = this.#objectsFailure
    const isValid = failed?.attempt.generation === generation && nowMs - failed.attempt.nowMs < RETRY_OBJECTS_MS
    return isValid ? failed.error : undefined
  }

  /** A pod was seen to go after its container had ended. */
  noteEnded(podUID: string): void {
    this.#ended.add(podUID)
  }

  /** Nothing of this pod runs any more. Another process does not know, and waits until its Node vouches for it. */
  hasEnded(podUID: string): boolean {
    return this.#ended.has(podUID)
  }

  /** Since when the Node of a pod that is missed has been Ready without a break; undefined: it is not. */
  vouchedSinceMs(podUID: string, isReady: boolean, nowMs: number): number | undefined {
    if (!isReady) this.#vouchedSinceMs.delete(podUID)
    else if (!this.#vouchedSinceMs.has(podUID)) this.#vouchedSinceMs.set(podUID, nowMs)
    return this.#vouchedSinceMs.get(podUID)
  }

  /** When a pod that took part was first missed. */
  ghostSinceMs(podUID: string, nowMs: number): number {
    const sinceMs = this.#ghostSinceMs.get(podUID) ?? nowMs
    this.#ghostSinceMs.set(podUID, sinceMs)
    return sinceMs
  }
}

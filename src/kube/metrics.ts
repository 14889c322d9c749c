import type { OperatorError } from './errors.ts'

/** What a queue tells about itself when it is asked. */
export type QueueSource = Readonly<{
  /** Ready keys by priority. */
  depths(): ReadonlyMap<number, number>
  /** How long each running key has been worked on, in milliseconds. */
  runningMs(): readonly number[]
}>

export type QueueMetrics = Readonly<{
  added(): void
  retried(): void
  taken(waitedMs: number): void
  finished(workedMs: number): void
}>

/** How one reconcile ended, in the words of controller-runtime's label `result`. */
export type ReconcileOutcome = 'success' | 'requeue' | 'requeue_after' | 'error'

export type ControllerMetrics = Readonly<{
  started(): void
  ended(outcome: ReconcileOutcome, tookMs: number): void
  failed(error: Pick<OperatorError, 'code' | 'retry'>): void
}>

/** Where a reflector stands: a forbidden one keeps its feature off, the others go on. */
export type ReflectorState = 'syncing' | 'synced' | 'forbidden'

/** What the runtime counts. Every method is cheap and never throws; `noMetrics` ignores all of it. */
export type KubeMetrics = Readonly<{
  queue(name: string, source: QueueSource): QueueMetrics
  controller(name: string, options: Readonly<{ workers: number }>): ControllerMetrics
  /** One answered request; `code` is the HTTP status, or `<error>` when there was no answer. */
  request(sample: Readonly<{ method: string; code: string; host: string; tookMs: number }>): void
  /** `skipped`: nothing was sent, as the live object has it all. `noop`: sent, and the resourceVersion stayed. */
  apply(kind: string, outcome: 'skipped' | 'noop' | 'written'): void
  reflectorState(kind: string, state: ReflectorState): void
  /** A list was made: the first one, or one more after 410 or an error. */
  reflectorListed(kind: string): void
  leader(name: string, isLeader: boolean): void
  event(outcome: 'sent' | 'dropped' | 'failed'): void
}>

function ignore(): void {}

const noQueue: QueueMetrics = { added: ignore, retried: ignore, taken: ignore, finished: ignore }
const noController: ControllerMetrics = { started: ignore, ended: ignore, failed: ignore }

/** Counts nothing. */
export const noMetrics: KubeMetrics = {
  queue: () => noQueue,
  controller: () => noController,
  request: ignore,
  apply: ignore,
  reflectorState: ignore,
  reflectorListed: ignore,
  leader: ignore,
  event: ignore,
}

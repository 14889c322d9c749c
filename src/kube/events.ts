import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import type { KubeMetrics } from './metrics.ts'
import type { CreateOptions, ObjectRef, PatchOptions } from './requests.ts'
import type { KubeEvent } from './resources.ts'
import type { KubeObject, Resource } from './types.ts'

export type EventRecord = Readonly<{
  /** The object that the event is about. */
  regarding: KubeObject
  type: 'Normal' | 'Warning'
  /** CamelCase, stable, at most 128 bytes. */
  reason: string
  /** What was done or tried, CamelCase, at most 128 bytes. */
  action: string
  /** For people; cut at 1,024 bytes. */
  note: string
}>

/** What a reconcile sees of the recorder. */
export type EventSink = Readonly<{ record(event: EventRecord): void }>

/** What the recorder needs of a KubeClient. */
export type EventClient = Readonly<{
  create(resource: Resource<KubeEvent>, object: KubeEvent, options: CreateOptions): Promise<KubeEvent>
  patch(resource: Resource<KubeEvent>, ref: ObjectRef, options: PatchOptions): Promise<KubeEvent>
}>

export type EventRecorderOptions = Readonly<{
  client: EventClient
  /** `reportingController`, a qualified name: `sessionstore.dev/operator`. */
  controller: string
  /** `reportingInstance`: the pod's name. */
  instance: string
  fieldManager: string
  clock?: Clock
  log?: Log
  metrics?: KubeMetrics
}>

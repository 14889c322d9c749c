import { toMicroTime } from './clock.ts'
import { EVENTS, type KubeEvent } from './resources.ts'
import type { KubeObject } from './types.ts'

/** What happened, as a reconcile tells it. */
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

/** What a reconcile sees of the recorder: it returns at once and never throws. */
export type EventSink = Readonly<{ record(event: EventRecord): void }>

/** Who reports: `controller` is a qualified name (`sessionstore.dev/operator`), `instance` the pod's name. */
export type EventReporter = Readonly<{ controller: string; instance: string }>

const NOTE_MAX_BYTES = 1024
const NAME_MAX_LENGTH = 220

/** Builds an events.k8s.io/v1 Event; `suffix` makes its name unique. */
export function buildEvent(
  record: EventRecord,
  options: EventReporter & Readonly<{ nowMs: number; suffix: string }>,
): KubeEvent {
  const { apiVersion, kind, metadata } = record.regarding
  const { name, namespace, uid, resourceVersion } = metadata
  const prefix = name.slice(0, NAME_MAX_LENGTH).replace(/[-.]+$/, '')
  return {
    apiVersion: EVENTS.apiVersion,
    kind: EVENTS.kind,
    // Events about cluster-scoped objects live in `default`: the API server accepts no other namespace for them.
    metadata: { namespace: namespace ?? 'default', name: `${prefix}.${options.suffix}` },
    eventTime: toMicroTime(options.nowMs),
    reportingController: options.controller,
    reportingInstance: options.instance,
    type: record.type,
    reason: record.reason,
    action: record.action,
    note: cutNote(record.note),
    regarding: {
      apiVersion,
      kind,
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
  }
}

/** What two events share that are one series. The note is part of it: another loss is another event. */
export function seriesKey({ regarding, type, reason, action, note }: EventRecord): string {
  return JSON.stringify([objectKey(regarding), type, reason, action, note])
}

/** The object whose share of events is capped. */
export function objectKey({ apiVersion, kind, metadata }: KubeObject): string {
  return [apiVersion, kind, metadata.namespace ?? '', metadata.name, metadata.uid ?? ''].join(' ')
}

function cutNote(note: string): string {
  const bytes = new TextEncoder().encode(note)
  if (bytes.length <= NOTE_MAX_BYTES) return note
  // `stream` drops a character that the cut went through.
  return `${new TextDecoder().decode(bytes.subarray(0, NOTE_MAX_BYTES - 3), { stream: true })}…`
}

import { OperatorError } from './errors.ts'
import type { KubeObject, Resource } from './types.ts'

/** Parses an answer; one that is not JSON was cut on its way. */
export function parseAnswer<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch (error) {
    throw new OperatorError('ConnectionLost', 'the answer is not JSON', { cause: error })
  }
}

/** Parses one object and lets it in. */
export function enterText<T extends KubeObject>(resource: Resource<T>, text: string): T {
  return enterObject(resource, parseAnswer<T>(text))
}

/**
 * Lets a freshly parsed object into the process: without managedFields, which are half of its size, and with the kind
 * that items of a built-in list lack.
 */
export function enterObject<T extends KubeObject>(resource: Resource<T>, object: T): T {
  const { managedFields: _, ...metadata } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown }
  return { ...object, apiVersion: resource.apiVersion, kind: resource.kind, metadata }
}

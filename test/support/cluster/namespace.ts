import { NAMESPACES, type Namespace } from '../../../src/kube/resources.ts'
import { ApiError, createObject, deleteObject } from './api.ts'
import { saveArtifacts } from './artifacts.ts'
import { kubectl } from './command.ts'
import { killWriters } from './writer.ts'

/** Every container of a test namespace is held to the strictest of Kubernetes' own standards. */
const LABELS = { 'pod-security.kubernetes.io/enforce': 'restricted', 'sessionstore.dev/test': 'cluster' }

/** Creates a namespace; one that is left of a run that was killed is used again. */
export async function createNamespace(name: string): Promise<void> {
  const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: LABELS } }
  await createObject(NAMESPACES, namespace).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 409) throw error
  })
}

/**
 * Deletes a namespace and does not wait for its end, but for the end of its stores and then its bindings: an operator that
 * tends dying objects would be counted as one that writes at rest.
 */
export async function deleteNamespace(name: string): Promise<void> {
  for (const kind of ['sess', 'sessb']) await kubectl(['delete', kind, '--all', '-n', name, '--wait', '--timeout=60s'])
  await deleteObject(NAMESPACES, { name })
}

/**
 * For a `describe`: a namespace of its own, made before and deleted after, and everything in it saved when a test fails.
 * The name carries the process, so that a run never meets what an earlier one left.
 */
export function useNamespace(prefix: string): string {
  const name = `${prefix}-${process.pid}`
  before(() => createNamespace(name))
  saveOnFailure([name])
  after(() => deleteNamespace(name))
  return name
}

/** For a `describe`: saves what the named namespaces and the operator show when one of its tests fails, and ends its writers. */
export function saveOnFailure(namespaces: readonly string[]): void {
  afterEach(async function () {
    const test = this.currentTest
    if (test?.state === 'failed') {
      console.log(`      # saved to ${await saveArtifacts(test.fullTitle(), namespaces)}`)
    }
    killWriters()
  })
}

/** For a `before` hook: makes ready what the tests need, and saves everything when that fails. */
export async function savingOnError<T>(what: string, namespace: string, make: () => Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    console.log(`      # saved to ${await saveArtifacts(what, [namespace])}`)
    throw error
  }
}

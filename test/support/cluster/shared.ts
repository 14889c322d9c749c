import { join } from 'node:path'
import { repoDir } from '../../../hack/paths.ts'
import type { SessionStoreSpec } from '../../../src/api/v1alpha1/sessionstore.ts'
import { type ClientPod, startClientPod } from './client.ts'
import { kubectl } from './command.ts'
import { engineOfRun } from './engine.ts'
import { createNamespace, deleteNamespace, saveOnFailure, savingOnError, useNamespace } from './namespace.ts'
import { report } from './report.ts'
import { applyStore, type StoreRef, untilSettled } from './store.ts'

/** A store with a client pod beside it. */
export type TestStore = Readonly<{ ref: StoreRef; client: ClientPod }>

const ref: StoreRef = { namespace: `shared-${process.pid}`, name: 'minimal' }
let started: Promise<TestStore> | undefined

async function start(): Promise<TestStore> {
  await createNamespace(ref.namespace)
  const startedMs = performance.now()
  if (engineOfRun().engine) await applyStore(ref)
  else await kubectl(['apply', '-n', ref.namespace, '-f', join(repoDir, 'samples', 'minimal.yaml')])
  await kubectl(['wait', '-n', ref.namespace, 'sess/minimal', '--for=condition=Ready', '--timeout=180s'])
  report('minimal.yaml', { readyMs: Math.round(performance.now() - startedMs) })
  await untilSettled(ref)
  return { ref, client: await startClientPod({ namespace: ref.namespace, bindings: [ref.name] }) }
}

/**
 * For a `describe`: the store of samples/minimal.yaml (three members, every default), made by the first file that asks and settled before each test. A
 * test that uses it leaves it as it was: three members, settled.
 */
export function useSharedStore(): () => TestStore {
  let store: TestStore | undefined
  before(async () => {
    started ??= savingOnError('shared store', ref.namespace, start)
    store = await started
  })
  beforeEach(() => untilSettled(ref))
  saveOnFailure([ref.namespace])
  return () => {
    if (!store) throw new Error('Cannot use the shared store: it is made before the first test, not while describing')
    return store
  }
}

// A hook of the root suite: it runs once, after the last file.
after(async () => {
  if (started) await deleteNamespace(ref.namespace)
})

/**
 * For a `describe`: makes stores of its own, each with a client pod. Tests that kill servers need them: the kubelet lets
 * a container that died often wait longer before each start, up to minutes, and a shared store would pass that on.
 */
export function useOwnStores(prefix: string): (name: string, spec?: SessionStoreSpec) => Promise<TestStore> {
  const namespace = useNamespace(prefix)
  return async (name, spec = {}) => {
    const own: StoreRef = { namespace, name }
    await applyStore(own, spec)
    await untilSettled(own)
    const client = await startClientPod({ namespace, bindings: [name], name: `client-of-${name}` })
    return { ref: own, client }
  }
}

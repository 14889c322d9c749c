import { join } from 'node:path'
import { repoDir } from '../../../hack/paths.ts'
import { type ClientPod, startClientPod } from './client.ts'
import { kubectl } from './command.ts'
import { createNamespace, deleteNamespace, saveOnFailure, savingOnError } from './namespace.ts'
import { report } from './report.ts'
import { type StoreRef, untilSettled } from './store.ts'

/** A store that several test files use one after the other, with a client pod beside it. */
export type SharedStore = Readonly<{ ref: StoreRef; client: ClientPod }>

const ref: StoreRef = { namespace: `shared-${process.pid}`, name: 'minimal' }
let started: Promise<SharedStore> | undefined

async function start(): Promise<SharedStore> {
  await createNamespace(ref.namespace)
  const startedMs = performance.now()
  await kubectl(['apply', '-n', ref.namespace, '-f', join(repoDir, 'samples', 'minimal.yaml')])
  await kubectl(['wait', '-n', ref.namespace, 'sess/minimal', '--for=condition=Ready', '--timeout=180s'])
  report('minimal.yaml', { readyMs: Math.round(performance.now() - startedMs) })
  await untilSettled(ref)
  return { ref, client: await startClientPod({ namespace: ref.namespace, bindings: [ref.name] }) }
}

/**
 * For a `describe`: the store of samples/minimal.yaml (three members, every default), made by the first file that asks and settled before each test. A
 * test that uses it leaves it as it was: three members, settled.
 */
export function useSharedStore(): () => SharedStore {
  let store: SharedStore | undefined
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

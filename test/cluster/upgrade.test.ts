import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { checkOut, findEarlier, installOperatorOf, removeTree, type Tree } from '../../hack/cluster/earlier.ts'
import { readSamples } from '../../hack/generate/samples.ts'
import { repoDir } from '../../hack/paths.ts'
import { sessionBindingKind } from '../../src/api/v1alpha1/sessionbinding.ts'
import { SESSION_STORES, type SessionStore, sessionStoreKind } from '../../src/api/v1alpha1/sessionstore.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, SECRETS, STATEFUL_SETS } from '../../src/kube/resources.ts'
import { ANNOTATIONS } from '../../src/resources/labels.ts'
import { getObject, listObjects, mergePatch } from '../support/cluster/api.ts'
import { startClientPod } from '../support/cluster/client.ts'
import { kubectl } from '../support/cluster/command.ts'
import { useNamespace } from '../support/cluster/namespace.ts'
import { untilOperatorReady } from '../support/cluster/operator.ts'
import { report } from '../support/cluster/report.ts'
import { conditionOf, isSettled, podRuns, readStore } from '../support/cluster/store.ts'
import { startWriter } from '../support/cluster/writer.ts'
import { until } from '../support/until.ts'

/** The store that is written to throughout. */
const WRITTEN = 'minimal'
/** Stores made by the earlier operator, each a minute of one core: more would not fit a small machine. */
const MOST_STORES = 8

describe('an upgrade of the operator', function () {
  this.timeout(600_000)
  const namespace = useNamespace('upgrade')
  let tree: Tree | undefined
  let names: readonly string[] = []

  after(async () => {
    // Whatever went wrong: the cluster is left with the operator of these sources.
    if (tree) await installOperatorOf(repoDir)
    if (tree) await removeTree(tree)
  })

  /** The fields of both kinds, as the API server serves them. */
  async function servedFields(): Promise<readonly string[]> {
    const definitions = [sessionStoreKind, sessionBindingKind].map(({ plural }) =>
      getObject(CUSTOM_RESOURCE_DEFINITIONS, { name: `${plural}.sessionstore.dev` }),
    )
    return (await Promise.all(definitions)).flatMap((definition) => {
      const versions = (definition as unknown as Definition).spec.versions
      return versions.flatMap(({ schema }) => pathsOf(definition.metadata.name, schema.openAPIV3Schema))
    })
  }

  /** Everything that must be the same before and after. */
  async function state() {
    const refs = names.map((name) => ({ namespace, name }))
    const stores = await Promise.all(refs.map(readStore))
    const sets = await listObjects(STATEFUL_SETS, { namespace })
    const secrets = await listObjects(SECRETS, { namespace })
    return {
      runs: Object.assign({}, ...(await Promise.all(refs.map(podRuns)))),
      specs: stores.map(({ spec }) => spec),
      epochs: stores.map(({ status }) => status?.epoch),
      // What a newer operator makes otherwise is for pods to come; another hash would be a roll.
      hashes: sets.map(({ metadata, spec }) => [
        metadata.name,
        spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash],
      ]),
      passwords: secrets.map(({ metadata, data }) => ({ name: metadata.name, password: data?.['password'] })),
    }
  }

  it('changes no pod of any store, loses no write and no field', async () => {
    const earlier = await findEarlier()
    if (earlier.commit === undefined) {
      console.log(`      nothing to upgrade from: ${earlier.reason}`)
      return
    }
    tree = await checkOut(earlier.commit)
    const told = await installOperatorOf(tree.dir)
    await untilOperatorReady()
    names = await makeStores(tree.dir, namespace)
    const client = await startClientPod({ namespace, bindings: [WRITTEN] })
    const [before, fieldsBefore] = [await state(), await servedFields()]
    const writer = await startWriter(client, { binding: WRITTEN })
    await writer.untilFlowing(200)

    const startedMs = performance.now()
    const now = await installOperatorOf(repoDir)
    await untilOperatorReady()
    const tookMs = Math.round(performance.now() - startedMs)
    // A change that each store takes live shows that the new operator has looked at it, and applied its objects.
    await Promise.all(names.map((name) => changeLive({ namespace, name })))
    await writer.untilFlowing(200)

    const summary = await writer.stop()
    const verified = await writer.verify()
    const after = await state()
    report(`upgrade from ${earlier.commit.slice(0, 12)} "${earlier.subject}"`, {
      stores: names.length,
      pods: Object.keys(after.runs).length,
      tookMs,
      acknowledged: verified.checked,
      failed: summary.failed,
      lost: verified.lost,
      operators: `${told} → ${now}`,
    })
    expect(after.runs, 'pods and restarts').to.deep.equal(before.runs)
    expect(after.hashes, 'what only a restart can change').to.deep.equal(before.hashes)
    expect(after.epochs, 'changes of the primary').to.deep.equal(before.epochs)
    expect(after.passwords, 'passwords').to.deep.equal(before.passwords)
    expect(verified.lost, 'acknowledged writes lost').to.equal(0)
    expect(summary.failed, 'failed writes').to.equal(0)
    const specs = after.specs.map(({ eviction: _, ...spec }) => spec)
    expect(specs, 'specs, but for the change made').to.deep.equal(before.specs.map(({ eviction: _, ...spec }) => spec))
    expect(await servedFields(), 'fields').to.include.members(fieldsBefore)
  })
})

/** Applies samples of the earlier sources and waits for each; gives the names of the stores that run. */
async function makeStores(dir: string, namespace: string): Promise<readonly string[]> {
  const folder = join(dir, 'samples')
  const samples = await readSamples(folder)
  const running = samples.filter(({ value }) => value.kind === 'SessionStore' && !isSuspended(value.spec))
  const stores = running.slice(0, MOST_STORES)
  const written = running.filter(({ value }) => value.metadata?.name === WRITTEN)
  const files = new Set([...written, ...stores].map(({ file }) => file))
  for (const file of readdirSync(folder).filter((each) => files.has(each)))
    await kubectl(['apply', '--server-side', '-n', namespace, '-f', join(folder, file)])
  const names = [...new Set([...written, ...stores].map(({ value }) => value.metadata?.name ?? ''))]
  // All in one look: a store whose parameters need a start rolls once more after its first primary.
  await until(
    async (see) => {
      const read = await Promise.all(names.map((name) => readStore({ namespace, name })))
      see(read.filter((store) => !isSettled(store)).map(({ metadata, status }) => [metadata.name, status]))
      return read.every((store) => isSettled(store))
    },
    { what: 'every store to be settled', deadlineMs: 240_000 },
  )
  return names.toSorted()
}

async function changeLive(ref: Readonly<{ namespace: string; name: string }>): Promise<void> {
  const eviction =
    (await readStore(ref)).status?.effective?.eviction === 'volatile-lru' ? 'volatile-lfu' : 'volatile-lru'
  await mergePatch(SESSION_STORES, ref, { body: { spec: { eviction } } })
  const isTaken = ({ status, metadata }: SessionStore): boolean =>
    status?.effective?.eviction === eviction && status.observedGeneration === metadata.generation
  await until(
    async (see) => {
      const store = await readStore(ref)
      see(store.status)
      return isTaken(store) && conditionOf(store, 'Reconciling') === 'False'
    },
    { what: `${ref.name} to take ${eviction} from the new operator`, deadlineMs: 120_000 },
  )
}

function isSuspended(spec: unknown): boolean {
  return (spec as Readonly<{ suspend?: boolean }> | undefined)?.suspend === true
}

type Schema = Readonly<{
  properties?: Readonly<Record<string, Schema>>
  items?: Schema
  additionalProperties?: Schema
}>
type Definition = Readonly<{
  spec: Readonly<{ versions: readonly Readonly<{ schema: Readonly<{ openAPIV3Schema: Schema }> }>[] }>
}>

/** Every field of a published schema by its path. */
function pathsOf(path: string, { properties = {}, items, additionalProperties }: Schema): readonly string[] {
  return [
    path,
    ...Object.entries(properties).flatMap(([name, field]) => pathsOf(`${path}.${name}`, field)),
    ...(items ? pathsOf(`${path}[]`, items) : []),
    ...(additionalProperties ? pathsOf(`${path}{}`, additionalProperties) : []),
  ]
}

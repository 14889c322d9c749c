import { randomBytes } from 'node:crypto'
import { customResourceDefinition } from '../../../src/api/crd.ts'
import type { KindSchema } from '../../../src/api/kind.ts'
import { createKubeClient, type KubeClient } from '../../../src/kube/client.ts'
import { hasCode } from '../../../src/kube/errors.ts'
import { CUSTOM_RESOURCE_DEFINITIONS, NAMESPACES } from '../../../src/kube/resources.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { until } from '../../support/until.ts'

/** Field manager of everything these tests write. */
export const FIELD_MANAGER = 'api-contract'

/** The API server that the runner names by KUBECONFIG. */
export async function contractClient(): Promise<KubeClient> {
  const kubeconfig = process.env['KUBECONFIG']
  if (!kubeconfig) throw new Error('Cannot run contract tests: KUBECONFIG is not set, must name a kubeconfig')
  return await createKubeClient({ kubeconfig })
}

type Definition = Readonly<{
  spec: Readonly<{
    group: string
    names: Readonly<{ plural: string }>
    versions: readonly Readonly<{ name: string }>[]
  }>
}>

/** Applies the CustomResourceDefinition of a kind and waits until it is served and its schema was found structural. */
export async function installKind(client: KubeClient, kind: KindSchema): Promise<void> {
  await installDefinition(client, customResourceDefinition(kind) as unknown as KubeObject)
}

/** The same for a definition that is already rendered. */
export async function installDefinition(client: KubeClient, definition: KubeObject): Promise<void> {
  const { name } = definition.metadata
  await client.patch(
    CUSTOM_RESOURCE_DEFINITIONS,
    { name },
    {
      kind: 'apply',
      body: definition,
      fieldManager: FIELD_MANAGER,
      force: true,
    },
  )
  await until(
    async (see) => {
      const { status } = await client.get(CUSTOM_RESOURCE_DEFINITIONS, { name })
      see(status?.conditions)
      const isTrue = (type: string) => status?.conditions?.some((each) => each.type === type && each.status === 'True')
      if (isTrue('NonStructuralSchema')) throw new Error(`${name} is not structural`)
      return isTrue('Established')
    },
    { what: `the definition ${name}`, deadlineMs: 10_000, everyMs: 50 },
  )
  // Established is not served yet: "storage is (re)initializing" is the answer for a moment, after a change too.
  const { spec } = definition as unknown as Definition
  const isServed = () => client.getRaw(`/apis/${spec.group}/${spec.versions[0]?.name}/${spec.names.plural}?limit=1`)
  await until(isServed, { what: `the kind ${spec.names.plural}`, deadlineMs: 10_000, everyMs: 50 })
}

/** A namespace of its own for one test file. */
export async function newNamespace(client: KubeClient): Promise<string> {
  const name = `api-${randomBytes(4).toString('hex')}`
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await client.create(NAMESPACES, namespace, { fieldManager: FIELD_MANAGER })
  return name
}

/** Asks for the end of the namespace, without waiting for it, and closes the client. */
export async function endNamespace(client: KubeClient, name: string): Promise<void> {
  await client.delete(NAMESPACES, { name })
  await client.close()
}

/** What an attempt came to: `accepted`, or the API server's refusal; any other failure is thrown. */
export async function outcomeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'accepted'
  } catch (error) {
    if (hasCode(error, 'Invalid')) return error.message
    throw error
  }
}

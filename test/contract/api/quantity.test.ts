import { expect } from 'chai'
import fc from 'fast-check'
import { normalQuantity } from '../../../src/api/v1alpha1/quantity.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { namespaced } from '../../../src/kube/resources.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { contractClient, endNamespace, FIELD_MANAGER, newNamespace } from './cluster.ts'

type Container = Readonly<{ name: string; image: string; resources: Readonly<{ limits: Record<string, string> }> }>
type PodTemplate = KubeObject &
  Readonly<{ template: Readonly<{ spec: Readonly<{ containers: readonly Container[] }> }> }>
const POD_TEMPLATES = namespaced<PodTemplate>('v1', 'PodTemplate', 'podtemplates')

/** Written differently from the normal form, and answered in it. */
const chosen = [
  ...['128Mi', '1024Mi', '0.5Gi', '.5Gi', '1.5Gi', '0.1Ki', '1024.1Ki', '1000.5Ki', '1023', '1024', '00128Mi', '8Ei'],
  ...['100M', '1000M', '1048576', '1e3', '1e2', '250m', '2000m', '1.5', '0', '0Mi', '12e6', '1e-3', '1500k', '1e18'],
]

let client: KubeClient
let namespace: string
let count = 0

/** What the API server makes of quantities: memory limits of the containers of a PodTemplate, read back. */
async function answered(quantities: readonly string[]): Promise<readonly string[]> {
  count += 1
  const containers = quantities.map((memory, index) => ({
    name: `c-${index}`,
    image: 'none',
    resources: { limits: { memory } },
  }))
  const object = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { namespace, name: `quantities-${count}` },
    template: { metadata: { labels: { app: 'quantities' } }, spec: { containers } },
  }
  const created = await client.create(POD_TEMPLATES, object as KubeObject, { fieldManager: FIELD_MANAGER })
  return created.template.spec.containers.map(({ resources }) => resources.limits['memory'] ?? '')
}

function ours(quantity: string): string {
  const normal = normalQuantity(quantity)
  return normal.ok ? normal.value : normal.error
}

describe('normalQuantity() against the API server', () => {
  before(async () => {
    client = await contractClient()
    namespace = await newNamespace(client)
  })
  after(async () => await endNamespace(client, namespace))

  it('agrees on chosen quantities', async () => {
    expect(chosen.map(ours)).to.deep.equal(await answered(chosen))
  })

  it('gives forms that are answered unchanged, and amounts that are answered equal', async () => {
    const suffix = fc.constantFrom('', 'Ki', 'Mi', 'Gi', 'Ti', 'k', 'M', 'G', 'T', 'e3', 'e6')
    const whole = fc.integer({ min: 0, max: 2_000_000 })
    const fraction = fc.constantFrom('', '.', '.0', '.5', '.25', '.125', '.001', '.3')
    const quantity = fc.tuple(whole, fraction, suffix).map((parts) => parts.join(''))
    const seed = Number(process.env['QUANTITY_SEED'] ?? Date.now() % 1_000_000)
    const drawn = fc.sample(quantity, { numRuns: 300, seed })

    const [plain, normal] = [await answered(drawn), await answered(drawn.map(ours))]

    expect(normal, `seed ${seed}`).to.deep.equal(drawn.map(ours))
    expect(plain.map(ours), `seed ${seed}`).to.deep.equal(drawn.map(ours))
  })
})

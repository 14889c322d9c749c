import { expect } from 'chai'
import type { KubeClient } from '../../../src/kube/client.ts'
import type { ObjectChange } from '../../../src/kube/predicates.ts'
import { Reflector } from '../../../src/kube/reflector.ts'
import { CONFIG_MAPS } from '../../../src/kube/resources.ts'
import type { ConfigMap } from '../../../src/kube/types.ts'
import {
  adminAccess,
  adminClient,
  clientWith,
  configMap,
  newNamespace,
  TEST_MANAGER,
  throughPort,
} from '../../support/kube.ts'
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { type Random, randomOf } from '../../support/topology/world/random.ts'
import { until } from '../../support/until.ts'

const fieldManager = TEST_MANAGER
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
const STEPS = 60

type World = Readonly<{ admin: KubeClient; namespace: string; proxy: TcpProxy }>

/** What may happen to a connection, or to the objects meanwhile. */
const ACTS: readonly (readonly [name: string, act: (world: World, random: Random) => unknown])[] = [
  ['cut', ({ proxy }) => proxy.cut()],
  ['freeze', ({ proxy }) => proxy.freeze()],
  ['refuse', ({ proxy }) => proxy.refuse()],
  ['accept', ({ proxy }) => proxy.accept()],
  ['cut within an answer', ({ proxy }, random) => proxy.cutNextAfter(random.between(1, 20_000))],
  ['write', write],
  ['write', write],
  ['write', write],
  ['delete', remove],
]

async function write({ admin, namespace }: World, random: Random): Promise<void> {
  const name = random.pick(NAMES) ?? ''
  const object = configMap(
    { namespace, name },
    { value: `${random.below(1e9)}`, text: 'x'.repeat(random.below(2_000)) },
  )
  await admin.patch(CONFIG_MAPS, { namespace, name }, { kind: 'apply', body: object, fieldManager, force: true })
}

async function remove({ admin, namespace }: World, random: Random): Promise<void> {
  await admin.delete(CONFIG_MAPS, { namespace, name: random.pick(NAMES) ?? '' }).catch(() => undefined)
}

/** What a listener believes after all it was told. */
class Listener {
  readonly objects = new Map<string, string>()

  take({ kind, object }: ObjectChange<ConfigMap>): void {
    const { name, resourceVersion = '' } = object.metadata
    if (kind === 'deleted') this.objects.delete(name)
    else this.objects.set(name, resourceVersion)
  }
}

describe('a reflector under random faults', function () {
  this.timeout(180_000)
  const seed = Date.now() % 1_000_000

  it(`ends with what the API server has, and so does who listened to it (seed ${seed})`, async () => {
    const random = randomOf(seed)
    const [admin, access] = [await adminClient(), await adminAccess()]
    const namespace = await newNamespace(admin)
    const proxy = await startTcpProxy(Number(new URL(access.server).port))
    const client = clientWith(throughPort(access, proxy.port), { silenceMs: 1_000 })
    const stop = new AbortController()
    const reflector = new Reflector({ client, resource: CONFIG_MAPS, namespace, pageSize: 2 })
    const listener = new Listener()
    reflector.store.onChange((change) => listener.take(change))
    const running = reflector.start(stop.signal)
    const told: string[] = []
    try {
      for (let step = 0; step < STEPS; step += 1) {
        const [name, act] = random.pick(ACTS) ?? ACTS[0] ?? ['', () => undefined]
        told.push(name)
        await act({ admin, namespace, proxy }, random)
        await new Promise((resolve) => setTimeout(resolve, random.below(300)))
      }
      proxy.accept()
      const versions = async () => {
        const { items } = await admin.list(CONFIG_MAPS, { namespace })
        return items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`).sort()
      }
      const wanted = await versions()
      const held = () => reflector.store.list().map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)
      await until(
        (see) => {
          see({ held: held(), wanted, told })
          return JSON.stringify(held().sort()) === JSON.stringify(wanted)
        },
        { what: `the objects of the server (seed ${seed})`, deadlineMs: 90_000 },
      )

      expect([...listener.objects].map(([name, version]) => `${name} ${version}`).sort()).to.deep.equal(wanted)
    } finally {
      stop.abort()
      await running
      await client.close()
      await proxy.close()
      await admin.close()
    }
  })
})

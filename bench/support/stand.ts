import type { Server } from 'node:tls'
import { KINDS } from '../../src/api/v1alpha1/kinds.ts'
import { type Caches, createCaches } from '../../src/caches.ts'
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts'
import { silentLog } from '../../src/kube/log.ts'
import { noMetrics } from '../../src/kube/metrics.ts'
import { keyOf, type Pod } from '../../src/kube/types.ts'
import type { Connection } from '../../src/redis/connection.ts'
import { LABELS } from '../../src/resources/labels.ts'
import { podHostAbsolute, tlsSecretName } from '../../src/resources/names.ts'
import { KEYS } from '../../src/resources/paths.ts'
import { readSecretKey } from '../../src/resources/secrets.ts'
import { installKind } from '../../test/contract/api/cluster.ts'
import { newNamespace } from '../../test/support/kube.ts'
import { FakeServers } from '../../test/support/sessionstore/fakeservers.ts'
import { StandIn } from '../../test/support/sessionstore/standin.ts'
import { podAddress, serviceAddress } from './addresses.ts'
import { serve } from './standinserver.ts'

const LOOK_EVERY_MS = 500

/** Everything around an operator: pods that "run" on an API server, and their servers, over TLS on loopback addresses. */
export class Stand {
  readonly client: KubeClient
  readonly #caches: Caches
  readonly #stop = new AbortController()
  readonly #standIn: StandIn
  readonly #listening = new Map<string, Promise<Server>>()
  readonly #servers = new Map<string, FakeServers>()

  private constructor(client: KubeClient) {
    this.client = client
    const { caches, reflectors } = createCaches({ client, metrics: noMetrics, log: silentLog })
    this.#caches = caches
    for (const reflector of reflectors) void reflector.start(this.#stop.signal)
    caches.pods.onChange(({ object }) => this.#look(object))
    const servers = new FakeServers()
    this.#standIn = new StandIn({
      client,
      servers,
      caches: () => caches,
      lookEveryMs: LOOK_EVERY_MS,
      ipOf: podAddress,
    })
  }

  static async open(kubeconfig: string, namespace: string): Promise<Stand> {
    const client = await createKubeClient({ kubeconfig, userAgent: 'bench' })
    for (const kind of KINDS) await installKind(client, kind)
    await newNamespace(client, namespace)
    return new Stand(client)
  }

  async close(): Promise<void> {
    await this.#standIn.stop()
    this.#stop.abort()
    for (const server of this.#listening.values()) (await server).close()
    await this.client.close()
  }

  /** Starts the server of a pod once, and that of its Service with the first of them. */
  #look(pod: Pod): void {
    const { metadata, status } = pod
    const store = metadata.labels?.[LABELS.store]
    const { namespace = '', name, uid = '' } = metadata
    const secret = this.#caches.secrets.get(
      keyOf({ metadata: { namespace, name: tlsSecretName({ name: store ?? '' }) } }),
    )
    if (!store || !status?.podIP || this.#listening.has(name)) return
    if (!secret) {
      // The watch of another kind is behind.
      setTimeout(() => this.#look(pod), LOOK_EVERY_MS)
      return
    }
    const servers = this.#servers.get(store) ?? new FakeServers()
    this.#servers.set(store, servers)
    const fake = servers.ensure(uid, name, podHostAbsolute({ name: store, namespace }, name, 'cluster.local'))
    const certificatePem = readSecretKey(secret, KEYS.certificate) ?? ''
    const pair = { certificatePem, keyPem: readSecretKey(secret, KEYS.key) ?? '' }
    const member = fake.connection(allOf(servers))
    this.#listening.set(
      name,
      serve(podAddress(name), pair, () => member),
    )
    const service = `service of ${store}`
    if (this.#listening.has(service)) return
    const primary = (): Connection | undefined =>
      servers
        .all()
        .find(({ role }) => role === 'master')
        ?.connection(allOf(servers))
    this.#listening.set(service, serve(serviceAddress(store), pair, primary))
  }
}

function allOf(servers: FakeServers): Iterable<ReturnType<FakeServers['get']>> {
  return { [Symbol.iterator]: () => servers.all()[Symbol.iterator]() }
}

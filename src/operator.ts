import { collectDefaultMetrics, Registry } from 'prom-client'
import { createCaches } from './caches.ts'
import type { OperatorConfig } from './config.ts'
import { createKubeClient } from './kube/client.ts'
import type { Controller } from './kube/controller.ts'
import { EventRecorder } from './kube/events.ts'
import { LeaderElector } from './kube/lease.ts'
import { Manager } from './kube/manager.ts'
import { createPrometheusMetrics } from './kube/prometheus.ts'
import { type HealthServer, startHealthServer } from './observability/health.ts'
import { createLog } from './observability/log.ts'
import { createBindingController } from './sessionbinding/controller.ts'
import { createStoreController } from './sessionstore/controller.ts'

/** Runs the operator until `signal` is aborted; resolves with the exit code. */
export async function runOperator(config: OperatorConfig, signal: AbortSignal): Promise<0 | 1> {
  const log = createLog({ level: config.logLevel, base: { pod: config.podName } })
  const registry = new Registry()
  // CPU, memory, descriptors and event-loop delay under the names that prom-client gives every Node program.
  collectDefaultMetrics({ register: registry })
  const metrics = createPrometheusMetrics(registry)
  const client = await createKubeClient({ kubeconfig: config.kubeconfig, metrics, userAgent: 'sessionstore-operator' })
  const { caches, reflectors } = createCaches({ client, metrics, log })
  const events = new EventRecorder({
    client,
    controller: 'sessionstore.dev/operator',
    instance: config.podName,
    fieldManager: 'sessionstore-operator',
    log,
    metrics,
  })
  // Renewals must not wait behind the requests of a busy moment.
  const leaseClient = await createKubeClient({
    kubeconfig: config.kubeconfig,
    metrics,
    userAgent: 'sessionstore-operator',
  })
  const elector = new LeaderElector({
    client: leaseClient,
    namespace: config.leaseNamespace,
    name: config.leaseName,
    identity: config.identity,
    fieldManager: 'sessionstore-operator',
    log,
    metrics,
  })
  const manager = new Manager({ elector, log })
  for (const reflector of reflectors) manager.addCache(reflector)

  const nowMs = (): number => Date.now()
  const steadyMs = (): number => performance.now()
  const common = { client, caches, log, metrics, nowMs, steadyMs, workers: config.workers }
  const stores = createStoreController({
    ...common,
    events,
    clusterDomain: config.clusterDomain,
    ...(config.podNamespace !== undefined && { operatorNamespace: config.podNamespace }),
    wakeBindings: (keys) => {
      for (const key of keys) bindings.queue.add(key)
    },
  })
  const bindings = createBindingController({
    ...common,
    isApplied: (key, binding) => stores.runtimes.get(key)?.memory.applied?.has(binding),
  })
  // The held connections end before the lease is given back: a heartbeat of ours must not meet the next leader.
  manager.addWorker({
    name: stores.controller.name,
    async run(signals) {
      await stores.controller.run(signals)
      stores.close()
    },
  })
  manager.addWorker(bindings)
  manager.addCloser({ name: 'events', close: () => events.close() })

  const servers = await listen(config, { manager, registry, controllers: [stores.controller, bindings] })
  try {
    return await manager.run(signal)
  } finally {
    await Promise.all(servers.map((server) => server.close()))
    await Promise.all([client.close(), leaseClient.close()])
  }
}

type Served = Readonly<{ manager: Manager; registry: Registry; controllers: readonly Controller[] }>

async function listen(
  config: OperatorConfig,
  { manager, registry, controllers }: Served,
): Promise<readonly HealthServer[]> {
  const checks = {
    live: { workers: () => controllers.every((each) => each.isAlive()) || 'a reconcile does not end' },
    ready: { caches: () => manager.isReady() || `the manager is ${manager.state}` },
    metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
  const addresses = [config.healthAddress, config.metricsAddress]
  const isOne = JSON.stringify(addresses[0]) === JSON.stringify(addresses[1])
  return Promise.all(
    (isOne ? addresses.slice(1) : addresses).map((address) => startHealthServer({ ...address, ...checks })),
  )
}

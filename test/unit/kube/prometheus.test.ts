import { expect } from 'chai'
import { Registry } from 'prom-client'
import { Controller } from '../../../src/kube/controller.ts'
import { OperatorError } from '../../../src/kube/errors.ts'
import { createPrometheusMetrics } from '../../../src/kube/prometheus.ts'
import { fakeClock } from '../../support/fake-clock.ts'

/** What controller-runtime v0.2x exports without webhooks and certificate watchers, but for processes and Go itself. */
const CONTROLLER_RUNTIME: readonly (readonly [name: string, ...labels: string[]])[] = [
  ['controller_runtime_reconcile_total', 'controller', 'result'],
  ['controller_runtime_reconcile_errors_total', 'controller'],
  ['controller_runtime_terminal_reconcile_errors_total', 'controller'],
  ['controller_runtime_reconcile_panics_total', 'controller'],
  ['controller_runtime_reconcile_time_seconds', 'controller'],
  ['controller_runtime_max_concurrent_reconciles', 'controller'],
  ['controller_runtime_active_workers', 'controller'],
  ['workqueue_depth', 'name', 'controller', 'priority'],
  ['workqueue_adds_total', 'name', 'controller'],
  ['workqueue_queue_duration_seconds', 'name', 'controller'],
  ['workqueue_work_duration_seconds', 'name', 'controller'],
  ['workqueue_unfinished_work_seconds', 'name', 'controller'],
  ['workqueue_longest_running_processor_seconds', 'name', 'controller'],
  ['workqueue_retries_total', 'name', 'controller'],
  ['rest_client_requests_total', 'code', 'method', 'host'],
  ['leader_election_master_status', 'name'],
]

describe('createPrometheusMetrics()', () => {
  it('has every metric of controller-runtime, with its labels', () => {
    const registry = new Registry()

    createPrometheusMetrics(registry)

    for (const [name, ...labels] of CONTROLLER_RUNTIME) {
      const metric = registry.getSingleMetric(name) as Readonly<{ labelNames?: readonly string[] }> | undefined
      expect(metric?.labelNames, name).to.include.members(labels)
    }
  })

  it('counts a controller under the names of controller-runtime', async () => {
    const registry = new Registry()
    const clock = fakeClock()
    const stop = new AbortController()
    const errors = [new OperatorError('Unavailable', 'no'), new OperatorError('Invalid', 'bad'), new TypeError('bug')]
    const controller = new Controller({
      name: 'sessionstore',
      clock,
      workers: 2,
      backoff: { random: () => 0 },
      metrics: createPrometheusMetrics(registry),
      reconcile: async () => {
        clock.freeze(200)
        const error = errors.shift()
        if (error) throw error
        return { kind: 'done' }
      },
    })
    void controller.run({ stop: stop.signal, abort: stop.signal })
    for (const key of ['a', 'b', 'c', 'd']) controller.queue.add(key)
    await clock.advance(100)
    const lines = (await registry.metrics()).split('\n')

    expect(lines).to.include.members([
      'controller_runtime_reconcile_total{controller="sessionstore",result="error"} 3',
      'controller_runtime_reconcile_total{controller="sessionstore",result="success"} 1',
      'controller_runtime_reconcile_errors_total{controller="sessionstore",code="Unavailable",retry="Transient"} 1',
      'controller_runtime_terminal_reconcile_errors_total{controller="sessionstore"} 1',
      'controller_runtime_reconcile_panics_total{controller="sessionstore"} 1',
      'controller_runtime_max_concurrent_reconciles{controller="sessionstore"} 2',
      'controller_runtime_active_workers{controller="sessionstore"} 0',
      'controller_runtime_reconcile_time_seconds_count{controller="sessionstore"} 4',
      'workqueue_adds_total{name="sessionstore",controller="sessionstore"} 4',
      'workqueue_retries_total{name="sessionstore",controller="sessionstore"} 2',
      'workqueue_depth{name="sessionstore",controller="sessionstore",priority="0"} 0',
      'workqueue_unfinished_work_seconds{name="sessionstore",controller="sessionstore"} 0',
    ])
  })

  it('shows how long a hung key has been worked on', async () => {
    const registry = new Registry()
    const clock = fakeClock()
    const stop = new AbortController()
    const metrics = createPrometheusMetrics(registry)
    const hang = () => new Promise<never>(() => undefined)
    const controller = new Controller({ name: 'stores', clock, metrics, reconcile: hang })
    void controller.run({ stop: stop.signal, abort: stop.signal })
    controller.queue.add('a')
    await clock.advance(5_000)
    controller.queue.add('b')
    await clock.advance(2_000)

    const text = await registry.metrics()

    expect(text).to.contain('workqueue_longest_running_processor_seconds{name="stores",controller="stores"} 7')
    expect(text).to.contain('workqueue_unfinished_work_seconds{name="stores",controller="stores"} 9')
    expect(text).to.contain('controller_runtime_active_workers{controller="stores"} 2')
  })

  it('counts requests, applies, caches, leadership and events', async () => {
    const registry = new Registry()
    const metrics = createPrometheusMetrics(registry)
    metrics.request({ method: 'GET', code: '200', host: '10.0.0.1:443', tookMs: 12 })
    metrics.apply('Secret', 'skipped')
    metrics.apply('Secret', 'noop')
    metrics.reflectorState('Node', 'syncing')
    metrics.reflectorState('Node', 'forbidden')
    metrics.reflectorListed('Pod')
    metrics.leader('operator', true)
    metrics.event('dropped')

    expect((await registry.metrics()).split('\n')).to.include.members([
      'rest_client_requests_total{code="200",method="GET",host="10.0.0.1:443"} 1',
      'apply_skipped_total{kind="Secret"} 1',
      'apply_noop_total{kind="Secret"} 1',
      'reflector_state{kind="Node",state="syncing"} 0',
      'reflector_state{kind="Node",state="forbidden"} 1',
      'reflector_lists_total{kind="Pod"} 1',
      'leader_election_master_status{name="operator"} 1',
      'events_total{outcome="dropped"} 1',
    ])
  })
})

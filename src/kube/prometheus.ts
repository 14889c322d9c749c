import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { ControllerMetrics, KubeMetrics, QueueMetrics, QueueSource } from './metrics.ts'

/** controller-runtime's buckets of workqueue_queue_duration_seconds and workqueue_work_duration_seconds. */
const QUEUE_BUCKETS = [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]
const RECONCILE_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

/** Counts under controller-runtime's names, so that existing dashboards work. One call per registry. */
export function createPrometheusMetrics(registry: Registry): KubeMetrics {
  const registers = [registry]
  const queues = queueMetrics(registers)
  const controllers = controllerMetrics(registers)
  return { queue: queues, controller: controllers, ...clientMetrics(registers), ...processMetrics(registers) }
}

function queueMetrics(registers: Registry[]): KubeMetrics['queue'] {
  const sources = new Map<string, QueueSource>()
  const labelNames = ['name', 'controller'] as const
  const adds = new Counter({ name: 'workqueue_adds_total', help: 'Keys added', labelNames, registers })
  const retries = new Counter({ name: 'workqueue_retries_total', help: 'Retries', labelNames, registers })
  const waited = new Histogram({
    name: 'workqueue_queue_duration_seconds',
    help: 'How long a key waits before it is worked on',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  })
  const worked = new Histogram({
    name: 'workqueue_work_duration_seconds',
    help: 'How long a key is worked on',
    labelNames,
    buckets: QUEUE_BUCKETS,
    registers,
  })
  new Gauge({
    name: 'workqueue_depth',
    help: 'Keys ready and waiting',
    labelNames: [...labelNames, 'priority'],
    registers,
    collect() {
      for (const [name, source] of sources) {
        for (const [priority, depth] of source.depths()) this.set({ name, controller: name, priority }, depth)
      }
    },
  })
  const unfinished = { name: 'workqueue_unfinished_work_seconds', help: 'Work that has not ended, summed' }
  sourceGauge({ ...unfinished, labelNames, registers }, sources, (running) => running.reduce((sum, ms) => sum + ms, 0))
  const longest = { name: 'workqueue_longest_running_processor_seconds', help: 'The longest running work' }
  sourceGauge({ ...longest, labelNames, registers }, sources, (running) => Math.max(0, ...running))
  return (name, source): QueueMetrics => {
    sources.set(name, source)
    const labels = { name, controller: name }
    return {
      added: () => adds.inc(labels),
      retried: () => retries.inc(labels),
      taken: (waitedMs) => waited.observe(labels, waitedMs / 1000),
      finished: (workedMs) => worked.observe(labels, workedMs / 1000),
    }
  }
}

type GaugeSettings = Readonly<{
  name: string
  help: string
  labelNames: readonly ['name', 'controller']
  registers: Registry[]
}>

function sourceGauge(
  settings: GaugeSettings,
  sources: ReadonlyMap<string, QueueSource>,
  readMs: (runningMs: readonly number[]) => number,
): void {
  new Gauge({
    ...settings,
    collect() {
      for (const [name, source] of sources) this.set({ name, controller: name }, readMs(source.runningMs()) / 1000)
    },
  })
}

function controllerMetrics(registers: Registry[]): KubeMetrics['controller'] {
  const prefix = 'controller_runtime'
  const total = new Counter({
    name: `${prefix}_reconcile_total`,
    help: 'Reconciles by result',
    labelNames: ['controller', 'result'],
    registers,
  })
  const errors = new Counter({
    name: `${prefix}_reconcile_errors_total`,
    help: 'Failed reconciles by error code and how they are retried',
    labelNames: ['controller', 'code', 'retry'],
    registers,
  })
  const labelNames = ['controller']
  const terminal = new Counter({
    name: `${prefix}_terminal_reconcile_errors_total`,
    help: 'Failures that wait for a change',
    labelNames,
    registers,
  })
  const panics = new Counter({
    name: `${prefix}_reconcile_panics_total`,
    help: 'Failures by a bug',
    labelNames,
    registers,
  })
  const took = new Histogram({
    name: `${prefix}_reconcile_time_seconds`,
    help: 'Length of a reconcile',
    labelNames,
    buckets: RECONCILE_BUCKETS,
    registers,
  })
  const maximum = new Gauge({
    name: `${prefix}_max_concurrent_reconciles`,
    help: 'Workers of a controller',
    labelNames,
    registers,
  })
  const active = new Gauge({ name: `${prefix}_active_workers`, help: 'Workers at work', labelNames, registers })
  return (controller, { workers }): ControllerMetrics => {
    maximum.set({ controller }, workers)
    active.set({ controller }, 0)
    return {
      started: () => active.inc({ controller }),
      ended(result, tookMs) {
        active.dec({ controller })
        total.inc({ controller, result })
        took.observe({ controller }, tookMs / 1000)
      },
      failed({ code, retry }) {
        errors.inc({ controller, code, retry })
        if (retry === 'Terminal') terminal.inc({ controller })
        if (retry === 'Bug') panics.inc({ controller })
      },
    }
  }
}

function clientMetrics(registers: Registry[]): Pick<KubeMetrics, 'request' | 'apply'> {
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Requests to the API server; code <error> = no answer',
    labelNames: ['code', 'method', 'host'],
    registers,
  })
  const durations = new Histogram({
    name: 'rest_client_request_duration_seconds',
    help: 'Time to the answer',
    labelNames: ['verb', 'host'],
    buckets: REQUEST_BUCKETS,
    registers,
  })
  const labelNames = ['kind']
  const skipped = new Counter({
    name: 'apply_skipped_total',
    help: 'Applies not sent, as the live object had all of it',
    labelNames,
    registers,
  })
  const noop = new Counter({
    name: 'apply_noop_total',
    help: 'Applies sent that changed nothing: a difference that only we see',
    labelNames,
    registers,
  })
  const written = new Counter({ name: 'apply_written_total', help: 'Applies that changed', labelNames, registers })
  const applies = { skipped, noop, written }
  return {
    request({ method, code, host, tookMs }) {
      requests.inc({ code, method, host })
      durations.observe({ verb: method, host }, tookMs / 1000)
    },
    apply: (kind, outcome) => applies[outcome].inc({ kind }),
  }
}

function processMetrics(
  registers: Registry[],
): Pick<KubeMetrics, 'reflectorState' | 'reflectorListed' | 'leader' | 'event'> {
  const states = ['syncing', 'synced', 'forbidden'] as const
  const state = new Gauge({
    name: 'reflector_state',
    help: '1 at the state of the cache; forbidden = the feature is off',
    labelNames: ['kind', 'state'],
    registers,
  })
  const lists = new Counter({ name: 'reflector_lists_total', help: 'Lists made', labelNames: ['kind'], registers })
  const leader = new Gauge({
    name: 'leader_election_master_status',
    help: '1 while this process leads',
    labelNames: ['name'],
    registers,
  })
  const events = new Counter({
    name: 'events_total',
    help: 'Events by what became of them',
    labelNames: ['outcome'],
    registers,
  })
  return {
    reflectorState(kind, current) {
      for (const each of states) state.set({ kind, state: each }, each === current ? 1 : 0)
    },
    reflectorListed: (kind) => lists.inc({ kind }),
    leader: (name, isLeader) => leader.set({ name }, isLeader ? 1 : 0),
    event: (outcome) => events.inc({ outcome }),
  }
}

import type { Access } from '../../../src/kube/auth.ts'
import { noMetrics } from '../../../src/kube/metrics.ts'
import { createCopyOperator } from '../copy-operator.ts'
import { clientWith } from '../kube.ts'
import { type ProcessSample, Sampler } from './sample.ts'

/** What the program is told: where to work, to look at itself, to end. */
export type ChurnOrder =
  | Readonly<{ kind: 'start'; access: Access; namespace: string }>
  | Readonly<{ kind: 'sample' | 'stop' }>

/** What it says: a sample, with counts since the start. */
export type ChurnReport = ProcessSample &
  Readonly<{ objects: number; queued: number; reconciles: number; requests: number; lists: number; failures: number }>

/** The smallest operator in a process of its own, that answers for its memory, sockets and event loop. */
function startOperator({ access, namespace }: Extract<ChurnOrder, { kind: 'start' }>) {
  const counts = { reconciles: 0, requests: 0, lists: 0, failures: 0 }
  const metrics = {
    ...noMetrics,
    request: () => {
      counts.requests += 1
    },
    reflectorListed: () => {
      counts.lists += 1
    },
    controller: () => ({
      ...noMetrics.controller('copy', { workers: 4 }),
      failed: () => {
        counts.failures += 1
      },
    }),
  }
  const [client, electionClient] = [clientWith(access, { metrics }), clientWith(access)]
  const operator = createCopyOperator({
    client,
    electionClient,
    namespace,
    identity: `churn-${process.pid}`,
    metrics,
    // Memory is looked at, not leadership: a machine that is busy for some seconds must not end the program.
    lease: { leaseDurationMs: 60_000, renewDeadlineMs: 45_000, retryPeriodMs: 5_000 },
    before: async () => {
      counts.reconciles += 1
    },
  })
  const stop = new AbortController()
  const exitCode = operator.manager
    .run(stop.signal)
    .finally(() => Promise.all([client.close(), electionClient.close()]))
  return {
    stop: () => stop.abort(),
    exitCode,
    report: (sample: ProcessSample): ChurnReport => {
      const { parents, children, controller } = operator
      const queued = controller.queue.length + controller.queue.inWork
      return { ...sample, ...counts, objects: parents.store.size + children.store.size, queued }
    },
  }
}

const sampler = new Sampler()
let operator: ReturnType<typeof startOperator> | undefined

process.on('message', (order: ChurnOrder) => {
  if (order.kind === 'stop') operator?.stop()
  if (order.kind === 'sample' && operator) process.send?.(operator.report(sampler.take()))
  if (order.kind !== 'start') return
  operator = startOperator(order)
  void operator.exitCode.then((code) => process.exit(code))
})
process.on('disconnect', () => process.exit(2))

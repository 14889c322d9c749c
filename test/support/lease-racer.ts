import { writeSync } from 'node:fs'
import { createKubeClient } from '../../src/kube/client.ts'
import { systemClock, wait } from '../../src/kube/clock.ts'
import type { RunSignals } from '../../src/kube/controller.ts'
import { LeaderElector } from '../../src/kube/lease.ts'
import { Manager } from '../../src/kube/manager.ts'

/**
 * A program for the race for a Lease: `lease-racer.ts <namespace> <lease> <identity> <lease,deadline,period in ms>`. While
 * it leads it writes a line `work <monotonic ns>` every few milliseconds, as a controller would write to a cluster.
 */
const [namespace = '', name = '', identity = '', periods = ''] = process.argv.slice(2)
const [leaseDurationMs = 0, renewDeadlineMs = 0, retryPeriodMs = 0] = periods.split(',').map(Number)

/** Unbuffered, so that nothing that was done is missing after a SIGKILL; CLOCK_MONOTONIC is one for all processes. */
function say(what: string): void {
  writeSync(1, `${what} ${process.hrtime.bigint()}\n`)
}

const client = await createKubeClient()
const elector = new LeaderElector({
  client,
  namespace,
  name,
  identity,
  fieldManager: 'lease-racer',
  leaseDurationMs,
  renewDeadlineMs,
  retryPeriodMs,
})
const manager = new Manager({ elector })
manager.addWorker({
  name: 'racer',
  async run({ stop, abort }: RunSignals): Promise<void> {
    const end = AbortSignal.any([stop, abort])
    do {
      // As before every dangerous act: timers say nothing after a freeze, the lease by the local clock does.
      if (elector.isLeader()) say('work')
    } while ((await wait(systemClock, 5, end)) === 'elapsed')
  },
})

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
say('start')
const exitCode = await manager.run(stop.signal)
say('end')
process.exit(exitCode)

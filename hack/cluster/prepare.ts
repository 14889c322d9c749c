import { mkdirSync } from 'node:fs'
import { runSteps, type Step, say } from '../steps.ts'
import { withLock } from './lock.ts'
import { inspectMachine, type Machine } from './machine.ts'
import { findMissing } from './packages.ts'
import { stateDir } from './places.ts'
import { planCluster } from './plan.ts'
import { keepFirstSnapshot } from './snapshot.ts'

/**
 * Brings up the cluster with the operator in it, or brings up to date what runs; one run at a time. `watch` may wrap the
 * steps, to be told of one.
 */
export async function setUpCluster(
  watch: (steps: readonly Step[]) => readonly Step[] = (steps) => steps,
): Promise<Machine> {
  return withLock(async () => {
    const machine = await prepareMachine()
    await runSteps(watch(await planCluster(machine)))
    return machine
  })
}

/** Looks at the machine, refuses one that lacks what cannot be fetched, and keeps the list of what exists before `up`. */
async function prepareMachine(): Promise<Machine> {
  const machine = await inspectMachine()
  const way = machine.way === 'packages' ? 'everything is made from packages' : 'the usual way'
  say(`${way}: ${machine.reason}; cgroups ${machine.cgroups}`)
  if (machine.way === 'packages') {
    const missing = await findMissing()
    if (missing.length > 0) throw new Error(`Cannot make a cluster from packages: missing are ${missing.join(', ')}`)
  }
  mkdirSync(stateDir, { recursive: true })
  await keepFirstSnapshot()
  return machine
}

import { mkdirSync } from 'node:fs'
import { say } from '../steps.ts'
import { inspectMachine, type Machine } from './machine.ts'
import { findMissing } from './packages.ts'
import { stateDir } from './places.ts'
import { keepFirstSnapshot } from './snapshot.ts'

/** Looks at the machine, refuses one that lacks what cannot be fetched, and keeps the list of what exists before `up`. */
export async function prepareMachine(): Promise<Machine> {
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

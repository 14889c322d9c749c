import type { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import { isReached } from './plan/facts.ts'

/** Bindings whose login every answering member was told of. */
export function noteUsers(memory: StoreMemory, { facts, credentials }: Snapshot): void {
  const reached = facts.members.filter(isReached)
  const isTold = reached.every((member) => member.probe.preparedHash === facts.goal.preparedHash)
  if (reached.length > 0 && isTold) memory.noteApplied(credentials.boundKeys)
}

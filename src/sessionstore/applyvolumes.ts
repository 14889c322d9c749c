import { type ApplyContext, applyWaves } from './applyobjects.ts'
import type { StoreMemory } from './memory.ts'
import type { Snapshot } from './observe.ts'
import { type ObjectInputs, planObjects } from './plan/objects.ts'
import type { TopologyPlan } from './plan/topology.ts'
import { replaceStatefulSet } from './replaceset.ts'
import { expandVolumes, type Settled, settleVolumes } from './settlevolumes.ts'

type Context = ApplyContext & Readonly<{ memory: StoreMemory }>

/** Writes the declared objects, as far as the volumes let pods be made. */
export async function applyDeclared(context: Context, snapshot: Snapshot, inputs: ObjectInputs): Promise<Settled> {
  const { statefulSet, volumeFacts } = snapshot
  const settled = await settleVolumes(context, snapshot, inputs.replicas)
  if (settled.kind === 'changed') return settled
  const isHeld = settled.kind === 'refused'
  const replicas = isHeld ? (volumeFacts?.set?.replicas ?? 0) : inputs.replicas
  const waves = planObjects({ ...inputs, replicas })
  // One that is being replaced takes no change any more.
  const isSetHeld = (isHeld && !statefulSet) || statefulSet?.metadata.deletionTimestamp !== undefined
  await applyWaves(context, isSetHeld ? waves.slice(0, 1) : waves)
  return settled
}

/** Lets the volumes grow; after everything else, as it is the least urgent. True: look again. */
export async function growVolumes(
  context: Context,
  snapshot: Snapshot,
  { plan, settled }: Readonly<{ plan: TopologyPlan; settled: Settled }>,
): Promise<boolean> {
  if (settled.kind === 'refused') throw settled.failure
  await expandVolumes(context, snapshot)
  return replaceStatefulSet(context, snapshot, plan)
}

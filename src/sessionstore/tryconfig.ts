import type { Log } from '../kube/log.ts'
import type { Pod } from '../kube/types.ts'
import { readSettings, type Tried, trySetting } from '../redis/trysetting.ts'
import { isOfTemplate, readConfigState } from './config.ts'
import type { ConfigMemory } from './configmemory.ts'
import type { DataPlane } from './dataplane.ts'
import type { Snapshot } from './observe.ts'
import type { ConfigTrial } from './plan/config.ts'
import { isReached, type ReachedMember } from './plan/facts.ts'

export type TryContext = Readonly<{
  dataPlane: Pick<DataPlane, 'connection' | 'notePrepared'>
  memory: Readonly<{ config: ConfigMemory }>
  log: Log
}>

/** What came of it; `learned`: something is to be recorded before a server is changed. */
export type TryResult = 'nothing' | 'learned' | 'tried'

/**
 * Tries parameters that are not in force on one member. What it takes is in force from then on and told to the others; what it
 * refuses reaches nobody. The default of a parameter is recorded first, as after the first change nobody could tell it.
 */
export async function tryConfig(context: TryContext, snapshot: Snapshot): Promise<TryResult> {
  const { config, spec, statefulSet } = snapshot
  const member = config.untried.length > 0 ? chooseMember(snapshot) : undefined
  const connection = member && context.dataPlane.connection(member.name)
  if (!member || !connection) return 'nothing'
  const {
    memory: { config: memory },
    log,
  } = context
  const recorded = readConfigState(statefulSet)?.defaults ?? {}
  const unknown = config.untried.filter((name) => !(name in recorded) && !memory.learned.has(name))
  if (unknown.length > 0) {
    const read = await readSettings(connection, unknown)
    if (!read.ok) return 'nothing'
    for (const name of unknown) memory.learned.set(name, read.shown.get(name) ?? null)
    return 'learned'
  }
  // What was learned and is not recorded yet waits for the StatefulSet to be written.
  const ready = config.untried.filter((name) => name in recorded || memory.learned.get(name) === null)
  if (ready.length === 0) return 'nothing'
  for (const name of ready) {
    const value = spec.config[name] ?? ''
    const result = await trySetting(connection, name, value)
    if (!result.ok) return 'nothing'
    if (name in recorded) memory.learned.delete(name)
    const trial = toTrial(result.tried, { value, image: spec.image, member: member.name })
    memory.trials.set(name, trial)
    log.info({ parameter: name, member: member.name, outcome: trial.outcome }, 'Parameter tried')
  }
  // Whatever comes of it, this member is told again what is in force.
  context.dataPlane.notePrepared(member.name, { runId: member.probe.runId, hash: '' })
  return 'tried'
}

function toTrial(tried: Tried, asked: Pick<ConfigTrial, 'value' | 'image' | 'member'>): ConfigTrial {
  const { kind: outcome, ...answer } = tried
  return { ...asked, outcome, ...answer } as ConfigTrial
}

/** A replica where there is one; none while members of another image run, as the answer would be theirs. */
function chooseMember({ pods, facts, spec, statefulSet }: Snapshot): ReachedMember | undefined {
  const isCurrent = (pod: Pod): boolean =>
    isOfTemplate(pod, statefulSet) ||
    pod.spec?.containers.some(({ name, image }) => name === 'server' && image === spec.image) === true
  if (!pods.every(isCurrent)) return undefined
  const reached = facts.members.filter(isReached).filter(({ pod }) => pod !== undefined && !pod.isTerminating)
  return reached.findLast(({ probe }) => probe.role === 'replica') ?? reached[0]
}

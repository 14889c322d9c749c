import type { EffectiveSpec } from '../api/v1alpha1/effective.ts'
import { isOwnedParameter } from '../api/v1alpha1/spec/config.ts'
import { OperatorError } from '../kube/errors.ts'
import type { Pod, StatefulSet } from '../kube/types.ts'
import { serverWords } from '../redis/trysetting.ts'
import type { ProbeFacts } from '../redis/types.ts'
import { ANNOTATIONS } from '../resources/labels.ts'
import type { StatefulSetOptions } from '../resources/statefulset.ts'
import type { ConfigMemory } from './configmemory.ts'
import { type ConfigCrash, type ConfigPlan, type ConfigState, noConfig, planConfig } from './plan/config.ts'

export type ConfigInputs = Readonly<{
  spec: Pick<EffectiveSpec, 'config' | 'image' | 'suspend'>
  statefulSet: StatefulSet | undefined
  pods: readonly Pod[]
  facts: (member: string) => ProbeFacts
  memory: ConfigMemory
}>

/** The parameters of `spec.config` that are in force, and what keeps the others from being. */
export function readConfig(inputs: ConfigInputs): ConfigPlan {
  const { spec, statefulSet, pods, memory } = inputs
  const { image } = spec
  const state = readConfigState(statefulSet) ?? noConfig(image)
  const asked = spec.suspend ? inForce(state) : spec.config
  const owned = Object.keys(asked).filter(isOwnedParameter)
  const wanted = Object.fromEntries(Object.entries(asked).filter(([name]) => !owned.includes(name)))
  const crash = findCrash(state, inputs)
  const plan = planConfig(state, {
    wanted,
    image,
    trials: memory.trials,
    learned: memory.learned,
    ...(crash && { crash }),
    isProven: isProven(statefulSet, pods),
    returned: returnedOf(state, inputs),
  })
  const told = pods.flatMap(({ metadata: { name } }) => toldRefusals(name, { plan, inputs }))
  const taken = owned.map((name) => [name, refusal(asked[name] ?? '', image, 'the operator')] as const)
  return { ...plan, refusals: new Map([...told, ...plan.refusals, ...taken]) }
}

/** Names and values that the servers run with now, for the status. */
export function inForce({ live, restart }: ConfigState): Readonly<Record<string, string>> {
  const values = Object.entries(live).map(([name, { value }]) => [name, value] as const)
  return Object.fromEntries([...values, ...Object.entries(restart)].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** What the StatefulSet carries of it; no annotation for a store without parameters of its own. */
export function configOnStatefulSet({ state }: Pick<ConfigPlan, 'state'>): NonNullable<StatefulSetOptions['config']> {
  const { image: _, ...parts } = state
  const isEmpty = Object.values(parts).every((part) => Object.keys(part).length === 0)
  return { parameters: state.restart, ...(!isEmpty && { annotation: JSON.stringify(state) }) }
}

export function readConfigState(statefulSet: StatefulSet | undefined): ConfigState | undefined {
  const text = statefulSet?.metadata.annotations?.[ANNOTATIONS.config]
  if (text === undefined) return undefined
  try {
    return { ...noConfig(''), ...(JSON.parse(text) as ConfigState) }
  } catch (cause) {
    // Never taken for none: the servers would lose the parameters they run with.
    throw new OperatorError(
      'InvalidConfig',
      `Cannot read StatefulSet "${statefulSet?.metadata.name}": annotation ${ANNOTATIONS.config} is not what the operator wrote; delete the annotation to have every parameter of spec.config tried anew`,
      { cause },
    )
  }
}

/** Made from the template as it stands. */
export function isOfTemplate(pod: Pod, statefulSet: StatefulSet | undefined): boolean {
  const hash = statefulSet?.spec?.template.metadata?.annotations?.[ANNOTATIONS.configHash]
  return hash !== undefined && pod.metadata.annotations?.[ANNOTATIONS.configHash] === hash
}

/** Every member was started from the template as it stands, and serves. */
function isProven(statefulSet: StatefulSet | undefined, pods: readonly Pod[]): boolean {
  const { spec, status, metadata } = statefulSet ?? {}
  if (!statefulSet || status?.observedGeneration !== metadata?.generation) return false
  const isServing = (pod: Pod): boolean =>
    pod.metadata.deletionTimestamp === undefined &&
    isOfTemplate(pod, statefulSet) &&
    (pod.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false)
  return pods.length >= (spec?.replicas ?? 1) && pods.every(isServing)
}

/** A server says at its start which line it does not take, and ends; what it said last is in the status of the pod. */
function findCrash(state: ConfigState, { pods, statefulSet }: ConfigInputs): ConfigCrash | undefined {
  if (Object.keys(state.restart).length === 0) return undefined
  for (const pod of pods.filter((each) => isOfTemplate(each, statefulSet))) {
    const server = pod.status?.containerStatuses?.find(({ name }) => name === 'server')
    if (!server || server.ready) continue
    const { message = '' } = server.state?.terminated ?? server.lastState?.terminated ?? {}
    const found = findCrashIn(message)
    if (found) return { member: pod.metadata.name, ...found }
  }
  return undefined
}

/** The parameter that a server did not start with, in the last words of its log. */
export function findCrashIn(log: string): Omit<ConfigCrash, 'member'> | undefined {
  const [, parameter, words = ''] = FATAL.exec(log) ?? []
  return parameter === undefined ? undefined : { parameter, message: serverWords(words) }
}

const FATAL = /FATAL CONFIG FILE ERROR[\s\S]*>>> '([a-z][a-z0-9._-]*)[^\n]*\n([^\n]*)/

/** Removed parameters that each member has set back. */
function returnedOf({ defaults }: ConfigState, { pods, facts, memory }: ConfigInputs): ReadonlySet<string> {
  const isBack = (member: string, name: string): boolean => {
    const probe = facts(member)
    const told = probe.kind === 'reached' ? memory.toldTo(member, probe.runId) : undefined
    // What a server of another version does not know cannot be set back.
    return told?.settings[name] === defaults[name]
  }
  const names = Object.keys(defaults)
  return new Set(names.filter((name) => pods.length > 0 && pods.every(({ metadata }) => isBack(metadata.name, name))))
}

type Telling = Readonly<{ plan: ConfigPlan; inputs: ConfigInputs }>

/** A member that does not take what another took: its version is another one. */
function toldRefusals(member: string, { plan, inputs }: Telling) {
  const probe = inputs.facts(member)
  const told = probe.kind === 'reached' ? inputs.memory.toldTo(member, probe.runId) : undefined
  return (told?.refused ?? []).flatMap(({ name, message }) => {
    const value = plan.state.live[name]?.value
    return value === undefined ? [] : [[name, { value, member, message, image: inputs.spec.image }] as const]
  })
}

function refusal(value: string, image: string, member: string) {
  return { value, image, member, message: 'the operator or another field of the spec sets it' }
}

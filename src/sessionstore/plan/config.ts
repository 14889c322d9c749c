/** A parameter that was set live: as the spec has it, and as the server shows it. */
type LiveParameter = Readonly<{ value: string; shown: string }>

/** A value that a server does not take; `image` is what it ran. */
export type ConfigRefusal = Readonly<{ value: string; member: string; message: string; image: string }>

type Named<T> = Readonly<Record<string, T>>

/**
 * What is in force of `spec.config`, kept in an annotation of the StatefulSet. Nothing comes into force before one server
 * took it, so that a value that is refused reaches no other member.
 */
export type ConfigState = Readonly<{
  /** What servers were tried on. */
  image: string
  /** What each parameter was before the first change: where it returns to when it is removed from the spec. */
  defaults: Named<string>
  /** Set on every member while it runs. */
  live: Named<LiveParameter>
  /** On the command line of the servers, as only a start can change them. */
  restart: Named<string>
  /** The command line that every member is known to start with. */
  proven: Named<string>
  /** Values that kept a server from starting. */
  refused: Named<ConfigRefusal>
}>

/** What a server answered to one value. */
export type ConfigTrial = Readonly<{ value: string; image: string; member: string }> &
  (
    | Readonly<{ outcome: 'live'; shown: string }>
    | Readonly<{ outcome: 'restart' }>
    | Readonly<{ outcome: 'refused'; message: string }>
  )

/** A pod of the newest template whose server said, when it started, which parameter it does not take. */
export type ConfigCrash = Readonly<{ member: string; parameter: string; message: string }>

export type ConfigFacts = Readonly<{
  wanted: Named<string>
  image: string
  trials: ReadonlyMap<string, ConfigTrial>
  /** What a server showed of parameters that nobody has changed yet; null for one that it does not know. */
  learned: ReadonlyMap<string, string | null>
  crash?: ConfigCrash
  /** Every member runs with `restart` as it stands in the state. */
  isProven: boolean
  /** Removed parameters that every member shows with their default again. */
  returned: ReadonlySet<string>
}>

export type ConfigPlan = Readonly<{
  state: ConfigState
  /** Wanted, and no server of this image was asked. */
  untried: readonly string[]
  refusals: ReadonlyMap<string, ConfigRefusal>
  /** What every member must show: parameters in force, and those that return to their default. */
  settings: Named<string>
}>

/** The state of a store that never had a parameter of its own. */
export function noConfig(image: string): ConfigState {
  return { image, defaults: {}, live: {}, restart: {}, proven: {}, refused: {} }
}

/** The next state of the parameters, from what servers answered since. */
export function planConfig(before: ConfigState, facts: ConfigFacts): ConfigPlan {
  const after = afterCrash({ ...before, ...(facts.isProven && { proven: before.restart }) }, facts)
  const settled = { ...after, defaults: keepDefaults(after, facts) }
  const live: Record<string, LiveParameter> = {}
  const restart: Record<string, string> = {}
  const refusals = new Map<string, ConfigRefusal>()
  const untried: string[] = []
  for (const [name, value] of sorted(facts.wanted)) {
    const verdict = judge(name, value, { state: settled, facts })
    if (verdict.live) live[name] = verdict.live
    if (verdict.restart !== undefined) restart[name] = verdict.restart
    if (verdict.refusal) refusals.set(name, verdict.refusal)
    if (verdict.isUntried) untried.push(name)
  }
  const { defaults } = settled
  const returning = Object.entries(defaults).filter(([name]) => !(name in facts.wanted))
  const isTriedAnew = untried.length > 0 && settled.image !== facts.image
  return {
    state: {
      image: isTriedAnew ? settled.image : facts.image,
      defaults,
      live,
      restart,
      proven: settled.proven,
      refused: Object.fromEntries(sorted(settled.refused).filter(([name]) => name in facts.wanted)),
    },
    untried,
    refusals,
    settings: Object.fromEntries([
      ...Object.entries(live).map(([name, { shown }]) => [name, shown] as const),
      ...returning,
    ]),
  }
}

/** The value that kept a server from starting goes, and what every member started with before comes back. */
function afterCrash(state: ConfigState, { crash, image }: ConfigFacts): ConfigState {
  const value = crash && state.restart[crash.parameter]
  if (!crash || value === undefined) return state
  const { [crash.parameter]: last, ...others } = state.proven
  // What every member started with and this server refuses is refused by its version.
  const proven = last === value ? others : state.proven
  const { member, message } = crash
  const refused = { ...state.refused, [crash.parameter]: { value, member, message, image } }
  return { ...state, restart: proven, proven, refused }
}

type Verdict = Readonly<{
  live?: LiveParameter | undefined
  restart?: string | undefined
  refusal?: ConfigRefusal
  isUntried?: boolean
}>

function judge(name: string, value: string, known: Readonly<{ state: ConfigState; facts: ConfigFacts }>): Verdict {
  const { state, facts } = known
  const inForce = { live: state.live[name], restart: state.restart[name] }
  const refused = state.refused[name]
  if (refused?.value === value && refused.image === facts.image) return { ...inForce, refusal: refused }
  const isKept = state.image === facts.image && (inForce.live?.value ?? inForce.restart) === value
  if (isKept) return inForce
  const trial = facts.trials.get(name)
  if (trial?.value !== value || trial.image !== facts.image) return { ...inForce, isUntried: true }
  switch (trial.outcome) {
    case 'live':
      // Without a default there is no way back, so it has to be learned first.
      if (!(name in state.defaults) && facts.learned.get(name) !== null) return { ...inForce, isUntried: true }
      return { live: { value, shown: trial.shown } }
    case 'restart':
      return { restart: value }
    case 'refused': {
      const { member, message, image } = trial
      // A value that was taken by another version cannot stay in force on this one.
      const isOutlived = inForce.live?.value === value
      return { ...(!isOutlived && inForce), refusal: { value, member, message, image } }
    }
  }
}

/** Known before the first change, so that a removal has somewhere to go; what is on the command line a start brings back. */
function keepDefaults(state: ConfigState, facts: ConfigFacts): Named<string> {
  const known = { ...state.defaults }
  for (const name of Object.keys(facts.wanted)) {
    const learned = facts.learned.get(name)
    if (!(name in known) && typeof learned === 'string') known[name] = learned
  }
  const isKept = ([name]: readonly [string, string]): boolean =>
    name in facts.wanted || (!(name in state.restart) && !facts.returned.has(name))
  return Object.fromEntries(sorted(known).filter(isKept))
}

function sorted<T>(map: Named<T>): readonly (readonly [string, T])[] {
  return Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

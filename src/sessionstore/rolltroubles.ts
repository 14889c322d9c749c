import type { Engine } from '../api/v1alpha1/defaults.ts'
import { isOlderVersion, majorMinor } from '../api/v1alpha1/versions.ts'
import type { Pod } from '../kube/types.ts'
import type { ProbeFacts } from '../redis/types.ts'
import { LABELS, ROLES } from '../resources/labels.ts'
import type { PodTrouble, TroubleKind } from './plan/podobstacles.ts'
import type { RollInputs, RollTrouble } from './rolltarget.ts'

/**
 * How long a trouble must have lasted to be the template's: an image is pulled again before its first failure counts, and a
 * Node for a pod may be on its way. What passes by itself, or is the Node's or the namespace's matter, never counts.
 */
const LASTS_MS: Partial<Readonly<Record<TroubleKind, number>>> = {
  ImagePull: 20_000,
  StartFailed: 20_000,
  CrashLoop: 0,
  Unschedulable: 120_000,
}

export type RollTroubleInputs = Readonly<{
  pods: readonly Pod[]
  troubles: readonly PodTrouble[]
  facts: (member: string) => ProbeFacts
  nowMs: number
  engine: Engine
}>

/** What a roll looks at: pods that will not serve under their template, and the version of the primary. */
export function rollTroubles(inputs: RollTroubleInputs): Pick<RollInputs<never>, 'troubles' | 'primaryVersion'> {
  const { pods, troubles, facts, nowMs, engine } = inputs
  const lasting = troubles.filter(
    ({ kind, sinceMs }) => nowMs - sinceMs >= (LASTS_MS[kind] ?? Number.POSITIVE_INFINITY),
  )
  const labelled = pods.find(({ metadata }) => metadata.labels?.[LABELS.role] === ROLES.primary)
  const probe = labelled && facts(labelled.metadata.name)
  const primaryVersion = probe?.kind === 'reached' && probe.role === 'master' ? majorMinor(probe.version) : undefined
  // It starts, and can never read what the primary sends: its own image does not say its version before.
  const older = pods
    .map(({ metadata: { name } }) => ({ name, seen: facts(name) }))
    .filter(
      ({ seen }) =>
        primaryVersion !== undefined && seen.kind === 'reached' && isOlderVersion(engine, seen.version, primaryVersion),
    )
    .map(
      ({ name }): RollTrouble => ({ pod: name, kind: 'OlderServer', detail: 'it cannot read the data of the primary' }),
    )
  return {
    troubles: [...lasting.map(({ pod, kind, detail }): RollTrouble => ({ pod, kind, detail })), ...older],
    ...(primaryVersion !== undefined && { primaryVersion }),
  }
}

/** One entry per expected ordinal; a missing or terminating pod is neither ready nor outdated. */
export type RolloutPod = Readonly<{
  name: string
  uid: string
  isPrimary: boolean
  isOutdated: boolean
  isReady: boolean
  /** Its restart costs nothing: it does not run, nobody hears of it, or its version can never follow the primary's. */
  isBroken: boolean
}>

export type RolloutStep =
  | Readonly<{ kind: 'none'; reason: 'UpToDate' }>
  | Readonly<{ kind: 'wait'; reason: 'PodNotReady'; pod: string }>
  | Readonly<{ kind: 'restart'; reason: 'PodOutdated'; pod: string; uid: string }>
  | Readonly<{ kind: 'handOver'; reason: 'PrimaryOutdated'; from: string; to: string }>

/** Chooses the next single act of a rolling restart: replicas first, the primary only after a hand-over. */
export function planRollout(pods: readonly RolloutPod[]): RolloutStep {
  const heir = pods.find((pod) => !pod.isPrimary && pod.isReady)
  const isLone = pods.length === 1
  const outdated = pods.filter((pod) => pod.isOutdated)
  // Without this rule a bad spec could never be repaired. One that only lost its link for a moment still holds data.
  const broken = outdated.find((pod) => (isLone ? !pod.isReady : pod.isBroken && !pod.isPrimary))
  const next = broken ?? outdated.findLast((pod) => !pod.isPrimary) ?? outdated[0]
  if (!next) return { kind: 'none', reason: 'UpToDate' }
  const unready = pods.find((pod) => !pod.isReady)
  if (unready && !broken) return { kind: 'wait', reason: 'PodNotReady', pod: unready.name }
  if (next.isPrimary && heir) return { kind: 'handOver', reason: 'PrimaryOutdated', from: next.name, to: heir.name }
  return { kind: 'restart', reason: 'PodOutdated', pod: next.name, uid: next.uid }
}

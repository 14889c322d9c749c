/** The tiers of the tests, in the order they run in. */
export const tierNames = ['unit', 'contract', 'cluster', 'chaos'] as const

export type TierName = (typeof tierNames)[number]

/** What a tier may take, in minutes, and how it is shown. */
export type Tier = Readonly<{
  /** What the tier may take, in minutes; more is told. */
  budgetMinutes: number
  /** After this many minutes the tier is ended and has failed. */
  limitMinutes: number
  reporter: 'dot' | 'spec'
  /** Which part of the local machinery the tests need. */
  needs: 'nothing' | 'apiserver' | 'cluster'
}>

/** One entry per tier. A cold `npm test` takes what the builds take (22 minutes) and then cluster and chaos. */
export const tiers: Readonly<Record<TierName, Tier>> = {
  unit: { budgetMinutes: 2, limitMinutes: 6, reporter: 'dot', needs: 'nothing' },
  contract: { budgetMinutes: 12, limitMinutes: 22, reporter: 'dot', needs: 'apiserver' },
  cluster: { budgetMinutes: 30, limitMinutes: 42, reporter: 'spec', needs: 'cluster' },
  chaos: { budgetMinutes: 15, limitMinutes: 22, reporter: 'spec', needs: 'cluster' },
}

/** Budget of the builds and of the cluster with the operator in it, in minutes. */
export const setUpBudgetMinutes = 28

/** A set-up that takes longer has failed, in minutes. */
export const setUpLimitMinutes = 45

/** No tier goes on after this many minutes since the start, so that a result is told before a CI ends the job. */
export const totalLimitMinutes = 84

import type { DesiredCondition } from '../../api/v1alpha1/conditions.ts'

/** What decides about one binding; built by reconcile from the caches. */
export type BindingFacts = Readonly<{
  storeName: string
  hasStore: boolean
  /** The store has what a login needs: its certificate, and no older binding in the way. */
  hasMaterial: boolean
  /** Name of the older binding whose prefix overlaps. */
  conflictsWith?: string
  /** Every answering member knows the login. */
  isApplied: boolean
  /** Somebody else's object has the Secret's name. */
  nameConflict?: string
}>

type Verdict = Readonly<{ ready: Of<'Ready'>; stalled: Of<'Stalled'> }>
type Of<T extends DesiredCondition['type']> = Extract<DesiredCondition, { type: T }>

/** Whether a Secret with a login may be handed out now. */
export function isGranted(facts: BindingFacts): boolean {
  return facts.hasStore && facts.hasMaterial && facts.conflictsWith === undefined
}

/** The conditions of a SessionBinding. */
export function planBindingConditions(facts: BindingFacts): readonly DesiredCondition[] {
  const { ready, stalled } = judge(facts)
  const isWorking = ready.status !== 'True' && stalled.status !== 'True'
  const reconciling: Of<'Reconciling'> = isWorking
    ? { type: 'Reconciling', status: 'True', reason: 'Applying', message: ready.message }
    : stalled.status === 'True'
      ? { type: 'Reconciling', status: 'False', reason: 'Stalled', message: stalled.message }
      : { type: 'Reconciling', status: 'False', reason: 'UpToDate', message: 'the spec is applied' }
  return [ready, reconciling, stalled]
}

function judge(facts: BindingFacts): Verdict {
  const { storeName, conflictsWith, nameConflict } = facts
  if (nameConflict !== undefined) return stalledBy('NameConflict', nameConflict)
  if (conflictsWith !== undefined)
    return stalledBy(
      'PrefixConflict',
      `SessionBinding "${conflictsWith}" of store "${storeName}" already has an overlapping keyPrefix; create this binding anew with another keyPrefix`,
    )
  if (!facts.hasStore)
    return waiting('StoreNotAvailable', `there is no SessionStore "${storeName}" that this binding may use; create it`)
  if (!facts.hasMaterial) return waiting('StoreNotReady', `SessionStore "${storeName}" is still being created`)
  if (!facts.isApplied)
    return waiting('LoginNotApplied', `the servers of SessionStore "${storeName}" do not all know the login yet`)
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'Bound',
    message: 'the login exists on the store and the Secret is there',
  } as const
  return { ready, stalled: notStalled }
}

const notStalled = { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'nothing needs a hand' } as const

function waiting(reason: 'StoreNotAvailable' | 'StoreNotReady' | 'LoginNotApplied', message: string): Verdict {
  return { ready: { type: 'Ready', status: 'False', reason, message }, stalled: notStalled }
}

function stalledBy(reason: 'NameConflict' | 'PrefixConflict', message: string): Verdict {
  return {
    ready: { type: 'Ready', status: 'False', reason: 'Stalled', message },
    stalled: { type: 'Stalled', status: 'True', reason, message },
  }
}

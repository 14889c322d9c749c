import type { DesiredCondition } from '../../api/v1alpha1/conditions.ts'
import { LIMITS, RESERVED_KEY_PREFIX } from '../../api/v1alpha1/defaults.ts'
import type { BindingVerdict } from '../../sessionstore/plan/bindings.ts'

/** What decides about one binding; built by reconcile from the caches. */
export type BindingFacts = Readonly<{
  /** Namespace of the binding. */
  namespace: string
  /** Name of the store; with its namespace where that is another one. */
  storeName: string
  /** What the store's rules say; undefined: there is no such store. */
  verdict?: BindingVerdict
  /** The store has what a login needs, its certificate. */
  hasMaterial: boolean
  /** Every answering member knows the login. */
  isApplied: boolean
  /** Somebody else's object has the Secret's name. */
  nameConflict?: string
}>

type Verdict = Readonly<{ ready: Of<'Ready'>; stalled: Of<'Stalled'> }>
type Of<T extends DesiredCondition['type']> = Extract<DesiredCondition, { type: T }>

/** Whether a Secret with a login may be handed out now. */
export function isGranted({ verdict, hasMaterial }: BindingFacts): boolean {
  return verdict?.kind === 'granted' && hasMaterial
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
  const { storeName, nameConflict, verdict } = facts
  if (nameConflict !== undefined) return stalledBy('NameConflict', nameConflict)
  switch (verdict?.kind) {
    case undefined:
    // Whoever is not admitted must not learn which stores there are.
    case 'notAdmitted':
      return waiting(
        'StoreNotAvailable',
        `there is no SessionStore "${storeName}" that this binding may use; create it, or have its spec.bindings admit this namespace`,
      )
    case 'prefixConflict':
      return stalledBy(
        'PrefixConflict',
        `${describeOther(facts, verdict.with)} of store "${storeName}" already has an overlapping keyPrefix; create this binding anew with another keyPrefix`,
      )
    case 'prefixReserved':
      return stalledBy(
        'InvalidConfig',
        `keyPrefix is "${verdict.keyPrefix}", must not overlap with ${RESERVED_KEY_PREFIX}, the keys of the operator; create this binding anew with another keyPrefix`,
      )
    case 'tooMany':
      return stalledBy(
        'TooManyBindings',
        `store "${storeName}" has ${LIMITS.bindings} logins, which is the most; delete bindings that are not used, or use another store`,
      )
    case 'granted':
      return judgeGranted(facts)
  }
}

function judgeGranted({ storeName, hasMaterial, isApplied }: BindingFacts): Verdict {
  if (!hasMaterial) return waiting('StoreNotReady', `SessionStore "${storeName}" is still being created`)
  if (!isApplied)
    return waiting('LoginNotApplied', `the servers of SessionStore "${storeName}" do not all know the login yet`)
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'Bound',
    message: 'the login exists on the store and the Secret is there',
  } as const
  return { ready, stalled: notStalled }
}

/** Names of other namespaces are nobody's business. */
function describeOther({ namespace }: BindingFacts, key: string): string {
  return key.startsWith(`${namespace}/`)
    ? `SessionBinding "${key.slice(namespace.length + 1)}"`
    : 'a SessionBinding of another namespace'
}

const notStalled = { type: 'Stalled', status: 'False', reason: 'NotStalled', message: 'nothing needs a hand' } as const

function waiting(reason: 'StoreNotAvailable' | 'StoreNotReady' | 'LoginNotApplied', message: string): Verdict {
  return { ready: { type: 'Ready', status: 'False', reason, message }, stalled: notStalled }
}

function stalledBy(
  reason: 'NameConflict' | 'PrefixConflict' | 'InvalidConfig' | 'TooManyBindings',
  message: string,
): Verdict {
  return {
    ready: { type: 'Ready', status: 'False', reason: 'Stalled', message },
    stalled: { type: 'Stalled', status: 'True', reason, message },
  }
}

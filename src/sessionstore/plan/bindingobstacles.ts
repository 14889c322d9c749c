import type { Obstacle } from './obstacles.ts'

/** What the bindings of a store may stand in the way of. */
export type BindingObstacles = Readonly<{
  /** Namespaces whose bindings keep the store from becoming Dedicated. */
  usedBy: readonly string[]
  /** The selector cannot be asked, as the operator may not read namespaces. */
  isBlind: boolean
  /** The name of the default binding is taken by one for another store. */
  isNameTaken: boolean
}>

const MOST_NAMES = 5

/** What is in the way of spec.bindings, if anything is. */
export function findBindingObstacle({ usedBy, isBlind, isNameTaken }: BindingObstacles): Obstacle | undefined {
  if (isNameTaken)
    return {
      reason: 'NameConflict',
      message:
        'the SessionBinding with the name of this store is for another store; delete it, or set spec.bindings.default to false',
    }
  if (usedBy.length > 0) return tenancyInUse(usedBy)
  if (!isBlind) return undefined
  return {
    reason: 'NamespacesForbidden',
    message:
      'spec.bindings.from is Selector and the operator may not read namespaces, so nobody new is admitted; grant it list and watch on namespaces, or set from to Same or All',
  }
}

function tenancyInUse(usedBy: readonly string[]): Obstacle {
  const names = usedBy.slice(0, MOST_NAMES).join(', ')
  const more = usedBy.length > MOST_NAMES ? ` and ${usedBy.length - MOST_NAMES} more` : ''
  return {
    reason: 'TenancyInUse',
    message: `spec.bindings.tenancy stays Shared while SessionBindings of other namespaces use the store (${names}${more}); delete those bindings, or set tenancy to Shared`,
  }
}

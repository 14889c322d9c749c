import type { BindingPolicy } from '../api/v1alpha1/effective.ts'

/** Who may have a login, as an annotation holds it; the order of its fields is fixed, or it would differ on every pass. */
export function pinPolicy({ tenancy, from, selector }: BindingPolicy): string {
  const matchLabels = selector?.matchLabels && sorted(selector.matchLabels)
  const matchExpressions = selector?.matchExpressions?.map(({ key, operator, values }) => ({ key, operator, values }))
  return JSON.stringify({ tenancy, from, selector: selector && { matchLabels, matchExpressions } })
}

/** Reads it back; what somebody else wrote there is as good as nothing, so that nobody is admitted by it. */
export function readPolicyPin(text: string | undefined): BindingPolicy | undefined {
  if (!text) return undefined
  try {
    const { tenancy, from, selector } = JSON.parse(text) as BindingPolicy
    if (tenancy !== 'Shared' || (from === 'Selector' && !selector)) return undefined
    return { tenancy, from, ...(selector && { selector }), defaultBinding: 'Leave' }
  } catch {
    return undefined
  }
}

function sorted(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

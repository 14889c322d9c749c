/** A copy without empty lists, at any depth: the API server drops them, so that a declared one would differ for ever. */
export function withoutEmptyLists<T>(value: T): T {
  if (Array.isArray(value)) return value.map(withoutEmptyLists) as T
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, child]) => !(Array.isArray(child) && child.length === 0))
  return Object.fromEntries(kept.map(([name, child]) => [name, withoutEmptyLists(child)])) as T
}

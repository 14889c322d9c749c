/**
 * Whether resourceVersion `a` is certainly older than `b`. Kubernetes declares them comparable as decimal numbers
 * (KEP-5504); of anything else nothing is known, hence false.
 */
export function isOlder(a: string | undefined, b: string | undefined): boolean {
  if (!isDecimal(a) || !isDecimal(b)) return false
  return a.length === b.length ? a < b : a.length < b.length
}

function isDecimal(version: string | undefined): version is string {
  return version !== undefined && /^[1-9][0-9]*$/.test(version)
}

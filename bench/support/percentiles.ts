/** The value that `share` (0–1) of the values do not exceed; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}

/** Rounded for a table. */
export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits))
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

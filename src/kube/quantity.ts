const SUFFIXES: Readonly<Record<string, readonly [base: bigint, exponent: number]>> = {
  n: [10n, -9],
  u: [10n, -6],
  m: [10n, -3],
  '': [10n, 0],
  k: [10n, 3],
  M: [10n, 6],
  G: [10n, 9],
  T: [10n, 12],
  P: [10n, 15],
  E: [10n, 18],
  Ki: [2n, 10],
  Mi: [2n, 20],
  Gi: [2n, 30],
  Ti: [2n, 40],
  Pi: [2n, 50],
  Ei: [2n, 60],
}

const PATTERN = /^([+-]?)([0-9]*)\.?([0-9]*)(?:([eE][+-]?[0-9]{1,3})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/

/**
 * The amount of a Kubernetes quantity in billionths, exactly, so that `1Gi` and `1024Mi` are one; undefined when the text
 * is no quantity. Smaller parts are rounded up, as the API server does.
 */
export function parseQuantity(value: string | number): bigint | undefined {
  const match = PATTERN.exec(String(value))
  const [, sign = '', whole = '', fraction = '', power, suffix = ''] = match ?? []
  if (!match || whole + fraction === '') return undefined
  const [base, exponent] = power ? ([10n, Number(power.slice(1))] as const) : (SUFFIXES[suffix] ?? [10n, 0])
  const digits = BigInt(whole + fraction) * 10n ** 9n
  const scaled = exponent >= 0 ? digits * base ** BigInt(exponent) : digits
  const divisor = 10n ** BigInt(fraction.length) * (exponent < 0 ? base ** BigInt(-exponent) : 1n)
  const amount = (scaled + divisor - 1n) / divisor
  return sign === '-' ? -amount : amount
}

/** Whether two quantities are the same amount, however written. */
export function isSameQuantity(a: string | number, b: string | number): boolean {
  const amount = parseQuantity(a)
  return amount !== undefined && amount === parseQuantity(b)
}

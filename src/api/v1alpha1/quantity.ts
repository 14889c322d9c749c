import type { Parsed } from './duration.ts'

/** What Kubernetes accepts as a quantity; the CRD carries the same text. */
export const QUANTITY_PATTERN =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$'
export const QUANTITY_MAX_LENGTH = 32

const FORM = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$/
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
/** Kubernetes keeps nine decimal places and rounds the rest away from zero. */
const NANO = 1_000_000_000n
const MAX = (2n ** 63n - 1n) * NANO

type Format = 'Binary' | 'Decimal' | 'Exponent'
type Amount = Readonly<{ nanos: bigint; format: Format }>

/** Parses a quantity to a whole number, rounded up as Kubernetes' own `Value()` does. */
export function parseQuantity(quantity: string | number): Parsed<bigint> {
  const amount = parseAmount(quantity)
  return amount.ok ? { ok: true, value: ceilDivide(amount.value.nanos, NANO) } : amount
}

/**
 * One text for equal amounts of one notation, which the API server answers unchanged. (It keeps a few other forms as they
 * were sent, such as `5.`; below one thousandth it rounds up.)
 */
export function normalQuantity(quantity: string | number): Parsed<string> {
  const amount = parseAmount(quantity)
  return amount.ok ? { ok: true, value: formatAmount(amount.value) } : amount
}

/** Bytes in the API server's normal form, the largest binary unit that needs no fraction (`128Mi`). */
export function formatBytes(bytes: bigint | number): string {
  return formatAmount({ nanos: BigInt(bytes) * NANO, format: 'Binary' })
}

function parseAmount(quantity: string | number): Parsed<Amount> {
  const text = String(quantity)
  const [, sign, whole = '', fraction = '', suffix = ''] = FORM.exec(text) ?? []
  if (text.length > QUANTITY_MAX_LENGTH || sign === undefined || whole + fraction === '') {
    return { ok: false, error: `quantity is "${text}", must be a number with an optional unit such as 512Ki or 128Mi` }
  }
  const digits = BigInt(whole + fraction)
  const power = BINARY.indexOf(suffix)
  const exponent = DECIMAL[suffix] ?? Number(suffix.slice(1))
  const isBinary = power > 0
  const scaled = isBinary ? digits * 1024n ** BigInt(power) * NANO : digits * 10n ** BigInt(Math.max(0, exponent + 9))
  const nanos = ceilDivide(scaled, 10n ** BigInt(fraction.length + (isBinary ? 0 : Math.max(0, -exponent - 9))))
  const format = isBinary ? 'Binary' : suffix in DECIMAL ? 'Decimal' : 'Exponent'
  // Kubernetes caps what does not fit into 64 bits.
  const capped = nanos > MAX ? MAX : nanos
  return { ok: true, value: { nanos: sign === '-' ? -capped : capped, format } }
}

function formatAmount({ nanos, format }: Amount): string {
  if (nanos === 0n) return '0'
  const isSmall = nanos > -1024n * NANO && nanos < 1024n * NANO
  const isWhole = nanos % NANO === 0n
  if (format === 'Binary' && !isSmall && isWhole) {
    const [mantissa, power] = shrink(nanos / NANO, { base: 1024n, steps: 6 })
    // Without a unit nothing says that it was binary: what is sent as 648400000 is answered as 648400k.
    if (power > 0) return `${mantissa}${BINARY[power]}`
  }
  const [mantissa, step] = shrink(nanos, { base: 1000n, steps: 9 })
  const exponent = step * 3 - 9
  if (format === 'Exponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`
  const suffix = Object.keys(DECIMAL).find((name) => DECIMAL[name] === exponent)
  return `${mantissa}${suffix}`
}

function shrink(value: bigint, limit: Readonly<{ base: bigint; steps: number }>): [mantissa: bigint, power: number] {
  let mantissa = value
  let power = 0
  while (power < limit.steps && mantissa % limit.base === 0n) {
    mantissa /= limit.base
    power++
  }
  return [mantissa, power]
}

function ceilDivide(value: bigint, by: bigint): bigint {
  const isExact = value % by === 0n
  if (isExact) return value / by
  return value < 0n ? value / by - 1n : value / by + 1n
}

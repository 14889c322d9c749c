/** How retries spread out. */
export type BackoffOptions = Readonly<{
  /** Delay of the first retry. Default 500. */
  baseMs?: number
  /** No delay is longer. Default 300,000. */
  maxMs?: number
  /** Share of a delay that chance may take off, 0–1: retries only ever come earlier than the plain doubling. Default 0.2. */
  jitter?: number
  /** A number in [0, 1). Default Math.random. */
  random?: () => number
}>

/** The delay before retry number `attempt` (0 = the first): base · 2ⁿ, at most max, less the jitter. */
export function backoffDelayMs(attempt: number, options: BackoffOptions = {}): number {
  const { baseMs = 500, maxMs = 300_000, jitter = 0.2, random = Math.random } = options
  // The exponent is bounded as 2 ** 1024 is Infinity, and Infinity · 0 is NaN.
  const plainMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 64))
  return plainMs * (1 - jitter * random())
}

/** Counts the failures of each key in a row and turns them into delays. */
export class KeyBackoff {
  readonly #options: BackoffOptions
  readonly #attempts = new Map<string, number>()

  constructor(options: BackoffOptions = {}) {
    this.#options = options
  }

  /** The delay before the next try of `key`; counts one more failure. */
  nextMs(key: string): number {
    const attempt = this.attempts(key)
    this.#attempts.set(key, attempt + 1)
    return backoffDelayMs(attempt, this.#options)
  }

  /** Failures of `key` since it was last forgotten. */
  attempts(key: string): number {
    return this.#attempts.get(key) ?? 0
  }

  /** After a success: the next failure starts from the base delay again. */
  forget(key: string): void {
    this.#attempts.delete(key)
  }
}

/** Resolves when `signal` is aborted; never rejects. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** Whether `promise` was fulfilled before `signal` was aborted; a rejection passes through. */
export async function isBefore(signal: AbortSignal, promise: Promise<unknown>): Promise<boolean> {
  if (signal.aborted) return false
  const { promise: cut, resolve } = Promise.withResolvers<boolean>()
  const onAbort = (): void => resolve(false)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise.then(() => true), cut])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

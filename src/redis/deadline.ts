import { setTimeout as delay } from 'node:timers/promises'

/** What a race against a deadline gave. */
export type Raced<T> = Readonly<{ kind: 'done'; value: T }> | Readonly<{ kind: 'timeout' }>

/**
 * Waits for a promise, at most so long. A process that was itself held up runs its timers before it reads its sockets,
 * and would blame the server: so one turn of the event loop is given to answers that have already arrived.
 */
export function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<Raced<T>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => resolve({ kind: 'timeout' })), timeoutMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve({ kind: 'done', value })
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** Asks again every few ms until the answer is not undefined or the time is up; undefined: the time is up. */
export async function poll<T>(
  check: () => Promise<T | undefined>,
  options: Readonly<{ timeoutMs: number; everyMs: number }>,
): Promise<T | undefined> {
  const deadlineMs = performance.now() + options.timeoutMs
  for (;;) {
    const value = await check()
    if (value !== undefined) return value
    if (performance.now() >= deadlineMs) return undefined
    await delay(options.everyMs)
  }
}
